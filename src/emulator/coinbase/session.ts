import type { Nanos } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'
import { type ChannelName, parseRequest, type Wanted } from './topic.js'

/** A connection that asks for nothing within this time is closed. */
const IDLE_NS = 5_000_000_000n

/** What a session asks of its venue. */
export interface ProductHub {
  now(): Nanos
  /** Whether the product can be had on this channel (listed, and no fault refuses it). */
  accepts(name: ChannelName, product: string): boolean
  join(name: ChannelName, product: string, session: CoinbaseSession): void
  leave(name: ChannelName, product: string, session: CoinbaseSession): void
  /** Sends what a new subscriber gets first. */
  first(name: ChannelName, product: string, session: CoinbaseSession): void
}

/** One connection to the Exchange feed. */
export class CoinbaseSession implements Session {
  private readonly link: Link
  private readonly hub: ProductHub
  private readonly opened: Nanos
  private readonly subscribed = new Map<ChannelName, Set<string>>()
  private asked = false

  constructor(link: Link, hub: ProductHub) {
    this.link = link
    this.hub = hub
    this.opened = hub.now()
  }

  push(text: string, label?: FrameLabel): void {
    this.link.send(text, label)
  }

  closed(): void {
    for (const [name, products] of this.subscribed) for (const product of products) this.hub.leave(name, product, this)
    this.subscribed.clear()
  }

  tick(now: Nanos): void {
    if (!this.asked && now - this.opened >= IDLE_NS) this.link.close(1008, 'Nothing was subscribed in time')
  }

  receive(text: string): void {
    let request: unknown
    try {
      request = JSON.parse(text)
    } catch {
      request = undefined
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      this.fail('Malformed JSON', 'the message is not an object')
      return
    }
    const { type, ...fields }: Record<string, unknown> = { ...request }
    if (type !== 'subscribe' && type !== 'unsubscribe') {
      this.fail('Type has to be either subscribe or unsubscribe', String(type))
      return
    }
    const wanted = parseRequest(fields)
    if (typeof wanted === 'string')
      this.fail(type === 'subscribe' ? 'Failed to subscribe' : 'Failed to unsubscribe', wanted)
    else if (type === 'subscribe') this.subscribe(wanted)
    else this.unsubscribe(wanted)
  }

  /** One bad name fails the whole message. */
  private subscribe(wanted: readonly Wanted[]): void {
    for (const { name, products } of wanted)
      for (const product of products)
        if (!this.hub.accepts(name, product)) {
          this.fail('Failed to subscribe', `${product} is not a valid product`)
          return
        }
    this.asked = true
    const fresh: [ChannelName, string][] = []
    for (const { name, products } of wanted) {
      const members = this.subscribed.get(name) ?? new Set()
      this.subscribed.set(name, members)
      for (const product of products.filter((each) => !members.has(each))) {
        members.add(product)
        fresh.push([name, product])
      }
    }
    this.list()
    for (const [name, product] of fresh) {
      this.hub.first(name, product, this)
      this.hub.join(name, product, this)
    }
  }

  private unsubscribe(wanted: readonly Wanted[]): void {
    for (const { name, products } of wanted) {
      const members = this.subscribed.get(name)
      for (const product of products) if (members?.delete(product)) this.hub.leave(name, product, this)
      if (members?.size === 0) this.subscribed.delete(name)
    }
    this.list()
  }

  /** Every answer lists all that is subscribed. */
  private list(): void {
    const channels = [...this.subscribed].map(([name, products]) => ({
      name,
      product_ids: [...products],
      account_ids: null,
    }))
    this.link.send(JSON.stringify({ type: 'subscriptions', channels }))
  }

  private fail(message: string, reason: string): void {
    this.link.send(JSON.stringify({ type: 'error', message, reason }))
  }
}
