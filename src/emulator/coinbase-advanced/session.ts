import type { Channel } from '../../model/dataset.js'
import { isoFromNanos, type Nanos } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'

/** A connection that asks for nothing within this time is closed, and one that carries nothing for a minute and a half. */
const FIRST_NS = 5_000_000_000n
const IDLE_NS = 90_000_000_000n

export const CHANNELS = [
  'market_trades',
  'level2',
  'ticker',
  'ticker_batch',
  'candles',
  'status',
  'heartbeats',
] as const
export type ChannelName = (typeof CHANNELS)[number]

export function ourChannel(name: ChannelName): Channel | undefined {
  const ours: Partial<Record<ChannelName, Channel>> = {
    market_trades: 'trades',
    level2: 'book',
    ticker: 'quotes',
    candles: 'ohlc',
  }
  return ours[name]
}

/** What a session asks of its venue. */
export interface AdvancedHub {
  now(): Nanos
  accepts(name: ChannelName, product: string): boolean
  join(name: ChannelName, product: string, session: AdvancedSession): void
  leave(name: ChannelName, product: string, session: AdvancedSession): void
  first(name: ChannelName, product: string, session: AdvancedSession): void
}

/** One connection to Advanced Trade: each of its messages is counted. */
export class AdvancedSession implements Session {
  private readonly link: Link
  private readonly hub: AdvancedHub
  private readonly opened: Nanos
  private readonly subscribed = new Map<ChannelName, Set<string>>()
  private sequence = 0
  private beats = 0
  private lastSent: Nanos
  private asked = false

  constructor(link: Link, hub: AdvancedHub) {
    this.link = link
    this.hub = hub
    this.opened = hub.now()
    this.lastSent = this.opened
  }

  push(channel: string, events: readonly object[], label?: FrameLabel): void {
    this.lastSent = this.hub.now()
    const timestamp = isoFromNanos(this.lastSent)
    this.link.send(JSON.stringify({ channel, timestamp, sequence_num: this.sequence++, events }), label)
  }

  closed(): void {
    for (const [name, products] of this.subscribed) for (const product of products) this.hub.leave(name, product, this)
    this.subscribed.clear()
  }

  tick(now: Nanos): void {
    if (!this.asked && now - this.opened >= FIRST_NS) this.link.close(1008, 'Nothing was subscribed in time')
    else if (now - this.lastSent >= IDLE_NS) this.link.close(1001, 'idle')
  }

  beat(now: Nanos): void {
    if (!this.subscribed.has('heartbeats')) return
    this.push('heartbeats', [{ current_time: isoFromNanos(now), heartbeat_counter: this.beats++ }])
  }

  receive(text: string): void {
    let request: unknown
    try {
      request = JSON.parse(text)
    } catch {
      request = undefined
    }
    const {
      type,
      channel,
      product_ids: products = [],
    }: Record<string, unknown> = typeof request === 'object' && request !== null ? { ...request } : {}
    const name = CHANNELS.find((each) => each === channel)
    if (type !== 'subscribe' && type !== 'unsubscribe') this.fail('type must be subscribe or unsubscribe')
    else if (!name) this.fail(`channel ${String(channel)} is not a valid channel`)
    else if (!Array.isArray(products)) this.fail('product_ids must be a list')
    else this.change(type, name, name === 'heartbeats' ? ['heartbeats'] : products.map(String))
  }

  /** What a subscriber gets first comes before the answer. */
  private change(type: 'subscribe' | 'unsubscribe', name: ChannelName, products: readonly string[]): void {
    this.asked = true
    const members = this.subscribed.get(name) ?? new Set()
    for (const product of products) {
      if (type === 'unsubscribe') {
        if (members.delete(product)) this.hub.leave(name, product, this)
      } else if (name !== 'heartbeats' && !this.hub.accepts(name, product)) {
        this.fail(`failed to subscribe: ${product} is not a valid product`)
        return
      } else if (!members.has(product)) {
        members.add(product)
        this.hub.first(name, product, this)
        this.hub.join(name, product, this)
      }
    }
    if (members.size > 0) this.subscribed.set(name, members)
    else this.subscribed.delete(name)
    const subscriptions = Object.fromEntries([...this.subscribed].map(([each, of]) => [each, [...of]]))
    this.push('subscriptions', [{ subscriptions }])
  }

  private fail(message: string): void {
    this.link.send(JSON.stringify({ type: 'error', message }))
  }
}
