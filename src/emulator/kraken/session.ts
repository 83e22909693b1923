import type { Nanos } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'
import { stamp } from './frames.js'
import { parseTopic, type Topic, topicKey } from './topic.js'

const HEARTBEAT_NS = 1_000_000_000n
const IDLE_NS = 60_000_000_000n
/** The venue's limit moves; this stays well above what a paced client sends. */
const REQUESTS_PER_SECOND = 50

/** What a session asks of its venue. */
export interface TopicHub {
  now(): Nanos
  /** Whether the symbol can be had (listed, and no fault refuses it). */
  accepts(topic: Topic, symbol: string): boolean
  join(topic: Topic, symbol: string, session: KrakenSession): void
  leave(topic: Topic, symbol: string, session: KrakenSession): void
  /** Sends what a new subscriber gets first. */
  snapshot(topic: Topic, symbol: string, session: KrakenSession): void
}

interface Request {
  readonly method: string
  readonly reqId: number | undefined
  readonly time: Nanos
}

/** One WebSocket v2 connection to Kraken. */
export class KrakenSession implements Session {
  private readonly link: Link
  private readonly hub: TopicHub
  private readonly topics = new Map<string, { readonly topic: Topic; readonly symbol: string }>()
  private lastSent: Nanos
  private lastHeard: Nanos
  private recent: Nanos[] = []

  constructor(link: Link, hub: TopicHub) {
    this.link = link
    this.hub = hub
    this.lastSent = hub.now()
    this.lastHeard = hub.now()
    this.status('online')
  }

  push(text: string, label?: FrameLabel): void {
    this.lastSent = this.hub.now()
    this.link.send(text, label)
  }

  closed(): void {
    for (const { topic, symbol } of this.topics.values()) this.hub.leave(topic, symbol, this)
    this.topics.clear()
  }

  warn(): void {
    this.status('maintenance')
  }

  maintenance(begins: boolean): void {
    this.status(begins ? 'maintenance' : 'online')
  }

  /** By the clock: a heartbeat when quiet, the end of a connection that carries nothing. */
  tick(now: Nanos): void {
    if (this.topics.size > 0) {
      if (now - this.lastSent >= HEARTBEAT_NS) this.push('{"channel":"heartbeat"}')
    } else if (now - this.lastHeard >= IDLE_NS) this.link.close(1000, 'idle')
  }

  receive(text: string): void {
    const time = this.hub.now()
    this.lastHeard = time
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      message = undefined
    }
    const { method, req_id: reqId, params } = isObject(message) ? message : {}
    if (typeof method !== 'string') {
      this.fail({ method: 'unknown', reqId: undefined, time }, 'Malformed request')
      return
    }
    const request = { method, reqId: typeof reqId === 'number' ? reqId : undefined, time }
    this.recent = this.recent.filter((each) => time - each < 1_000_000_000n)
    this.recent.push(time)
    if (this.recent.length > REQUESTS_PER_SECOND) {
      this.fail(request, 'Exceeded msg rate')
      return
    }
    if (method === 'ping') this.answer(request, {}, 'pong')
    else if (method === 'subscribe' || method === 'unsubscribe') this.change(request, isObject(params) ? params : {})
    else this.fail(request, `Unsupported method ${method}`)
  }

  /** One answer for each symbol. */
  private change(request: Request, params: Readonly<Record<string, unknown>>): void {
    const { symbol: symbols, snapshot } = params
    const topic = parseTopic(params)
    if (typeof topic === 'string') {
      this.fail(request, topic)
      return
    }
    if (!isTextList(symbols) || symbols.length === 0) {
      this.fail(request, 'Malformed request: symbol must be a list of pairs')
      return
    }
    const wantsSnapshot = typeof snapshot === 'boolean' ? snapshot : topic.channel !== 'trade'
    for (const symbol of symbols)
      if (request.method === 'subscribe') this.subscribe(request, topic, symbol, wantsSnapshot)
      else this.unsubscribe(request, topic, symbol)
  }

  private subscribe(request: Request, topic: Topic, symbol: string, snapshot: boolean): void {
    if (!this.hub.accepts(topic, symbol)) {
      this.fail(request, `Currency pair not supported ${symbol}`, symbol)
      return
    }
    // One depth per symbol and one trigger: only candles can be had more than once.
    const taken = [...this.topics.values()].some(
      (one) =>
        one.symbol === symbol &&
        one.topic.channel === topic.channel &&
        (topic.channel !== 'ohlc' || topicKey(one.topic, symbol) === topicKey(topic, symbol)),
    )
    if (taken) {
      this.fail(request, 'Already subscribed', symbol)
      return
    }
    this.topics.set(topicKey(topic, symbol), { topic, symbol })
    const { channel, ...options } = topic
    this.answer(request, { result: { channel, symbol, ...options, snapshot }, success: true })
    if (snapshot) this.hub.snapshot(topic, symbol, this)
    this.hub.join(topic, symbol, this)
  }

  private unsubscribe(request: Request, topic: Topic, symbol: string): void {
    if (!this.topics.delete(topicKey(topic, symbol))) {
      this.fail(request, 'Subscription Not Found', symbol)
      return
    }
    this.hub.leave(topic, symbol, this)
    const { channel, ...options } = topic
    this.answer(request, { result: { channel, symbol, ...options }, success: true })
  }

  private answer({ method, reqId, time }: Request, fields: Readonly<Record<string, unknown>>, as = method): void {
    const id = reqId === undefined ? {} : { req_id: reqId }
    const times = { time_in: stamp(time), time_out: stamp(this.hub.now()) }
    this.push(JSON.stringify({ method: as, ...id, ...fields, ...times }))
  }

  private fail(request: Request, error: string, symbol?: string): void {
    this.answer(request, { success: false, error, ...(symbol === undefined ? {} : { symbol }) })
  }

  private status(system: 'online' | 'maintenance'): void {
    // The connection's number is larger than a double can hold, as on the venue.
    const id = 13_834_774_380_200_032_777n + BigInt(this.link.number)
    this.push(
      `{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"${system}","api_version":"v2","connection_id":${id}}]}`,
    )
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
