import { z } from 'zod'
import type { Json, Reading } from '../exchange.js'

const savedState = z.object({ live: z.array(z.string()), ending: z.array(z.string()) })

/**
 * Acknowledgements of venues that answer with the list of all that is subscribed: which of them is news. A resync ends nothing: its book is missing in one list and back in
 * the next.
 */
export class Listed {
  /** Subscriptions that an acknowledgement has listed. */
  private readonly live: Set<string>
  /** Unsubscribed, and still to be missing in a list. */
  private readonly ending: Set<string>

  constructor(state?: unknown) {
    const saved = state === undefined ? undefined : savedState.parse(state)
    this.live = new Set(saved?.live)
    this.ending = new Set(saved?.ending)
  }

  get state(): Json {
    return { live: [...this.live], ending: [...this.ending] }
  }

  has(id: string): boolean {
    return this.live.has(id)
  }

  end(ids: Iterable<string>): void {
    for (const id of ids) this.ending.add(id)
  }

  /** What a list of the ids subscribed now says. */
  acknowledged(listed: ReadonlySet<string>): Reading {
    const confirmed = [...listed].filter((id) => !this.live.has(id) && !this.ending.has(id))
    const released = [...this.ending].filter((id) => !listed.has(id))
    for (const id of confirmed) this.live.add(id)
    for (const id of released) {
      this.live.delete(id)
      this.ending.delete(id)
    }
    return { kind: 'ack', confirmed, released, events: [] }
  }
}
