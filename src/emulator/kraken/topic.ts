import type { Channel, Interval } from '../../model/dataset.js'

export const DEPTHS: readonly number[] = [10, 25, 100, 500, 1000]
/** Minutes of a bar, with our name of it. Kraken's longest (15 days) is not emulated. */
export const INTERVAL_OF: ReadonlyMap<number, Interval> = new Map([
  [1, '1m'],
  [5, '5m'],
  [15, '15m'],
  [30, '30m'],
  [60, '1h'],
  [240, '4h'],
  [1440, '1d'],
  [10_080, '1w'],
])

/** A channel with its options, without a symbol. */
export type Topic =
  | { readonly channel: 'trade' }
  | { readonly channel: 'book'; readonly depth: number }
  | { readonly channel: 'ticker'; readonly event_trigger: 'bbo' | 'trades' }
  | { readonly channel: 'ohlc'; readonly interval: number }

/** The topic that a request names, or what is wrong with it. */
export function parseTopic(params: Readonly<Record<string, unknown>>): Topic | string {
  const { channel, depth = 10, event_trigger: trigger = 'trades', interval = 1 } = params
  switch (channel) {
    case 'trade':
      return { channel: 'trade' }
    case 'book':
      if (typeof depth !== 'number' || !DEPTHS.includes(depth)) return `Depth not supported ${String(depth)}`
      return { channel: 'book', depth }
    case 'ticker':
      if (trigger !== 'bbo' && trigger !== 'trades') return 'Event trigger not supported'
      return { channel: 'ticker', event_trigger: trigger }
    case 'ohlc':
      if (typeof interval !== 'number' || !INTERVAL_OF.has(interval))
        return `Interval not supported ${String(interval)}`
      return { channel: 'ohlc', interval }
    default:
      return `Channel not supported ${String(channel)}`
  }
}

/** Names a topic on one symbol. */
export function topicKey(topic: Topic, symbol: string): string {
  const { channel, ...options } = topic
  return [channel, symbol, ...Object.values(options)].join(' ')
}

/** Our channel that a topic serves. */
export function channelOf(topic: Topic): Channel {
  switch (topic.channel) {
    case 'trade':
      return 'trades'
    case 'ticker':
      return topic.event_trigger === 'bbo' ? 'quotes' : 'ticker'
    default:
      return topic.channel
  }
}
