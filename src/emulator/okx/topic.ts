import type { Channel, Interval } from '../../model/dataset.js'

/** Bars by the venue's names. Those without `utc` that are longer open at midnight of Hong Kong, and are not emulated. */
export const BARS: ReadonlyMap<string, Interval> = new Map([
  ['1m', '1m'],
  ['3m', '3m'],
  ['5m', '5m'],
  ['15m', '15m'],
  ['30m', '30m'],
  ['1H', '1h'],
  ['2H', '2h'],
  ['4H', '4h'],
  ['6Hutc', '6h'],
  ['12Hutc', '12h'],
  ['1Dutc', '1d'],
  ['3Dutc', '3d'],
  ['1Wutc', '1w'],
])

export type SocketPath = 'public' | 'business'

/** What a subscription names: a channel, and an instrument, an index or a type of instruments. */
export interface Topic {
  readonly channel: string
  readonly of: string
}

/** Channels, the socket that has them, and our channel that they serve. */
const CHANNELS: Readonly<Record<string, readonly [SocketPath, Channel]>> = {
  trades: ['public', 'trades'],
  'trades-all': ['business', 'trades'],
  books: ['public', 'book'],
  books5: ['public', 'book'],
  'bbo-tbt': ['public', 'quotes'],
  tickers: ['public', 'ticker'],
  'funding-rate': ['public', 'funding'],
  'mark-price': ['public', 'mark_price'],
  'index-tickers': ['public', 'index_price'],
  'open-interest': ['public', 'open_interest'],
  'liquidation-orders': ['public', 'liquidations'],
}

export function barOf(channel: string): Interval | undefined {
  return channel.startsWith('candle') ? BARS.get(channel.slice(6)) : undefined
}

/** The socket and our channel of one of theirs; `undefined` where there is none. */
export function servedBy(channel: string): readonly [SocketPath, Channel] | undefined {
  if (barOf(channel)) return ['business', 'ohlc']
  return Object.hasOwn(CHANNELS, channel) ? CHANNELS[channel] : undefined
}

/** `books BTC-USDT` */
export function topicKey({ channel, of }: Topic): string {
  return `${channel} ${of}`
}

/** The `arg` of a topic, as it stands on every message. */
export function argOf({ channel, of }: Topic): object {
  return channel === 'liquidation-orders' ? { channel, instType: of } : { channel, instId: of }
}
