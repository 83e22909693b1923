import type { Channel } from '../../model/dataset.js'
import type { Subscription } from '../exchange.js'

const NAMES: ReadonlyMap<string, Channel> = new Map([
  ['trade', 'trades'],
  ['book', 'book'],
])

/** The venue's name of a subscription: `trade:BTC-USD`. */
export function topicOf({ channel, symbol }: Pick<Subscription, 'channel' | 'symbol'>): string {
  return `${channel === 'trades' ? 'trade' : channel}:${symbol}`
}

/** The channel of a topic; undefined for one that we do not know. */
export function channelOf(topic: string): Channel | undefined {
  return NAMES.get(topic.slice(0, topic.indexOf(':')))
}
