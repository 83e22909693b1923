import type { ErrorCode } from './error.js'
import type { Nanos } from './time.js'

/** How an interval is known: from strongest to weakest. `unverifiable`: we listened without a break, the venue offers no proof. */
export type Proof = 'observed' | 'backfilled' | 'unverifiable'

/**
 * A stretch of one dataset that is held by proof, half-open `[from, until)` on the dataset's axis. It grows: a later fact with the same
 * `dataset` and `run` replaces the earlier one. `before` and `last` are the venue's counter just before the stretch and at its end:
 * where one stretch's `last` equals the next one's `before`, nothing is missing between them however far apart they are.
 */
export interface Held {
  readonly dataset: string
  /** Unique per stretch: frame number of the record that began it. */
  readonly run: bigint
  readonly from: Nanos
  readonly until: Nanos
  readonly proof: Proof
  readonly before: bigint | null
  readonly last: bigint | null
}

/** A stretch in which the dataset was asked for; `until` null: still is. A later fact with the same `dataset` and `from` replaces it. */
export interface Wanted {
  readonly dataset: string
  readonly from: Nanos
  readonly until: Nanos | null
}

/** Something that may have cost data, at an instant on the dataset's axis. */
export interface LedgerBreak {
  readonly dataset: string
  readonly at: Nanos
  readonly code: ErrorCode
  readonly detail: string
}

/** A stretch that cannot be filled from anywhere: the venue has nothing of it, or not any more. A gap inside it stays one. */
export interface Lost {
  readonly dataset: string
  readonly from: Nanos
  readonly until: Nanos
  readonly code: ErrorCode
  readonly detail: string
}

export type LedgerFact =
  | ({ readonly fact: 'held' } & Held)
  | ({ readonly fact: 'wanted' } & Wanted)
  | ({ readonly fact: 'break' } & LedgerBreak)
  | ({ readonly fact: 'lost' } & Lost)
