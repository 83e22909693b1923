import type { Nanos } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'
import { stamp } from './rows.js'
import { parseTopic, TABLES, type Topic } from './topic.js'

/** What a session asks of its venue. */
export interface TableHub {
  now(): Nanos
  /** Whether the topic can be had: no symbol, or one that is listed and that no fault refuses. */
  accepts(topic: Topic): boolean
  join(topic: Topic, session: BitmexSession): void
  leave(topic: Topic, session: BitmexSession): void
  /** Sends the `partial`, each symbol by itself. */
  whole(topic: Topic, session: BitmexSession): void
}

/** Connections that may be opened before the venue refuses; the welcome tells how many are left. */
export const CONNECTS = 40

/** One connection to the realtime API. */
export class BitmexSession implements Session {
  private readonly link: Link
  private readonly hub: TableHub
  private readonly topics = new Map<string, Topic>()

  constructor(link: Link, hub: TableHub, wanted: readonly string[]) {
    this.link = link
    this.hub = hub
    this.say({
      info: 'Welcome to the BitMEX Realtime API.',
      version: '2.0.0',
      timestamp: stamp(hub.now()),
      docs: 'https://www.bitmex.com/app/wsAPI',
      heartbeatEnabled: false,
      limit: { remaining: Math.max(0, CONNECTS - link.number) },
    })
    for (const topic of wanted) this.subscribe(topic, { op: 'subscribe', args: [topic] })
  }

  push(text: string, label?: FrameLabel): void {
    this.link.send(text, label)
  }

  closed(): void {
    for (const topic of this.topics.values()) this.hub.leave(topic, this)
    this.topics.clear()
  }

  receive(text: string): void {
    if (text === 'ping') {
      this.link.send('pong')
      return
    }
    let request: unknown
    try {
      request = JSON.parse(text)
    } catch {
      request = undefined
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      this.fail('Unrecognized request. See https://www.bitmex.com/app/wsAPI', text)
      return
    }
    const { op, args = [] }: Record<string, unknown> = { ...request }
    const topics: readonly unknown[] = Array.isArray(args) ? args : [args]
    if (op !== 'subscribe' && op !== 'unsubscribe') this.fail(`Unknown op: ${String(op)}`, request)
    else
      for (const topic of topics)
        if (typeof topic !== 'string') this.fail('args must be a list of topics', request)
        else if (op === 'subscribe') this.subscribe(topic, request)
        else this.unsubscribe(topic, request)
  }

  private subscribe(text: string, request: object): void {
    const topic = parseTopic(text)
    if (!TABLES.has(topic.table)) this.fail(`Unknown table: ${topic.table}`, request)
    else if (!this.hub.accepts(topic)) this.fail('Unknown or expired symbol.', request)
    else if (this.topics.has(text)) this.fail(`You are already subscribed to this topic: ${text}`, request)
    else {
      this.topics.set(text, topic)
      this.say({ success: true, subscribe: text, request })
      this.hub.whole(topic, this)
      this.hub.join(topic, this)
    }
  }

  private unsubscribe(text: string, request: object): void {
    const topic = this.topics.get(text)
    if (!topic) {
      this.fail(`You are not subscribed to this topic: ${text}`, request)
      return
    }
    this.topics.delete(text)
    this.hub.leave(topic, this)
    this.say({ success: true, unsubscribe: text, request })
  }

  private fail(error: string, request: unknown): void {
    this.say({ status: 400, error, meta: {}, request })
  }

  private say(message: object): void {
    this.link.send(JSON.stringify(message))
  }
}
