import type { StreamStatus } from '../daemon/stream-status.js'
import type { Clock } from '../lib/clock.js'
import { type Dataset, datasetKey } from '../model/dataset.js'
import { datasetsOf } from './stream-datasets.js'

/** How long the ledger may be read in a look, which comes once a second. */
const LOOK_NANOS = 20_000_000n
/** So long a stream is counted again at each look after something changed: what it lost is in the ledger once it is proven where it goes on. */
const RESTLESS_NANOS = 30_000_000_000n
/** What does not change is counted this often. */
const AGAIN_NANOS = 60_000_000_000n

interface Seen {
  /** What shows that something happened to it. */
  text: string
  /** Until when it is counted at each look. */
  restless: bigint
  /** When it was counted. */
  counted: bigint | undefined
}

/**
 * How many gaps each running stream has, as the ledger says. What changed is counted again at each look, everything else each minute, and no look takes
 * longer than its share of the thread: who waits longest comes first.
 */
export class GapCounts {
  readonly #clock: Clock
  readonly #gapsOf: (dataset: Dataset) => number
  readonly #counts = new Map<string, number>()
  readonly #seen = new Map<string, Seen>()

  constructor(clock: Clock, gapsOf: (dataset: Dataset) => number) {
    this.#clock = clock
    this.#gapsOf = gapsOf
  }

  /** Gaps of a stream; undefined until all of it was counted. */
  of(row: Pick<StreamStatus, 'exchange' | 'pair' | 'channels'>): number | undefined {
    let sum = 0
    for (const dataset of datasetsOf(row)) {
      const count = this.#counts.get(datasetKey(dataset))
      if (count === undefined) return undefined
      sum += count
    }
    return sum
  }

  /** Something happened to all of them: a history filled what was missing. */
  disturbed(): void {
    for (const seen of this.#seen.values()) seen.restless = this.#clock.mono() + RESTLESS_NANOS
  }

  /** Counts what is due. Throws what reading the ledger throws. */
  look(rows: readonly StreamStatus[]): void {
    const began = this.#clock.mono()
    const keys = new Set(rows.map(({ key }) => key))
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key)
    const due = rows
      .map((row) => ({ row, seen: this.#see(row, began) }))
      .filter(({ seen }) => seen.restless > began || began - (seen.counted ?? 0n) > AGAIN_NANOS)
      .sort((a, b) => Number((a.seen.counted ?? 0n) - (b.seen.counted ?? 0n)))
    for (const { row, seen } of due) {
      for (const dataset of datasetsOf(row)) this.#counts.set(datasetKey(dataset), this.#gapsOf(dataset))
      seen.counted = this.#clock.mono()
      if (seen.counted - began > LOOK_NANOS) return
    }
  }

  #see({ key, state, breaks, reconnects }: StreamStatus, now: bigint): Seen {
    const text = `${state} ${breaks} ${reconnects}`
    const known = this.#seen.get(key)
    if (known?.text === text) return known
    const seen = { text, restless: now + RESTLESS_NANOS, counted: known?.counted }
    this.#seen.set(key, seen)
    return seen
  }
}
