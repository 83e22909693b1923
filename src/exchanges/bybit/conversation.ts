import { z } from 'zod'
import type { AdapterEvent } from '../../model/event.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { batches } from '../kit/plan.js'
import { confirmed, heartbeat, notice, readMessage, released, sharedData, unknown } from '../kit/reading.js'
import { Requests } from '../kit/requests.js'
import { Topics } from '../kit/topics.js'
import { WholeBooks } from '../kit/whole-books.js'
import { type Fields, fields, flag, isFields, readJson, text } from '../kit/wire.js'
import { type Best, bestAfter, bestBook, book, bookTime, candles, liquidations, quotes, trades } from './messages.js'
import { type Ticker, tickerAfter, tickerEvents } from './ticker.js'
import { BEST, CATEGORIES, type Category, partsOf, subscriptionsOf, topicOf } from './topics.js'

/** Spot takes no more in one request. */
const TOPICS_PER_REQUEST = 10

const level = z.tuple([z.string(), z.string()]).nullable()
const savedBest = z.record(z.string(), z.object({ u: z.string(), bid: level, ask: level }))
const savedTickers = z.record(z.string(), z.record(z.string(), z.string()))

/** A connection to one of Bybit's public v5 sockets. */
export class BybitConversation implements Conversation {
  private readonly requests: Requests
  private readonly topics: Topics
  private readonly category: Category | undefined
  private readonly acceptsAll: boolean
  /** By topic: what later messages only tell changes of. */
  private readonly best: Map<string, Best>
  private readonly tickers: Map<string, Ticker>
  private readonly whole: WholeBooks

  constructor(plan: ConnectionPlan, state?: Json) {
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.requests = new Requests(saved?.requests)
    this.topics = new Topics(plan.subscriptions, topicOf, saved?.released)
    this.best = new Map(saved ? Object.entries(savedBest.parse(saved.best)) : [])
    this.tickers = new Map(saved ? Object.entries(savedTickers.parse(saved.tickers)) : [])
    this.whole = new WholeBooks(saved?.whole)
    this.category = CATEGORIES.find((each) => plan.path.endsWith(`/${each}`))
    this.acceptsAll = plan.accept === 'all'
  }

  get state(): Json {
    const best = [...this.best].map(([topic, { u, bid, ask }]) => [topic, { u, bid, ask }] as const)
    return {
      requests: this.requests.state,
      released: this.topics.state,
      best: Object.fromEntries(best),
      tickers: Object.fromEntries(this.tickers),
      whole: this.whole.state,
    }
  }

  open(): readonly string[] {
    return this.ask('subscribe', this.topics.names)
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    const ended = this.topics.release(ids).map(({ topic }) => topic)
    return this.ask('unsubscribe', ended)
  }

  /** The best level, which quotes share, is whole in its next message. */
  resync(id: string): readonly string[] {
    const topic = this.topics.names.filter((each) => this.topics.idsOf(each).includes(id))
    if (topic[0]?.startsWith(BEST)) {
      this.best.delete(topic[0])
      this.whole.forget(topic[0])
      return []
    }
    return [...this.ask('unsubscribe', topic), ...this.ask('subscribe', topic)]
  }

  private ask(op: string, topics: readonly string[]): string[] {
    return batches(topics, TOPICS_PER_REQUEST).map((args) =>
      JSON.stringify({ req_id: String(this.requests.ask(op, args)), op, args }),
    )
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (message) => this.meaning(message),
      (message) =>
        isFields(message) && typeof message.topic === 'string' ? this.served(message.topic)[0]?.id : undefined,
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

  /** The subscriptions that a topic serves. */
  private served(topic: string): readonly Subscription[] {
    const served = this.topics.of(topic)
    if (served.length || !this.acceptsAll) return served
    const parts = partsOf(topic)
    return parts ? subscriptionsOf(parts, this.category) : []
  }

  private topic(topic: string, message: Fields): Reading {
    const parts = partsOf(topic)
    if (!parts) return unknown(`topic ${topic}`)
    const served = this.served(topic)
    const ids = served.map(({ id }) => id)
    return sharedData(ids, ids.length ? this.events(topic, served, message) : []) ?? notice(parts.form)
  }

  private events(topic: string, served: readonly Subscription[], message: Fields): AdapterEvent[] {
    const [first] = served
    switch (first?.channel) {
      case undefined:
        return []
      case 'trades':
        return trades(first, message)
      case 'book':
      case 'quotes': {
        if (!topic.startsWith(BEST)) return book(first, message)
        const best = bestAfter(this.best.get(topic), message)
        if (!best) return []
        this.best.set(topic, best)
        return served.flatMap((each): AdapterEvent[] => {
          const { channel, symbol } = each
          if (channel === 'quotes') return quotes(each, message, best)
          return [this.whole.event(topic, bestBook(best), { symbol, exchangeTime: bookTime(message) })]
        })
      }
      case 'ohlc':
        return candles(first, message)
      case 'liquidations':
        return liquidations(first, message)
      default: {
        const known = tickerAfter(this.tickers.get(topic), message)
        this.tickers.set(topic, known)
        return tickerEvents(served, message, known)
      }
    }
  }

  private answer(op: string, message: Fields): Reading {
    const request = this.requests.answered(message.req_id)
    const topics = request?.ids ?? []
    if (flag(message.success, 'success')) {
      if (!request) return notice(op)
      return op === 'subscribe' ? confirmed(...this.idsOf(topics)) : released(...this.idsOf(topics))
    }
    const reason = text(message.ret_msg, 'ret_msg')
    return request ? this.refusal(op, topics, reason) : failure(reason)
  }

  private idsOf(topics: readonly string[]): string[] {
    return topics.flatMap((each) => this.topics.idsOf(each))
  }

  /**
   * One topic spoils a whole request (https://github.com/ccxt/ccxt/issues/30284). Where the reason names it, the others are asked for again; else
   * each by itself.
   */
  private refusal(op: string, topics: readonly string[], reason: string): Reading {
    // What could not be unsubscribed was not subscribed: it is over either way.
    if (op === 'unsubscribe') return released(...this.idsOf(topics))
    const named = /topic:(\S+)$/.exec(reason)?.[1]
    const guilty = topics.length === 1 ? topics : topics.filter((each) => each === named)
    const rest = topics.filter((each) => !guilty.includes(each))
    const reply = guilty.length ? this.ask(op, rest) : rest.flatMap((each) => this.ask(op, [each]))
    const ids = this.idsOf(guilty)
    if (!ids.length) return { ...notice('subscriptions asked for one by one'), reply }
    // It is there already, which is what was wanted.
    if (/already subscribed/i.test(reason)) return { ...confirmed(...ids), reply }
    const code = NO_INSTRUMENT.test(reason) ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED'
    return { kind: 'reject', rejected: ids, code, message: reason, events: [], reply }
  }
}

/** We ask for topics that exist: what is not found is the instrument. */
const NO_INSTRUMENT = /handler not found|invalid symbol/i
const RATE = /too (many|frequent)|rate limit/i

function failure(message: string): Reading {
  return { kind: 'failure', code: RATE.test(message) ? 'RATE_LIMITED' : 'SUBSCRIBE_REJECTED', message, events: [] }
}
