import type { Nanos } from '../model/time.js'

/** How much faster or slower than the monotonic clock it may run: what a clock that is kept right by NTP needs at most. */
const MOST_PER_THOUSAND = 1n

/**
 * The wall clock as records tell it, without its steps: it follows slow corrections and runs on evenly when somebody sets the clock. The ledger of what bears no
 * time of the exchange goes by it, since no edge of it may hang on a step (durability D2).
 */
export class EvenClock {
  /** Wall minus monotonic clock, and when that was so. */
  readonly state: { offset: Nanos | null; mono: Nanos }

  constructor(state: EvenClock['state'] = { offset: null, mono: 0n }) {
    this.state = state
  }

  /** Told of every record, in order. */
  follow(wall: Nanos, mono: Nanos): void {
    const { state } = this
    const there = wall - mono
    if (state.offset === null) state.offset = there
    if (mono <= state.mono) return
    const most = ((mono - state.mono) * MOST_PER_THOUSAND) / 1000n
    const off = there - state.offset
    state.offset += off > most ? most : off < -most ? -most : off
    state.mono = mono
  }

  /** The time at an instant of the monotonic clock near the last record. */
  at(mono: Nanos): Nanos {
    return mono + (this.state.offset ?? 0n)
  }
}
