import type { Interval } from '../../model/dataset.js'
import { type Subscription, subscriptionId } from '../exchange.js'
import { type Fields, text } from '../kit/wire.js'

/** Two sockets of one protocol: fills and candles come on the second. */
export const PUBLIC = '/ws/v5/public'
export const BUSINESS = '/ws/v5/business'

/** Candle channels. From six hours on they open at midnight of Hong Kong, those with `utc` at that of UTC. */
const CANDLES: Readonly<Partial<Record<Interval, string>>> = {
  '1m': 'candle1m',
  '3m': 'candle3m',
  '5m': 'candle5m',
  '15m': 'candle15m',
  '30m': 'candle30m',
  '1h': 'candle1H',
  '2h': 'candle2H',
  '4h': 'candle4H',
  '6h': 'candle6Hutc',
  '12h': 'candle12Hutc',
  '1d': 'candle1Dutc',
  '3d': 'candle3Dutc',
  '1w': 'candle1Wutc',
}

/** A candle length as REST names it. */
export function barOf(interval: Interval): string {
  return (CANDLES[interval] ?? 'candle1m').slice('candle'.length)
}

/** Lengths of candles that can be asked for. */
export const OKX_INTERVALS = Object.keys(CANDLES).filter((name): name is Interval => name in CANDLES)

/** Channels of books by their depth; all but `books` can be read and not asked for: they need an account, or are a book of another use. */
const DEPTHS: Readonly<Record<string, number>> = { books: 400, 'books50-l2-tbt': 50, books5: 5 }

/** Channels in recordings of others that say the same as one of ours: merged fills, and the book as accounts of the highest tiers get it. */
const SAME: Readonly<Record<string, string>> = { trades: 'trades-all', 'books-l2-tbt': 'books' }

/** Levels a side that can be asked for, and their channels. All but the deepest come whole each time. */
const ASKED: Readonly<Record<number, string>> = { 1: 'bbo-tbt', 5: 'books5', 400: 'books' }
export const OKX_DEPTHS = [1, 5, 400] as const
export const WHOLE_DEPTHS = [1, 5] as const

/** Whether a channel sends its book whole each time. */
export function isWhole(channel: string): boolean {
  return WHOLE_DEPTHS.some((depth) => ASKED[depth] === channel)
}

/** Channels that exist and that we never ask for. */
const OTHERS =
  /^(tickers|index-candle\w+|mark-price-candle\w+|candle\d+[smHDWM](utc)?|price-limit|instruments|status|opt-summary|estimated-price|(option|opt)-trades|\w+-block-trades|public-struc-block-trades|block-tickers|sprd-[\w-]+|books-elp|adl-warning|economic-calendar|call-auction-details|liquidations)$/

/** What a subscription asks for; as text `trades-all BTC-USDT`, which is unique on a connection. */
export interface Topic {
  readonly channel: string
  /** An instrument, an index, or for liquidations a type of instruments. */
  readonly of: string
}

export function topicText({ channel, of }: Topic): string {
  return `${channel} ${of}`
}

/** The index of a derivative: `BTC-USD` of `BTC-USD-SWAP`. */
function indexOf(symbol: string): string {
  return /^[^-]+-[^-_]+/.exec(symbol)?.[0] ?? symbol
}

export function topicOf({ channel, symbol, depth, interval = '1m' }: Omit<Subscription, 'id' | 'pair'>): Topic {
  switch (channel) {
    case 'trades':
      return { channel: 'trades-all', of: symbol }
    case 'book':
      return { channel: ASKED[depth ?? 0] ?? 'books', of: symbol }
    case 'quotes':
      return { channel: 'bbo-tbt', of: symbol }
    case 'funding':
      return { channel: 'funding-rate', of: symbol }
    case 'mark_price':
      return { channel: 'mark-price', of: symbol }
    case 'index_price':
      return { channel: 'index-tickers', of: indexOf(symbol) }
    case 'open_interest':
      return { channel: 'open-interest', of: symbol }
    case 'liquidations':
      return { channel: 'liquidation-orders', of: symbol.endsWith('-SWAP') ? 'SWAP' : 'FUTURES' }
    default:
      return { channel: CANDLES[interval] ?? 'candle1m', of: symbol }
  }
}

export function pathOf(subscription: Subscription): string {
  return subscription.channel === 'trades' || subscription.channel === 'ohlc' ? BUSINESS : PUBLIC
}

/** The `arg` of requests, acknowledgements and data. */
export function argOf({
  channel,
  of,
}: Topic): { channel: string; instType: string } | { channel: string; instId: string } {
  return channel === 'liquidation-orders' ? { channel, instType: of } : { channel, instId: of }
}

/** The topic of an `arg`; a channel without an instrument has none. */
export function topicOfArg(arg: Fields): Topic {
  const theirs = text(arg.channel, 'arg.channel')
  const channel = SAME[theirs] ?? theirs
  const named = channel === 'liquidation-orders' ? arg.instType : (arg.instId ?? arg.sprdId ?? arg.instType)
  return { channel, of: typeof named === 'string' ? named : '' }
}

/** Whether a channel is one that the venue documents. */
export function isChannel(channel: string): boolean {
  return channel in DEPTHS || channel in READ || isCandle(channel) || OTHERS.test(channel)
}

function isCandle(channel: string): boolean {
  return Object.values(CANDLES).includes(channel)
}

/** Our channels of theirs. */
const READ: Readonly<Record<string, Subscription['channel']>> = {
  'trades-all': 'trades',
  'bbo-tbt': 'quotes',
  'funding-rate': 'funding',
  'mark-price': 'mark_price',
  'index-tickers': 'index_price',
  'open-interest': 'open_interest',
  'liquidation-orders': 'liquidations',
}

/** What a subscription to this data would be; `undefined` where we have no channel for it. */
export function subscriptionOf(theirs: string, symbol: string): Subscription | undefined {
  const depth = DEPTHS[theirs]
  const interval = OKX_INTERVALS.find((each) => CANDLES[each] === theirs)
  const channel = READ[theirs] ?? (depth === undefined ? (interval ? 'ohlc' : undefined) : 'book')
  if (channel === undefined || symbol === '') return undefined
  const of = { channel, symbol, ...(depth === undefined ? {} : { depth }), ...(interval ? { interval } : {}) }
  return { id: subscriptionId(of), pair: '', ...of }
}
