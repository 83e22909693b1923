import type { Channel } from '../../model/dataset.js'
import type { Subscription } from '../exchange.js'

/** Their channels by ours. */
const NAMES: ReadonlyMap<Channel, string> = new Map([
  ['trades', 'market_trades'],
  ['book', 'level2'],
  ['quotes', 'ticker'],
  ['ohlc', 'candles'],
])

export function channelName({ channel }: Pick<Subscription, 'channel'>): string {
  return NAMES.get(channel) ?? channel
}

export function channelOf(name: string): Channel | undefined {
  return [...NAMES.keys()].find((channel) => NAMES.get(channel) === name)
}

/** A message is for one channel; one product each, so that a refusal names exactly what it refuses. */
export function request(type: 'subscribe' | 'unsubscribe', subscription: Subscription): string {
  return JSON.stringify({ type, product_ids: [subscription.symbol], channel: channelName(subscription) })
}

/** Without it an idle channel is closed after a minute. */
export const HEARTBEATS = JSON.stringify({ type: 'subscribe', channel: 'heartbeats' })
