import type { Kind } from './dataset.js'
import type { DecimalText } from './decimal.js'
import type { Side, TakerSide } from './event.js'
import type { Nanos } from './time.js'

/** Where a row came from: journalled frame, index within it, our clock at the socket, and the partition it belongs to. */
interface Origin {
  readonly exchange_time: Nanos | null
  readonly receive_time: Nanos
  readonly frame: bigint
  readonly row: number
  /** Days since 1970 of the partition (durability D4): decided where the row is derived, not stored as a column. */
  readonly day: number
}

export interface TradeRow extends Origin {
  readonly trade_id: string | null
  readonly price: DecimalText
  readonly amount: DecimalText
  readonly taker_side: TakerSide | null
  readonly source: 'stream' | 'backfill' | 'archive'
}

/** One level of a whole book (`is_snapshot`) or of a change. */
export interface BookDeltaRow extends Origin {
  readonly first_sequence: bigint | null
  readonly last_sequence: bigint | null
  readonly is_snapshot: boolean
  readonly side: Side
  readonly price: DecimalText
  readonly amount: DecimalText
}

/** One level of the book as it stood at a `time_step` boundary; `receive_time` is the boundary's tick. */
export interface BookSnapshotRow extends Origin {
  readonly last_sequence: bigint | null
  readonly side: Side
  readonly level: number
  readonly price: DecimalText
  readonly amount: DecimalText
  readonly proof: 'verified' | 'unverifiable' | 'suspect'
}

export interface QuoteRow extends Origin {
  readonly sequence: bigint | null
  readonly bid_price: DecimalText
  readonly bid_amount: DecimalText
  readonly ask_price: DecimalText
  readonly ask_amount: DecimalText
}

export interface OhlcRow extends Origin {
  readonly open_time: Nanos
  readonly open: DecimalText
  readonly high: DecimalText
  readonly low: DecimalText
  readonly close: DecimalText
  readonly volume: DecimalText
  readonly quote_volume: DecimalText | null
  readonly trades: bigint | null
  readonly taker_buy_volume: DecimalText | null
  readonly vwap: DecimalText | null
  readonly source: 'stream' | 'backfill' | 'archive'
}

export interface Rows {
  trades: TradeRow
  book_deltas: BookDeltaRow
  book_snapshots: BookSnapshotRow
  quotes: QuoteRow
  ohlc: OhlcRow
}

/** `number`: DOUBLE plus a nullable `{name}_text` VARCHAR, filled only where the double is not exact. */
export type ColumnType = 'time' | 'number' | 'text' | 'int64' | 'int32' | 'bool'

export interface Column<K extends Kind = Kind> {
  readonly name: Exclude<keyof Rows[K], 'day'> & string
  readonly type: ColumnType
  readonly nullable: boolean
}

export interface KindSchema<K extends Kind = Kind> {
  readonly columns: readonly Column<K>[]
  readonly partition: 'date' | 'year'
  /** Rows equal in these columns are one row; see `keep` in docs/formats for which of them stays. */
  readonly identity: readonly string[]
  /** Total order of rows in a file. */
  readonly order: readonly string[]
}

const column =
  (type: ColumnType) =>
  <N extends string>(name: N, nullable = false) => ({ name, type, nullable })
const time = column('time')
const number = column('number')
const text = column('text')
const int64 = column('int64')
const int32 = column('int32')
const bool = column('bool')

/**
 * What stands in the files of each kind: column order on disk, types, identity and order of rows (durability D6).
 * Trades without an id are told apart by time, price, amount, side and the n-th equal within their connection.
 */
export const SCHEMA = {
  trades: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      text('trade_id', true),
      number('price'),
      number('amount'),
      text('taker_side', true),
      text('source'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'date',
    identity: ['trade_id'],
    order: ['exchange_time', 'trade_id', 'frame', 'row'],
  },
  book_deltas: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      int64('first_sequence', true),
      int64('last_sequence', true),
      bool('is_snapshot'),
      text('side'),
      number('price'),
      number('amount'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'date',
    identity: ['frame', 'row'],
    order: ['frame', 'row'],
  },
  book_snapshots: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      int64('last_sequence', true),
      text('side'),
      int32('level'),
      number('price'),
      number('amount'),
      text('proof'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'date',
    identity: ['frame', 'row', 'receive_time'],
    order: ['frame', 'receive_time', 'row'],
  },
  quotes: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      int64('sequence', true),
      number('bid_price'),
      number('bid_amount'),
      number('ask_price'),
      number('ask_amount'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'date',
    identity: ['frame', 'row'],
    order: ['frame', 'row'],
  },
  ohlc: {
    columns: [
      time('open_time'),
      time('exchange_time', true),
      time('receive_time'),
      number('open'),
      number('high'),
      number('low'),
      number('close'),
      number('volume'),
      number('quote_volume', true),
      int64('trades', true),
      number('taker_buy_volume', true),
      number('vwap', true),
      text('source'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'year',
    identity: ['open_time'],
    order: ['open_time'],
  },
} as const satisfies { [K in Kind]: KindSchema<K> }
