import { type Interval, isInterval } from '../../model/dataset.js'
import { type Json, type Subscription, subscriptionId } from '../exchange.js'
import type { Fields } from '../kit/wire.js'

/** Candle lengths that Bitfinex names otherwise than we do; it also has 3h and 1M, which are none of ours. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['1d', '1D'],
  ['1w', '1W'],
  ['2w', '14D'],
])
const OURS: ReadonlyMap<string, string> = new Map([...RENAMED].map(([ours, theirs]) => [theirs, ours]))

/** Lengths of candles that can be asked for. */
export const CANDLE_INTERVALS: readonly Interval[] = ['1m', '5m', '15m', '30m', '1h', '6h', '12h', '1d', '1w', '2w']

/** Channels that exist and that we never ask for. */
const OTHER_CHANNELS: ReadonlySet<unknown> = new Set(['ticker', 'status'])

/** What the status of a derivative tells, several things in one message. */
const OF_STATUS = ['funding', 'mark_price', 'index_price', 'open_interest'] as const
const STATUS = 'deriv:'
/** Liquidations of all instruments come on one channel. */
const LIQUIDATIONS = 'liq:global'

/** What a subscription asks of Bitfinex; the acknowledgement repeats it. */
export function params({ channel, symbol, depth, interval }: Subscription): { readonly [name: string]: string } {
  switch (channel) {
    case 'book':
      return { channel: 'book', symbol, prec: 'P0', freq: 'F0', len: `${depth ?? 25}` }
    // Sizes of the ticker are sums over 25 levels: the best bid and ask come from a book of one level.
    case 'quotes':
      return { channel: 'book', symbol, prec: 'P0', freq: 'F0', len: '1' }
    case 'ohlc':
      return { channel: 'candles', key: candleKey(symbol, interval ?? '1m') }
    case 'funding':
    case 'mark_price':
    case 'index_price':
    case 'open_interest':
      return { channel: 'status', key: STATUS + symbol }
    case 'liquidations':
      return { channel: 'status', key: LIQUIDATIONS }
    default:
      return { channel, symbol }
  }
}

/** The text of what a subscription asks for; several may share it. */
export function topicOf(subscription: Subscription): string {
  return topicKey(params(subscription))
}

/** Whether a topic is a book of one level, of which quotes are made. */
export function isBest(topic: string): boolean {
  return topic.startsWith('book ') && topic.endsWith(' 1')
}

/** What a connection carries once: a book of one level is asked for again on another one where quotes have it here, so that each can begin anew. */
export function onceOf(subscription: Subscription): string {
  const topic = topicOf(subscription)
  return isBest(topic) ? topic : `${subscription.channel} ${subscription.symbol} ${topic}`
}

/** Bitfinex's name of the candles of a symbol, live and in the past. */
export function candleKey(symbol: string, interval: Interval): string {
  return `trade:${RENAMED.get(interval) ?? interval}:${symbol}`
}

/** One text per thing that can be asked for; equal for a subscription and for the answers to it. */
export function topicKey({ channel, symbol, key, prec, len }: Fields): string {
  return [channel, symbol ?? key, prec, len].filter((part) => part !== undefined).join(' ')
}

/** A subscription as far as a message needs it. */
type Owner = Pick<Subscription, 'id' | 'channel' | 'symbol'>

/** What an acknowledgement says that the channel carries: what we could have asked for, or something `other`; undefined when unheard of. */
export interface Topic {
  readonly carries: 'trades' | 'book' | 'quotes' | 'ohlc' | 'status' | 'liquidations'
  /** Empty where a channel is of all. */
  readonly symbol: string
  readonly interval?: Interval
  /** What it is read as by a stranger; none where only the messages themselves tell. */
  readonly owners: readonly Owner[]
}

export function topicOfAck(ack: Fields): Topic | 'other' | undefined {
  const { channel, symbol, key, prec, len } = ack
  if (channel === 'trades' && isTrading(symbol)) return topic('trades', { channel, symbol })
  if (channel === 'book' && isTrading(symbol) && prec === 'P0')
    return len === '1'
      ? topic('quotes', { channel: 'quotes', symbol })
      : topic('book', { channel, symbol, depth: Number(len ?? 25) })
  if (channel === 'candles' && typeof key === 'string') {
    const [of, length = '', ...rest] = key.split(':')
    const interval = OURS.get(length) ?? length
    const traded = rest.join(':')
    if (of === 'trade' && isInterval(interval) && isTrading(traded))
      return { ...topic('ohlc', { channel: 'ohlc', symbol: traded, interval }), interval }
  }
  if (channel === 'status' && typeof key === 'string') {
    if (key === LIQUIDATIONS) return { carries: 'liquidations', symbol: '', owners: [] }
    const derivative = key.slice(STATUS.length)
    if (key.startsWith(STATUS) && isTrading(derivative))
      return topic('status', ...OF_STATUS.map((each) => ({ channel: each, symbol: derivative })))
  }
  // Raw books, other precisions, funding currencies (`fUSD`).
  const known = channel === 'trades' || channel === 'book' || channel === 'candles' || OTHER_CHANNELS.has(channel)
  return known ? 'other' : undefined
}

type Named = Omit<Subscription, 'id' | 'pair'>

function topic(carries: Topic['carries'], ...of: readonly Named[]): Topic {
  const owners = of.map((each) => ({ id: subscriptionId(each), channel: each.channel, symbol: each.symbol }))
  return { carries, symbol: of[0]?.symbol ?? '', owners }
}

function isTrading(symbol: unknown): symbol is string {
  return typeof symbol === 'string' && symbol.startsWith('t')
}

export function subscribeMessage(subscription: Subscription, subId: string): string {
  const message: Json = { event: 'subscribe', ...params(subscription), subId }
  return JSON.stringify(message)
}
