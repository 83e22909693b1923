import type { ConnectionEvent } from '../model/connection-event.js'
import type { Nanos } from '../model/time.js'
import type { Place } from './place.js'

interface Seen {
  readonly connection: number | undefined
  readonly live: boolean
  readonly rejected: boolean
  readonly gaps: number
}

/** Tells what became of a task's subscriptions since it looked last: how they stand is derived, not announced. */
export class SubscriptionWatch {
  readonly #seen = new Map<string, Seen>()

  look(places: readonly Place[], time: Nanos): ConnectionEvent[] {
    const events: ConnectionEvent[] = []
    for (const { sub, slot, tally, listening } of places) {
      const { id, channel, interval } = sub
      const before = this.#seen.get(id)
      const connection = slot?.connection
      const live = listening?.live ?? false
      const rejected = listening?.status === 'rejected'
      const gaps = (tally?.gaps ?? 0) + (listening?.stats.gaps ?? 0)
      const same = before !== undefined && before.connection === connection
      if (same && before.live === live && before.rejected === rejected && before.gaps === gaps) continue
      this.#seen.set(id, { connection, live, rejected, gaps })
      const { code, message } = listening?.stats ?? {}
      const tell = (what: ConnectionEvent['what'], why = true) =>
        events.push({
          what,
          time,
          connection,
          channel: interval ? `${channel}:${interval}` : channel,
          code: why ? code : undefined,
          detail: why ? message : undefined,
        })
      if (rejected) {
        if (!(same && before.rejected)) tell('refused')
      } else if (listening && same && gaps > before.gaps) tell('gap')
      // A gap ends with a book that is whole again: within one look that is no change, and still worth a line.
      if (live && !(same && before.live && gaps === before.gaps)) tell('live', false)
    }
    return events
  }
}
