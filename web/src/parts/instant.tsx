import { useApp } from '../state/app-context.js'
import { clockText, dateTimeText, millisOf } from './time-text.js'

/** A time in the chosen zone; the exact text is in its title. */
export function Instant({ at, clock }: { at: string | number | null | undefined; clock?: boolean }) {
  const zone = useApp().preferences.zone.value
  const ms = typeof at === 'number' ? at : millisOf(at)
  if (ms === undefined) return <span class="faint">–</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={typeof at === 'string' ? at : new Date(ms).toISOString()}>
      {clock ? clockText(ms, zone) : dateTimeText(ms, zone)}
    </time>
  )
}
