import { z } from 'zod'
import type { AdapterEvent } from '../../model/event.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { batches } from '../kit/plan.js'
import { confirmed, data, heartbeat, notice, readMessage, released, unknown } from '../kit/reading.js'
import { Requests } from '../kit/requests.js'
import { type Fields, fields, flag, isFields, readJson, text } from '../kit/wire.js'
import { type Best, bestAfter, book, candles, quotes, trades } from './messages.js'
import { CATEGORIES, type Category, partsOf, subscriptionOf, topicOf } from './topics.js'

/** Spot takes no more in one request. */
const TOPICS_PER_REQUEST = 10

const level = z.tuple([z.string(), z.string()]).nullable()
const savedBest = z.record(z.string(), z.object({ u: z.string(), bid: level, ask: level }))

/** A connection to one of Bybit's public v5 sockets. */
export class BybitConversation implements Conversation {
  private readonly requests: Requests
  private readonly subscriptions: readonly Subscription[]
  private readonly topics: ReadonlyMap<string, Subscription>
  private readonly category: Category | undefined
  private readonly acceptsAll: boolean
  private readonly best: Map<string, Best>

  constructor(plan: ConnectionPlan, state?: Json) {
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.requests = new Requests(saved?.requests)
    this.best = new Map(saved ? Object.entries(savedBest.parse(saved.best)) : [])
    this.subscriptions = plan.subscriptions
    this.topics = new Map(plan.subscriptions.map((each) => [topicOf(each), each]))
    this.category = CATEGORIES.find((each) => plan.path.endsWith(`/${each}`))
    this.acceptsAll = plan.accept === 'all'
  }

  get state(): Json {
    const best = [...this.best].map(([id, { u, bid, ask }]) => [id, { u, bid, ask }] as const)
    return { requests: this.requests.state, best: Object.fromEntries(best) }
  }

  open(): readonly string[] {
    return this.ask('subscribe', this.subscriptions)
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    return this.ask('unsubscribe', this.named(ids))
  }

  resync(id: string): readonly string[] {
    return [...this.unsubscribe([id]), ...this.ask('subscribe', this.named([id]))]
  }

  private named(ids: readonly string[]): Subscription[] {
    return this.subscriptions.filter(({ id }) => ids.includes(id))
  }

  private ask(op: string, subscriptions: readonly Subscription[]): string[] {
    return batches(subscriptions, TOPICS_PER_REQUEST).map((part) => {
      const number = this.requests.ask(
        op,
        part.map(({ id }) => id),
      )
      return JSON.stringify({ req_id: String(number), op, args: part.map(topicOf) })
    })
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (message) => this.meaning(message),
      (message) => (isFields(message) && typeof message.topic === 'string' ? this.asked(message.topic)?.id : undefined),
      readJson,
    )
  }

  private meaning(message: unknown): Reading {
    if (!isFields(message)) return unknown('a message that is no object')
    if (message.topic !== undefined) return this.topic(text(message.topic, 'topic'), message)
    const { op, type } = message
    if (op === 'ping' || op === 'pong') return heartbeat()
    if (op === 'subscribe' || op === 'unsubscribe') return this.answer(op, message)
    if (type === 'COMMAND_RESP') return notice('COMMAND_RESP')
    // An error that names no operation.
    if (message.success === false) return failure(text(message.ret_msg, 'ret_msg'))
    return unknown('neither topic nor op')
  }

  /** The subscription that a topic is of. */
  private asked(topic: string): Subscription | undefined {
    const asked = this.topics.get(topic)
    if (asked || !this.acceptsAll) return asked
    const parts = partsOf(topic)
    return parts && subscriptionOf(parts, this.category)
  }

  private topic(topic: string, message: Fields): Reading {
    const parts = partsOf(topic)
    if (!parts) return unknown(`topic ${topic}`)
    const asked = this.asked(topic)
    return asked ? data(asked.id, this.events(asked, message)) : notice(parts.form)
  }

  private events(asked: Subscription, message: Fields): AdapterEvent[] {
    switch (asked.channel) {
      case 'trades':
        return trades(asked, message)
      case 'book':
        return book(asked, message)
      case 'quotes': {
        const best = bestAfter(this.best.get(asked.id), message)
        if (!best) return []
        this.best.set(asked.id, best)
        return quotes(asked, message, best)
      }
      default:
        return candles(asked, message)
    }
  }

  private answer(op: string, message: Fields): Reading {
    const request = this.requests.answered(message.req_id)
    if (flag(message.success, 'success')) {
      if (!request) return notice(op)
      return op === 'subscribe' ? confirmed(...request.ids) : released(...request.ids)
    }
    const reason = text(message.ret_msg, 'ret_msg')
    return request ? this.refusal(op, request.ids, reason) : failure(reason)
  }

  /**
   * One topic spoils a whole request (https://github.com/ccxt/ccxt/issues/30284). Where the reason names it, the others are asked for again; else
   * each by itself.
   */
  private refusal(op: string, ids: readonly string[], reason: string): Reading {
    // What could not be unsubscribed was not subscribed: it is over either way.
    if (op === 'unsubscribe') return released(...ids)
    const guilty = this.topics.get(/topic:(\S+)$/.exec(reason)?.[1] ?? '')
    // It is there already, which is what was wanted.
    const there = guilty !== undefined && /already subscribed/i.test(reason)
    const rejected = guilty && ids.includes(guilty.id) ? [guilty.id] : ids.length === 1 ? ids : []
    const rest = this.named(ids.filter((id) => !rejected.includes(id)))
    const reply = rejected.length ? this.ask(op, rest) : rest.flatMap((each) => this.ask(op, [each]))
    if (!rejected.length) return { ...notice('subscriptions asked for one by one'), reply }
    if (there) return { ...confirmed(...rejected), reply }
    const code = NO_INSTRUMENT.test(reason) ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED'
    return { kind: 'reject', rejected, code, message: reason, events: [], reply }
  }
}

/** We ask for topics that exist: what is not found is the instrument. */
const NO_INSTRUMENT = /handler not found|invalid symbol/i
const RATE = /too (many|frequent)|rate limit/i

function failure(message: string): Reading {
  return { kind: 'failure', code: RATE.test(message) ? 'RATE_LIMITED' : 'SUBSCRIBE_REJECTED', message, events: [] }
}
