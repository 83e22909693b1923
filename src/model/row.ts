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

interface Sourced extends Origin {
  readonly source: 'stream' | 'backfill' | 'archive'
}

export interface FundingRow extends Sourced {
  readonly rate: DecimalText
  readonly predicted_rate: DecimalText | null
  readonly next_funding_time: Nanos | null
  /** Length of a period. */
  readonly interval_seconds: bigint | null
  readonly settled: boolean
}

export interface PriceRow extends Sourced {
  readonly price: DecimalText
}

export interface OpenInterestRow extends Sourced {
  readonly amount: DecimalText
  readonly value: DecimalText | null
}

export interface LiquidationRow extends Sourced {
  readonly order_id: string | null
  readonly side: TakerSide
  readonly price: DecimalText
  readonly average_price: DecimalText | null
  readonly amount: DecimalText
}

export interface Rows {
  trades: TradeRow
  book_deltas: BookDeltaRow
  book_snapshots: BookSnapshotRow
  quotes: QuoteRow
  ohlc: OhlcRow
  funding: FundingRow
  mark_price: PriceRow
  index_price: PriceRow
  open_interest: OpenInterestRow
  liquidations: LiquidationRow
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

const price = [
  time('exchange_time', true),
  time('receive_time'),
  number('price'),
  text('source'),
  int64('frame'),
  int32('row'),
] as const

/** What stands in the files of each kind: columns in their order on disk, with their types. Which rows are one, and their order: `store/canonical.ts`. */
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
  },
  funding: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      number('rate'),
      number('predicted_rate', true),
      time('next_funding_time', true),
      int64('interval_seconds', true),
      bool('settled'),
      text('source'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'year',
  },
  mark_price: { columns: price, partition: 'date' },
  index_price: { columns: price, partition: 'date' },
  open_interest: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      number('amount'),
      number('value', true),
      text('source'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'year',
  },
  liquidations: {
    columns: [
      time('exchange_time', true),
      time('receive_time'),
      text('order_id', true),
      text('side'),
      number('price'),
      number('average_price', true),
      number('amount'),
      text('source'),
      int64('frame'),
      int32('row'),
    ],
    partition: 'date',
  },
} as const satisfies { [K in Kind]: KindSchema<K> }
