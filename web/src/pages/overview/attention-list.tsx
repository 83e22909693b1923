import { Icon } from '../../parts/icon.js'
import { Prose } from '../../parts/prose.js'
import { placeHref } from '../../shell/router.js'
import { type App, useApp } from '../../state/app-context.js'
import { repairGaps } from '../../state/repair.js'
import { controlStreams } from '../../state/stream-control.js'
import type { Concern } from './attention.js'

async function tell(app: App, done: string, act: () => Promise<unknown>, onChanged: () => void): Promise<void> {
  try {
    await act()
    app.toasts.done(done)
    onChanged()
  } catch (error) {
    app.toasts.failed('That did not work', error)
  }
}

/** What needs attention, each with what one click can do about it. */
export function Attention({ concerns, onChanged }: { concerns: readonly Concern[]; onChanged(): void }) {
  const app = useApp()
  const mayControl = app.mayControl.value
  if (concerns.length === 0)
    return (
      <section class="panel all-well" aria-label="Needs attention">
        <span class="good">
          <Icon name="check" size={18} />
        </span>
        <p>
          <strong>All is well.</strong>{' '}
          <span class="soft">Every stream that is wanted is live, and nothing is missing today.</span>
        </p>
      </section>
    )
  return (
    <section class="panel" aria-labelledby="attention">
      <header>
        <h2 id="attention">Needs attention</h2>
        <span class="tag">{concerns.length}</span>
      </header>
      <ul class="attention">
        {concerns.map((concern) => (
          <li key={concern.id}>
            <span class={concern.tone}>
              <Icon name="warning" />
            </span>
            <div class="what">
              <strong>{concern.title}</strong>
              <p>
                <Prose text={concern.detail} />
              </p>
            </div>
            <div class="buttons">
              {mayControl && concern.restart && (
                <button
                  type="button"
                  class="button small"
                  onClick={() => void controlStreams(app, 'restart', concern.restart ?? [])}
                >
                  <Icon name="restart" size={13} />
                  Restart
                </button>
              )}
              {mayControl && concern.repair !== undefined && concern.repair.length > 0 && (
                <button
                  type="button"
                  class="button small"
                  onClick={() => void repairGaps(app, concern.repair ?? []).then(onChanged)}
                >
                  <Icon name="wrench" size={13} />
                  Repair
                </button>
              )}
              {mayControl && concern.copy && (
                <button
                  type="button"
                  class="button small"
                  onClick={() => void tell(app, 'The copy has begun', () => app.api.post('/sync'), onChanged)}
                >
                  <Icon name="restart" size={13} />
                  Copy again
                </button>
              )}
              {mayControl && concern.acknowledge !== undefined && (
                <button
                  type="button"
                  class="button small"
                  onClick={() =>
                    void tell(app, 'Acknowledged', () => app.api.post(`/alerts/${concern.acknowledge}/ack`), onChanged)
                  }
                >
                  <Icon name="check" size={13} />
                  Acknowledge
                </button>
              )}
              <a class="button small" href={placeHref(concern.look.path, concern.look.query)}>
                Look
              </a>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
