import { z } from 'zod'
import type { ErrorCode } from '../../model/error.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { confirmed, data, heartbeat, notice, readMessage, released, unknown } from '../kit/reading.js'
import { type Fields, fields, flag, integer, isFields, list, text } from '../kit/wire.js'
import { READERS } from './messages.js'
import { idOfTopic, requestsFor, type Topic, topicKey, topicOf } from './topics.js'

/** Channels that exist and that we never ask for. */
const OTHER_CHANNELS: ReadonlySet<string> = new Set(['instrument', 'level3'])

type Method = 'subscribe' | 'unsubscribe'

/** `requests`: which request (its `req_id`) asked for what and is not answered yet, by method and subscription. */
const savedState = z.object({ next: z.number().int(), requests: z.record(z.string(), z.number().int()) })

/** A connection to Kraken's WebSocket v2. */
export class KrakenConversation implements Conversation {
  private readonly subscriptions: readonly Subscription[]
  private readonly ids: ReadonlyMap<string, string>
  private readonly acceptsAll: boolean
  private next = 1
  private readonly requests = new Map<string, number>()

  constructor(plan: ConnectionPlan, state?: Json) {
    this.subscriptions = plan.subscriptions
    this.ids = new Map(plan.subscriptions.map((each) => [topicKey(topicOf(each)), each.id]))
    this.acceptsAll = plan.accept === 'all'
    if (state === undefined) return
    const saved = savedState.parse(state)
    this.next = saved.next
    for (const [asked, request] of Object.entries(saved.requests)) this.requests.set(asked, request)
  }

  get state(): Json {
    return { next: this.next, requests: Object.fromEntries(this.requests) }
  }

  open(): readonly string[] {
    return this.ask('subscribe', this.subscriptions)
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    return this.ask('unsubscribe', this.named(ids))
  }

  resync(id: string): readonly string[] {
    const book = this.named([id])
    return [...this.ask('unsubscribe', book), ...this.ask('subscribe', book)]
  }

  private named(ids: readonly string[]): Subscription[] {
    return this.subscriptions.filter(({ id }) => ids.includes(id))
  }

  private ask(method: Method, subscriptions: readonly Subscription[]): string[] {
    return requestsFor(subscriptions, method).map(({ params, ids }) => {
      const request = this.next++
      for (const id of ids) this.requests.set(`${method} ${id}`, request)
      return JSON.stringify({ method, params, req_id: request })
    })
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (message) => this.meaning(message),
      (message) => this.whose(message),
    )
  }

  private meaning(message: unknown): Reading {
    if (!isFields(message)) return unknown('a message that is no object')
    if (message.channel !== undefined) return this.channel(message, text(message.channel, 'channel'))
    // `{"method":"error"}`: the request itself was not understood.
    if (message.method === 'error' || (message.method === undefined && message.error !== undefined))
      return failure(text(message.error, 'error'))
    if (message.method !== undefined) return this.answer(message, text(message.method, 'method'))
    return unknown('neither channel nor method')
  }

  private channel(message: Fields, channel: string): Reading {
    if (channel === 'heartbeat') return heartbeat()
    if (channel === 'status') return status(message)
    if (OTHER_CHANNELS.has(channel)) return notice(channel)
    const read = READERS.get(channel)
    if (!read) return unknown(`channel ${channel}`)
    const type = text(message.type, 'type')
    if (type !== 'snapshot' && type !== 'update') return unknown(`${channel} of type ${type}`)
    const items = list(message.data, 'data').map((each) => fields(each, 'data'))
    const [first] = items
    if (!first) return notice(`empty ${channel}`)
    // Kraken sends each symbol by itself; a mixture could not be put down to one subscription.
    if (items.some(({ symbol, interval }) => symbol !== first.symbol || interval !== first.interval))
      return unknown(`${channel} of several symbols in one message`)
    const id = this.idOf(topicOfItem(channel, first))
    if (id === undefined) return notice(`${channel} that was not asked for`)
    return data(
      id,
      items.flatMap((item) => read(item, type === 'snapshot', message)),
    )
  }

  private idOf(topic: Topic): string | undefined {
    return this.ids.get(topicKey(topic)) ?? (this.acceptsAll ? idOfTopic(topic) : undefined)
  }

  /** Whose a message was that could not be read. */
  private whose(message: unknown): string | undefined {
    const { channel, data: items } = fields(message, 'message')
    const item = fields(list(items, 'data')[0], 'data')
    const named = text(channel, 'channel')
    return READERS.has(named) ? this.idOf(topicOfItem(named, item)) : undefined
  }

  /** Answers come one per symbol of a request. */
  private answer(message: Fields, method: string): Reading {
    if (method === 'pong') return heartbeat()
    if (method !== 'subscribe' && method !== 'unsubscribe') return unknown(`method ${method}`)
    if (!flag(message.success, 'success')) return this.refusal(message, method)
    const id = this.idOf(topicOfResult(fields(message.result, 'result')))
    if (id === undefined) return notice(`${method} of something else`)
    this.requests.delete(`${method} ${id}`)
    return method === 'subscribe' ? confirmed(id) : released(id)
  }

  /** The symbol stands in a field or in the text; where in neither, all that the request still waits for was refused. */
  private refusal(message: Fields, method: Method): Reading {
    const reason = text(message.error, 'error')
    if (RATE.test(reason) || message.req_id === undefined) return failure(reason)
    const request = integer(message.req_id, 'req_id')
    const asked = this.subscriptions.filter(({ id }) => this.requests.get(`${method} ${id}`) === request)
    const named = asked.filter(({ symbol }) => symbol === message.symbol || reason.split(/[\s,]+/).includes(symbol))
    const ids = (named.length ? named : asked).map(({ id }) => id)
    if (!ids.length) return failure(reason)
    for (const id of ids) this.requests.delete(`${method} ${id}`)
    // What could not be unsubscribed was not subscribed: it is over either way.
    if (method === 'unsubscribe') return released(...ids)
    const code: ErrorCode = NO_INSTRUMENT.test(reason) ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED'
    return { kind: 'reject', rejected: ids, code, message: reason, events: [] }
  }
}

const RATE = /exceeded msg rate|rate limit|too many requests/i
const NO_INSTRUMENT = /pair not supported|(unknown|invalid) (pair|symbol|currency pair|asset pair)/i

function failure(message: string): Reading {
  return { kind: 'failure', code: RATE.test(message) ? 'RATE_LIMITED' : 'SUBSCRIBE_REJECTED', message, events: [] }
}

/** State of the trading engine, on connecting and at every change. */
function status(message: Fields): Reading {
  const system = fields(list(message.data, 'data')[0], 'data').system
  return notice(`status ${text(system, 'system')}`, system === 'maintenance' ? 'pause' : undefined)
}

function topicOfItem(channel: string, item: Fields): Topic {
  const minutes = channel === 'ohlc' ? integer(item.interval, 'interval') : undefined
  return { channel, symbol: text(item.symbol, 'symbol'), minutes }
}

function topicOfResult(result: Fields): Topic {
  return topicOfItem(text(result.channel, 'channel'), result)
}
