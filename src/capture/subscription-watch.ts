import type { ConnectionEvent } from '../model/connection-event.js'
import type { Nanos } from '../model/time.js'
import type { PlannedSubscription } from './bodies.js'
import type { ExchangeSession } from './exchange-session.js'

interface Seen {
  readonly connection: number | undefined
  readonly live: boolean
  readonly rejected: boolean
  readonly gaps: number
}

/** Tells what became of a task's subscriptions since it looked last: how they stand is derived, not announced. */
export class SubscriptionWatch {
  readonly #seen = new Map<string, Seen>()

  look(session: ExchangeSession, subscriptions: readonly PlannedSubscription[], time: Nanos): ConnectionEvent[] {
    const events: ConnectionEvent[] = []
    for (const { id, channel, interval } of subscriptions) {
      const slot = session.slotOf(id)
      const derived = slot?.derived?.subscriptions.get(id)
      const before = this.#seen.get(id)
      const now: Seen = {
        connection: slot?.connection,
        live: derived?.live ?? false,
        rejected: derived?.status === 'rejected',
        gaps: (slot?.tallies.get(id)?.gaps ?? 0) + (derived?.stats.gaps ?? 0),
      }
      this.#seen.set(id, now)
      const same = before !== undefined && before.connection === now.connection
      const { code, message } = derived?.stats ?? {}
      const tell = (what: ConnectionEvent['what'], why = true) =>
        events.push({
          what,
          time,
          connection: now.connection,
          channel: interval ? `${channel}:${interval}` : channel,
          code: why ? code : undefined,
          detail: why ? message : undefined,
        })
      if (now.rejected) {
        if (!(same && before.rejected)) tell('refused')
      } else if (derived && same && now.gaps > before.gaps) tell('gap')
      // A gap ends with a book that is whole again: within one look that is no change, and still worth a line.
      if (now.live && !(same && before.live && now.gaps === before.gaps)) tell('live', false)
    }
    return events
  }
}
