import type { Nanos } from './time.js'

/** Numbers of a column: the nearest doubles, and the canonical text of those that a double does not hold exactly, by their index. */
export interface BlockNumbers {
  readonly values: Float64Array<ArrayBuffer>
  readonly texts: ReadonlyMap<number, string>
}

/**
 * Rows of one kind as columns, without an object for each: what a plain answer of a past is read into. Columns are named as in `SCHEMA`; those that are not
 * here hold nothing. `times`: open times of candles, times of the exchange of trades, rising.
 */
export interface RowBlock {
  readonly kind: 'ohlc' | 'trades'
  readonly rows: number
  readonly times: BigInt64Array<ArrayBuffer>
  readonly numbers: Readonly<Record<string, BlockNumbers>>
  readonly integers: Readonly<Record<string, BigInt64Array<ArrayBuffer>>>
  readonly texts: Readonly<Record<string, readonly (string | null)[]>>
}

/** Some rows of a block that follow one another: `from` inclusive, `until` not. */
export interface BlockSlice {
  readonly block: RowBlock
  readonly from: number
  readonly until: number
}

/** What all rows of a frame share. */
export interface BlockOrigin {
  readonly receiveTime: Nanos
  readonly frame: bigint
  readonly source: 'backfill' | 'archive'
}
