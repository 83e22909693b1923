import type { Channel, Interval } from '../../model/dataset.js'

const LENGTHS = ['1', '25', '100', '250']
const TIMEFRAMES: Readonly<Record<string, Interval>> = {
  '1m': '1m',
  '5m': '5m',
  '15m': '15m',
  '30m': '30m',
  '1h': '1h',
  '3h': '3h',
  '6h': '6h',
  '12h': '12h',
  '1D': '1d',
  '1W': '1w',
  '14D': '2w',
}

/** A channel of one instrument with its options. */
export type Topic =
  | { readonly channel: 'trades' | 'ticker'; readonly symbol: string }
  | { readonly channel: 'book'; readonly symbol: string; readonly length: number }
  | { readonly channel: 'candles'; readonly symbol: string; readonly key: string; readonly interval: Interval }
  /** Of one derivative; without a symbol the liquidations of all. */
  | { readonly channel: 'status'; readonly symbol: string; readonly key: string }

/** What is wrong with a subscription. */
export interface Refusal {
  readonly code: number
  readonly msg: string
}

/** The key of all liquidations. */
export const LIQUIDATIONS = 'liq:global'

export const UNKNOWN_SYMBOL: Refusal = { code: 10_300, msg: 'symbol: invalid' }

/** `trade:1m:tBTCUSD`. */
export function parseCandleKey(key: string): { readonly interval: Interval; readonly symbol: string } | undefined {
  const [, timeframe = '', symbol = ''] = /^trade:(\w+):(t.+)$/.exec(key) ?? []
  const interval = TIMEFRAMES[timeframe]
  return interval && { interval, symbol }
}

/** The topic that a subscription names, or what is wrong with it. Books: P0 in real time only. */
export function parseTopic(request: Readonly<Record<string, unknown>>): Topic | Refusal {
  const { channel, symbol, key, prec = 'P0', freq = 'F0', len = '25' } = request
  if (channel === 'candles') {
    const found = typeof key === 'string' ? parseCandleKey(key) : undefined
    return found ? { channel, key: String(key), ...found } : { code: 10_300, msg: 'key: invalid' }
  }
  if (channel === 'status') {
    const text = String(key)
    if (text === LIQUIDATIONS) return { channel, symbol: '', key: text }
    const [, derivative] = /^deriv:(t.+)$/.exec(text) ?? []
    return derivative === undefined ? { code: 10_300, msg: 'key: invalid' } : { channel, symbol: derivative, key: text }
  }
  if (channel !== 'trades' && channel !== 'ticker' && channel !== 'book')
    return { code: 10_302, msg: 'channel: unknown' }
  if (typeof symbol !== 'string') return UNKNOWN_SYMBOL
  if (channel !== 'book') return { channel, symbol }
  if (prec !== 'P0') return { code: 10_020, msg: 'prec: invalid' }
  if (freq !== 'F0') return { code: 10_020, msg: 'freq: invalid' }
  const length = String(len)
  return LENGTHS.includes(length) ? { channel, symbol, length: Number(length) } : { code: 10_020, msg: 'len: invalid' }
}

export function topicKey(topic: Topic): string {
  if (topic.channel === 'candles' || topic.channel === 'status') return `${topic.channel} ${topic.key}`
  return topic.channel === 'book' ? `book ${topic.symbol} ${topic.length}` : `${topic.channel} ${topic.symbol}`
}

/** Our channel that a topic serves: a book of one level is the best bid and ask. */
export function channelOf(topic: Topic): Channel {
  if (topic.channel === 'candles') return 'ohlc'
  if (topic.channel === 'status') return topic.key === LIQUIDATIONS ? 'liquidations' : 'mark_price'
  return topic.channel === 'book' && topic.length === 1 ? 'quotes' : topic.channel
}
