import { type Nanos, SECOND } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'
import { argOf, type SocketPath, type Topic, topicKey } from './topic.js'

const IDLE: Nanos = 30n * SECOND
const HOUR: Nanos = 3600n * SECOND
/** Subscribe and unsubscribe requests of a connection in an hour, whatever they ask for. */
const REQUESTS_PER_HOUR = 480
const MAX_ARGS_BYTES = 64 * 1024

/** What a session asks of its venue. */
export interface TopicHub {
  now(): Nanos
  /** Whether there is such a topic on this socket, and no fault refuses it. */
  accepts(path: SocketPath, topic: Topic): boolean
  join(topic: Topic, session: OkxSession): void
  leave(topic: Topic, session: OkxSession): void
}

/** One connection to a v5 socket. Each argument of a request is answered by itself. */
export class OkxSession implements Session {
  private readonly link: Link
  private readonly path: SocketPath
  private readonly hub: TopicHub
  private readonly topics = new Map<string, Topic>()
  private readonly requests: Nanos[] = []
  private lastLife: Nanos

  constructor(link: Link, path: SocketPath, hub: TopicHub) {
    this.link = link
    this.path = path
    this.hub = hub
    this.lastLife = hub.now()
  }

  push(text: string, label?: FrameLabel): void {
    this.lastLife = this.hub.now()
    this.link.send(text, label)
  }

  closed(): void {
    for (const topic of this.topics.values()) this.hub.leave(topic, this)
    this.topics.clear()
  }

  /** The venue is about to end connections. */
  warn(): void {
    const msg = 'The connection will soon be closed for a service upgrade. Please reconnect.'
    this.push(JSON.stringify({ event: 'notice', code: '64008', msg, connId: this.connection }))
  }

  /** By the clock: the end of a connection on which nothing is said. */
  tick(now: Nanos): void {
    if (now - this.lastLife >= IDLE) this.link.close(4004, 'No data received in 30s.')
  }

  receive(text: string): void {
    this.lastLife = this.hub.now()
    if (text === 'ping') {
      this.push('pong')
      return
    }
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      message = undefined
    }
    const { id, op, args } = isObject(message) ? message : {}
    if ((op !== 'subscribe' && op !== 'unsubscribe') || !Array.isArray(args) || args.length === 0) {
      this.fail(id, '60012', `Invalid request: ${text.slice(0, 200)}`)
      return
    }
    const now = this.hub.now()
    while (this.requests[0] !== undefined && now - this.requests[0] >= HOUR) this.requests.shift()
    this.requests.push(now)
    if (this.requests.length > REQUESTS_PER_HOUR) {
      this.fail(id, '60014', 'Requests too frequent')
      return
    }
    for (const arg of args) this.change(id, op, arg)
  }

  private change(id: unknown, op: 'subscribe' | 'unsubscribe', arg: unknown): void {
    const { channel, instId, instType } = isObject(arg) ? arg : {}
    const of = instId ?? instType
    if (typeof channel !== 'string' || typeof of !== 'string') {
      this.fail(id, '60013', `Invalid args: ${JSON.stringify(arg).slice(0, 200)}`)
      return
    }
    const topic: Topic = { channel, of }
    const key = topicKey(topic)
    if (op === 'unsubscribe') {
      if (this.topics.delete(key)) this.hub.leave(topic, this)
      this.answer(id, op, topic)
    } else if (!this.hub.accepts(this.path, topic)) {
      const named = `channel:${channel},${instId === undefined ? 'instType' : 'instId'}:${of}`
      const help = 'Please use the correct URL, channel and parameters referring to API document.'
      this.fail(id, '60018', `Wrong URL or ${named} doesn't exist. ${help}`)
    } else if (this.bytesWith(topic) > MAX_ARGS_BYTES) {
      this.fail(id, '60012', 'Invalid request: the args of a connection are longer than 64 KB')
    } else {
      if (this.topics.has(key)) this.hub.leave(topic, this)
      this.topics.set(key, topic)
      this.answer(id, op, topic)
      this.hub.join(topic, this)
    }
  }

  private bytesWith(topic: Topic): number {
    return JSON.stringify([...this.topics.values(), topic].map(argOf)).length
  }

  private get connection(): string {
    return `a4d3ae${this.link.number.toString(16).padStart(2, '0')}`
  }

  private answer(id: unknown, event: string, topic: Topic): void {
    this.push(JSON.stringify({ ...named(id), event, arg: argOf(topic), connId: this.connection }))
  }

  private fail(id: unknown, code: string, msg: string): void {
    this.push(JSON.stringify({ ...named(id), event: 'error', code, msg, connId: this.connection }))
  }
}

function named(id: unknown): object {
  return typeof id === 'string' && /^[a-zA-Z0-9]{1,32}$/.test(id) ? { id } : {}
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
