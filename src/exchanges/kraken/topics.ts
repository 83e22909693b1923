import type { Channel, Interval } from '../../model/dataset.js'
import { type Json, type Subscription, subscriptionId } from '../exchange.js'
import { batches } from '../kit/plan.js'

/** Candle lengths in minutes. Kraken's longest, 21600 (15 days), is none of ours. */
const MINUTES: ReadonlyMap<Interval | undefined, number> = new Map([
  ['1m', 1],
  ['5m', 5],
  ['15m', 15],
  ['30m', 30],
  ['1h', 60],
  ['4h', 240],
  ['1d', 1440],
  ['1w', 10_080],
])

/** Symbols asked for in one message: far fewer messages than symbols, and none of them huge. */
const SYMBOLS_PER_MESSAGE = 100

/** Lengths of candles that can be asked for. */
export const CANDLE_INTERVALS = [...MINUTES.keys()].filter((name) => name !== undefined)

/** Our name of a candle length; undefined where we have none for it. */
export function intervalOf(minutes: number): Interval | undefined {
  return CANDLE_INTERVALS.find((name) => MINUTES.get(name) === minutes)
}

/** A length that Kraken has, in minutes. */
export function minutesOf(interval: Interval): number {
  return MINUTES.get(interval) ?? 1
}

/** Whose data a message is: Kraken's channel, the symbol, and of candles their length in minutes. */
export interface Topic {
  readonly channel: string
  readonly symbol: string
  readonly minutes?: number | undefined
}

/** One text per topic. Of a book the depth is not in its messages: a connection has one book per symbol. */
export function topicKey({ channel, symbol, minutes }: Topic): string {
  return minutes === undefined ? `${channel} ${symbol}` : `${channel}:${minutes} ${symbol}`
}

/** Our channels by Kraken's names. */
const CHANNELS: ReadonlyMap<string, Channel> = new Map([
  ['trade', 'trades'],
  ['book', 'book'],
  ['ticker', 'quotes'],
  ['ohlc', 'ohlc'],
])

export function topicOf({ channel, symbol, interval }: Subscription): Topic {
  const theirs = [...CHANNELS.keys()].find((name) => CHANNELS.get(name) === channel) ?? channel
  return { channel: theirs, symbol, minutes: MINUTES.get(interval) }
}

/** The id that a subscription to this topic would have: for messages of topics that are not in the plan. */
export function idOfTopic({ channel: theirs, symbol, minutes }: Topic): string | undefined {
  const channel = CHANNELS.get(theirs)
  if (!channel || minutes === undefined) return channel && subscriptionId({ channel, symbol })
  const interval = intervalOf(minutes)
  return interval && subscriptionId({ channel, symbol, interval })
}

/** What a request says besides the symbols. Snapshots of trades are of the past: not asked for. */
function params(subscription: Subscription, method: 'subscribe' | 'unsubscribe'): Record<string, Json> {
  const { channel, minutes } = topicOf(subscription)
  return {
    channel,
    ...(subscription.depth === undefined ? {} : { depth: subscription.depth }),
    ...(minutes === undefined ? {} : { interval: minutes }),
    ...(channel === 'ticker' ? { event_trigger: 'bbo' } : {}),
    ...(method === 'subscribe' ? { snapshot: channel !== 'trade' } : {}),
  }
}

/** One message to be: what it asks, and for which subscriptions. */
export interface Request {
  readonly params: { readonly [name: string]: Json }
  readonly ids: readonly string[]
}

/** As few requests as say it all: symbols that differ in nothing else share one. */
export function requestsFor(subscriptions: readonly Subscription[], method: 'subscribe' | 'unsubscribe'): Request[] {
  const groups = new Map<string, { params: Record<string, Json>; of: Subscription[] }>()
  for (const each of subscriptions) {
    const asked = params(each, method)
    const key = JSON.stringify(asked)
    const group = groups.get(key) ?? { params: asked, of: [] }
    group.of.push(each)
    groups.set(key, group)
  }
  return [...groups.values()].flatMap((group) =>
    batches(group.of, SYMBOLS_PER_MESSAGE).map((part) => ({
      params: { ...group.params, symbol: part.map(({ symbol }) => symbol) },
      ids: part.map(({ id }) => id),
    })),
  )
}
