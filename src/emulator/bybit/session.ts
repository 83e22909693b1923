import type { Nanos } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'
import type { Category } from './listing.js'

const IDLE: Nanos = 600_000_000_000n
/** Arguments of all subscriptions of a connection together. */
const MAX_CHARACTERS = 21_000
const SPOT_ARGUMENTS = 10

/** What a session asks of its venue. */
export interface TopicHub {
  now(): Nanos
  /** Whether there is such a topic here, and no fault refuses it. */
  accepts(category: Category, topic: string): boolean
  join(category: Category, topic: string, session: BybitSession): void
  leave(category: Category, topic: string, session: BybitSession): void
}

/** One connection to a public v5 socket. A request is done or refused as a whole; what refused it is named. */
export class BybitSession implements Session {
  readonly category: Category
  private readonly link: Link
  private readonly hub: TopicHub
  private readonly topics = new Set<string>()
  private lastHeard: Nanos

  constructor(link: Link, category: Category, hub: TopicHub) {
    this.link = link
    this.category = category
    this.hub = hub
    this.lastHeard = hub.now()
  }

  push(text: string, label?: FrameLabel): void {
    this.link.send(text, label)
  }

  closed(): void {
    for (const topic of this.topics) this.hub.leave(this.category, topic, this)
    this.topics.clear()
  }

  /** By the clock: the end of a connection that says nothing. */
  tick(now: Nanos): void {
    if (now - this.lastHeard >= IDLE) this.link.close(1006, 'idle')
  }

  receive(text: string): void {
    this.lastHeard = this.hub.now()
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      message = undefined
    }
    const { op, req_id: id, args } = isObject(message) ? message : {}
    const topics = Array.isArray(args) ? args.filter((each) => typeof each === 'string') : []
    if (op === 'ping') this.answer(op, id, true, 'pong')
    else if (op === 'subscribe') this.subscribe(id, topics)
    else if (op === 'unsubscribe') this.unsubscribe(id, topics)
    else this.answer(typeof op === 'string' ? op : '', id, false, `error:unknown op ${String(op)}`)
  }

  private subscribe(id: unknown, topics: readonly string[]): void {
    const problem = this.problem(topics)
    if (problem !== undefined) {
      this.answer('subscribe', id, false, `error:${problem}`)
      return
    }
    this.answer('subscribe', id, true, this.category === 'spot' ? 'subscribe' : '')
    for (const topic of topics) {
      this.topics.add(topic)
      this.hub.join(this.category, topic, this)
    }
  }

  private problem(topics: readonly string[]): string | undefined {
    if (topics.length === 0) return 'params error, args is empty'
    if (this.category === 'spot' && topics.length > SPOT_ARGUMENTS) return `args size >${SPOT_ARGUMENTS}`
    if ([...this.topics, ...topics].join(',').length > MAX_CHARACTERS) return 'args length is too long'
    for (const topic of topics) {
      if (this.topics.has(topic)) return `already subscribed,topic:${topic}`
      if (!this.hub.accepts(this.category, topic)) return `handler not found,topic:${topic}`
    }
    return undefined
  }

  private unsubscribe(id: unknown, topics: readonly string[]): void {
    for (const topic of topics) if (this.topics.delete(topic)) this.hub.leave(this.category, topic, this)
    this.answer('unsubscribe', id, true, this.category === 'spot' ? 'unsubscribe' : '')
  }

  private answer(op: string, id: unknown, success: boolean, message: string): void {
    const connection = `cejreaspqfm9se7usbrg-${this.link.number.toString(36)}`
    const request = typeof id === 'string' ? { req_id: id } : {}
    this.push(JSON.stringify({ success, ret_msg: message, conn_id: connection, ...request, op }))
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
