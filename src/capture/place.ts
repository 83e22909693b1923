import type { PlannedSubscription } from './bodies.js'
import type { ExchangeSession } from './exchange-session.js'
import type { Listening } from './listening.js'
import type { PollSlot } from './poll-slot.js'
import type { Slot, Tally } from './slot.js'

/** Where a subscription is at the moment: its connection, what is derived from it, and what earlier connections counted. */
export interface Place {
  readonly sub: PlannedSubscription
  readonly slot: Slot | PollSlot | undefined
  readonly tally: Tally | undefined
  readonly listening: Listening | undefined
}

/** Of many tasks this is asked each second: whoever needs it several times takes it once. */
export function placesOf(session: ExchangeSession, subscriptions: readonly PlannedSubscription[]): Place[] {
  return subscriptions.map((sub) => {
    const slot = session.slotOf(sub.id)
    return { sub, slot, tally: slot?.tallies.get(sub.id), listening: slot?.derived?.subscriptions.get(sub.id) }
  })
}
