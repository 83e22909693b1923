import type { Channel } from './dataset.js'
import type { DecimalText } from './decimal.js'
import type { ErrorCode } from './error.js'
import type { Nanos } from './time.js'

export type Side = 'bid' | 'ask'
export type TakerSide = 'buy' | 'sell'
/** One price with its absolute amount; amount `0` (in any spelling) removes it. */
export type Level = readonly [price: DecimalText, amount: DecimalText]

/** What an adapter gives for every piece of market data: whose it is, and when the exchange says it was. */
interface Stamped {
  /** The exchange's name of the instrument, as in the subscription. */
  readonly symbol: string
  /** When the exchange says; `undefined` when it does not. Never filled with our clock. */
  readonly exchangeTime: Nanos | undefined
}

export interface Trade extends Stamped {
  readonly kind: 'trade'
  readonly tradeId: string | undefined
  readonly price: DecimalText
  readonly amount: DecimalText
  /** Who crossed the spread. */
  readonly takerSide: TakerSide | undefined
  /** The exchange's counter where it rises by exactly 1 from trade to trade of this symbol: proves that none is missing. */
  readonly counter: bigint | undefined
}

/** A whole book to its depth. Bids and asks in any order. */
export interface BookSnapshot extends Stamped {
  readonly kind: 'book_snapshot'
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
  readonly sequence: bigint | undefined
  readonly checksum: number | undefined
}

/** New absolute amounts of some levels, applied in order. A checksum without levels proves the book as it stands. */
export interface BookDelta extends Stamped {
  readonly kind: 'book_delta'
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
  readonly firstSequence: bigint | undefined
  readonly lastSequence: bigint | undefined
  /** The `lastSequence` of the change before, where the venue names it in each. */
  readonly previousSequence?: bigint
  readonly checksum: number | undefined
}

export interface Quote extends Stamped {
  readonly kind: 'quote'
  readonly sequence: bigint | undefined
  readonly bidPrice: DecimalText
  readonly bidAmount: DecimalText
  readonly askPrice: DecimalText
  readonly askAmount: DecimalText
}

/** Missing values stay `undefined`. `closed` is `undefined` where the exchange has no such flag. */
export interface Candle extends Stamped {
  readonly kind: 'candle'
  readonly interval: string
  readonly openTime: Nanos
  readonly open: DecimalText
  readonly high: DecimalText
  readonly low: DecimalText
  readonly close: DecimalText
  readonly volume: DecimalText
  readonly quoteVolume: DecimalText | undefined
  readonly trades: number | undefined
  readonly takerBuyVolume: DecimalText | undefined
  readonly vwap: DecimalText | undefined
  readonly closed: boolean | undefined
}

/**
 * The rate that long and short positions pay one another. Not `settled`: the rate as it stands, to be charged at `nextFundingTime`.
 * `settled`: it was charged at `exchangeTime`. Rates are fractions for one period (`0.0001` is 0.01 %), positive when longs pay.
 */
export interface Funding extends Stamped {
  readonly kind: 'funding'
  readonly rate: DecimalText
  /** The venue's estimate for the period after that one. */
  readonly predictedRate: DecimalText | undefined
  readonly nextFundingTime: Nanos | undefined
  /** Length of a period in seconds, where the message says it. */
  readonly intervalSeconds: number | undefined
  readonly settled: boolean
}

/** The price by which the venue judges positions. */
export interface MarkPrice extends Stamped {
  readonly kind: 'mark_price'
  readonly price: DecimalText
}

/** The venue's index of the underlying, from the prices of several spot markets. */
export interface IndexPrice extends Stamped {
  readonly kind: 'index_price'
  readonly price: DecimalText
}

/** All open positions of one side. */
export interface OpenInterest extends Stamped {
  readonly kind: 'open_interest'
  /** In the instrument's unit of amounts. */
  readonly amount: DecimalText
  /** What the venue says they are worth, in its own unit. */
  readonly value: DecimalText | undefined
}

/** A position that the venue closed by force. */
export interface Liquidation extends Stamped {
  readonly kind: 'liquidation'
  readonly orderId: string | undefined
  /** Of the forced order: `sell` closes a long. */
  readonly side: TakerSide
  /** Of the forced order. */
  readonly price: DecimalText
  /** What it was filled at on average, where the venue tells. */
  readonly averagePrice: DecimalText | undefined
  readonly amount: DecimalText
}

/** The adapter noticed, from the exchange's own counters, that something is missing. Without a symbol: the whole connection. */
export interface Break {
  readonly kind: 'break'
  readonly code: ErrorCode
  readonly symbol: string | undefined
  readonly detail: string
}

/** Events that each are one row and whole in themselves. */
export type PlainEvent = Trade | Quote | Funding | MarkPrice | IndexPrice | OpenInterest | Liquidation
export type MarketData = PlainEvent | BookSnapshot | BookDelta | Candle
export type AdapterEvent = MarketData | Break

/** The channel that each kind of event is of. */
export const CHANNEL_OF: Readonly<Record<MarketData['kind'], Channel>> = {
  trade: 'trades',
  book_snapshot: 'book',
  book_delta: 'book',
  quote: 'quotes',
  candle: 'ohlc',
  funding: 'funding',
  mark_price: 'mark_price',
  index_price: 'index_price',
  open_interest: 'open_interest',
  liquidation: 'liquidations',
}

/** When and as what a frame came: stamped in the socket callback. `frame` = connection number × 2^36 + n. */
export interface Receipt {
  readonly receiveTime: Nanos
  /** The same by a clock that nobody sets: what a date, or whether a time can be believed, hangs on. */
  readonly even?: Nanos
  readonly frame: bigint
}

const FRAMES_PER_CONNECTION = 1n << 36n

/** The number that every row of the n-th frame of a connection carries. */
export function frameNumber(connection: number, n: number): bigint {
  return BigInt(connection) * FRAMES_PER_CONNECTION + BigInt(n)
}
