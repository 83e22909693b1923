import type { Kind } from './dataset.js'
import type { Level } from './event.js'
import type { Rows } from './row.js'
import type { Nanos } from './time.js'

/** A book as it stands now, of a dataset of changes. `whole`: what the next changes of it are to be applied to. */
export interface LiveBook {
  readonly what: 'book'
  readonly dataset: string
  readonly whole: boolean
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
  readonly sequence: bigint | null
  readonly exchangeTime: Nanos | null
  readonly proof: 'verified' | 'unverifiable' | 'suspect'
}

/** A row as it was derived. */
export interface LiveRow<K extends Kind = Kind> {
  readonly what: 'row'
  readonly kind: K
  readonly dataset: string
  readonly row: Rows[K]
}

export type LiveItem = LiveRow | LiveBook

/** What a capture worker is to hand out besides storing it. */
export interface LiveWish {
  /** Rows of these datasets. */
  readonly rows: readonly string[]
  /** The best levels of these books (keys of `book_deltas`), a few times a second. */
  readonly books: readonly string[]
  /** The whole of these books once, now. */
  readonly whole: readonly string[]
}

/** What a capture worker hands out, in order; `missed`: how much of a dataset it had to leave out. */
export interface LiveBatch {
  readonly items: readonly LiveItem[]
  readonly missed: readonly (readonly [dataset: string, count: number])[]
}
