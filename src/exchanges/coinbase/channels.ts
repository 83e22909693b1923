import type { Channel } from '../../model/dataset.js'
import type { Subscription } from '../exchange.js'

/** Coinbase's channels by ours. `level2` has the same messages one by one, but wants a key. */
const NAMES: ReadonlyMap<Channel, string> = new Map([
  ['trades', 'matches'],
  ['book', 'level2_batch'],
  ['quotes', 'ticker'],
])
/** Names that acknowledgements and old recordings have for the same. */
const SAME: ReadonlyMap<string, string> = new Map([['level2', 'level2_batch']])

/** The channel that carries a subscription. */
export function channelName({ channel }: Pick<Subscription, 'channel'>): string {
  return NAMES.get(channel) ?? channel
}

/** Our channel of one that an acknowledgement names. */
export function channelOf(name: string): Channel | undefined {
  const usual = SAME.get(name) ?? name
  return [...NAMES.keys()].find((channel) => NAMES.get(channel) === usual)
}

/**
 * One message for each product, so that a refusal touches no other product: one bad name fails the whole message. `heartbeats`: how many of
 * the products, from the first on, are asked for heartbeats too.
 */
export function requests(
  type: 'subscribe' | 'unsubscribe',
  subscriptions: readonly Subscription[],
  heartbeats = 0,
): string[] {
  const products = new Map<string, string[]>()
  for (const each of subscriptions) {
    const channels = products.get(each.symbol) ?? []
    channels.push(channelName(each))
    products.set(each.symbol, channels)
  }
  return [...products].map(([product, channels], index) =>
    JSON.stringify({
      type,
      product_ids: [product],
      channels: index < heartbeats ? [...channels, 'heartbeat'] : channels,
    }),
  )
}
