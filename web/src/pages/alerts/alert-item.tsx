import type { AlertRow } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { countText } from '../../parts/number-text.js'
import { Prose } from '../../parts/prose.js'
import { ageText, millisOf } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'

/** One alert: what fails and since when, what to do, and whether somebody has seen it. */
export function AlertItem({ alert, onAcknowledge }: { alert: AlertRow; onAcknowledge(): void }) {
  const { mayControl, now } = useApp()
  const { id, key, active, severity, code, message, remedy, count, since, resolved_at, acknowledged_at } = alert
  const tone = active ? (severity === 'critical' ? 'bad' : 'warn') : 'faint'
  const href = placeOf(key)
  return (
    <li aria-label={`Alert ${id}`}>
      <span class={tone}>
        <Icon name={active ? 'warning' : 'check'} />
      </span>
      <div class="what">
        <p>
          <strong>{href ? <a href={href}>{key}</a> : key}</strong>{' '}
          <span class={`badge ${tone}`}>{active ? severity : 'over'}</span> <span class="tag">{code}</span>
        </p>
        <p>{message}</p>
        {active && (
          <p class="soft">
            <Prose text={remedy} />
          </p>
        )}
        <p class="faint">
          since <Instant at={since} /> ({ageText(millisOf(since), now.value)}), {countText(count)}{' '}
          {count === 1 ? 'failure' : 'failures in a row'}
          {resolved_at !== null && (
            <>
              , over since <Instant at={resolved_at} />
            </>
          )}
          {acknowledged_at !== null && (
            <>
              , seen <Instant at={acknowledged_at} />
            </>
          )}
        </p>
      </div>
      {active && acknowledged_at === null && mayControl.value && (
        <button type="button" class="button small" onClick={onAcknowledge}>
          <Icon name="check" size={13} />
          Acknowledge
        </button>
      )}
    </li>
  )
}

/** Where more is known about what fails: `disk`, `sync REMOTE`, `instruments EXCHANGE`, or the key of a stream. */
function placeOf(key: string): string | undefined {
  if (key === 'disk' || key.startsWith('sync ')) return placeHref('storage')
  if (key.includes(' ')) return undefined
  return placeHref('streams', { open: key })
}
