import type { ErrorCode } from '../../model/error.js'
import { CHANNEL_OF, type MarketData } from '../../model/event.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { confirmed, data, heartbeat, notice, readMessage, released, sharedData, unknown } from '../kit/reading.js'
import { Topics } from '../kit/topics.js'
import { type Fields, fields, isFields, list, text } from '../kit/wire.js'
import { chargedEvents, instrumentEvents, liquidationEvents, rateAfter, rateEvents } from './derivatives.js'
import { meaningOf } from './errors.js'
import { bookChange, wholeBook } from './ladder.js'
import { type BitmexMemory, emptyMemory, restoredMemory, savedMemory } from './memory.js'
import { candleEvents, isoTime, latest, pairedLevels, quoteEvents, symbolOf, tradeEvents } from './rows.js'
import { carriedBy, intervalOf, type Owner, secondTopicOf, strangers, topicOf } from './topics.js'

type Action = 'partial' | 'insert' | 'update' | 'delete'
const ACTIONS: ReadonlySet<unknown> = new Set<Action>(['partial', 'insert', 'update', 'delete'])
const BOOKS = /^orderBook/

/** A connection to BitMEX's realtime API: tables, each told whole (`partial`) and then by what is inserted, updated and deleted. */
export class BitmexConversation implements Conversation {
  private readonly subscriptions: readonly Subscription[]
  private readonly topics: Topics
  private readonly acceptsAll: boolean
  private readonly memory: BitmexMemory

  constructor(plan: ConnectionPlan, state?: Json) {
    this.subscriptions = plan.subscriptions
    this.acceptsAll = plan.accept === 'all'
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.topics = new Topics(plan.subscriptions, topicOf, saved?.released)
    this.memory = state === undefined ? emptyMemory() : restoredMemory(state)
  }

  get state(): Json {
    return { ...savedMemory(this.memory), released: this.topics.state }
  }

  open(): readonly string[] {
    return ask('subscribe', [...this.topics.names, ...this.subscriptions.flatMap(secondTopicOf)])
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    const ended = this.topics.release(ids).map(({ topic }) => topic)
    const seconds = this.subscriptions.filter(({ id }) => ids.includes(id)).flatMap(secondTopicOf)
    return ask('unsubscribe', [...ended, ...seconds])
  }

  /** Changes that are still on their way belong to a book that is given up: none is read before the next `partial`. */
  resync(id: string): readonly string[] {
    this.memory.ladders.delete(id)
    this.memory.tops.forget(id)
    const book = this.subscriptions.filter((each) => each.id === id).map(topicOf)
    return [...ask('unsubscribe', book), ...ask('subscribe', book)]
  }

  read(frame: string): Reading {
    if (frame === 'pong') return heartbeat()
    return readMessage(
      frame,
      (message) => this.meaning(message),
      (message) => {
        const { table, data: rows } = isFields(message) ? message : {}
        return this.owners(text(table, 'table'), symbolOf(fields(list(rows, 'data')[0], 'row')))[0]?.id
      },
    )
  }

  private meaning(message: unknown): Reading {
    if (!isFields(message)) return unknown('a message that is no object')
    if (message.table !== undefined) return this.table(message, text(message.table, 'table'))
    if (message.success !== undefined) return this.answer(message)
    if (message.error !== undefined) return this.refused(message)
    return message.info === undefined ? unknown('neither table nor answer') : notice('welcome')
  }

  /** Whose a message of a table is: several where they share it. */
  private owners(table: string, symbol: string): readonly Owner[] {
    const carried = carriedBy(table)
    if (carried === undefined || carried === 'other') return []
    const topic = `${table}:${symbol}`
    const own = [...this.topics.of(topic), ...this.besides(topic)]
    return own.length || !this.acceptsAll ? own : strangers(carried, symbol)
  }

  /** The subscriptions that asked for a topic beside the one that confirms them. */
  private besides(topic: string): Subscription[] {
    return this.subscriptions.filter((each) => secondTopicOf(each).includes(topic))
  }

  private table(message: Fields, table: string): Reading {
    const carried = carriedBy(table)
    if (carried === undefined) return unknown(`table ${table.slice(0, 40)}`)
    if (carried === 'other') return notice(table)
    const { action } = message
    if (!isAction(action)) return unknown(`${table} with action ${String(action).slice(0, 20)}`)
    const rows = list(message.data, 'data').map((each) => fields(each, 'row'))
    const symbol = rows[0] ? symbolOf(rows[0]) : ofFilter(message)
    if (symbol === undefined) return notice(`empty ${table}`)
    // Each symbol has its own topic, and comes by itself.
    if (rows.some((row) => row.symbol !== symbol)) return unknown(`${table} of several symbols in one message`)
    const owners = this.owners(table, symbol)
    const [first] = owners
    if (!first) return notice(`${table} that was not asked for`)
    if (BOOKS.test(table)) return this.book(first.id, table, action, rows, symbol)
    const channels = new Set(owners.map(({ channel }) => channel))
    const events = rows
      .flatMap((row) => this.rowEvents(table, action, row, symbol))
      .filter((event) => channels.has(CHANNEL_OF[event.kind]))
    const ids = owners.map(({ id }) => id)
    return sharedData(ids, events) ?? notice(table)
  }

  /**
   * Tables of things that happen: each inserted row is whole in itself, so that none has to wait for its `partial`, which repeats the past.
   * Quotes, candles and instruments as they stand are told by it.
   */
  private rowEvents(table: string, action: Action, row: Fields, symbol: string): MarketData[] {
    switch (table) {
      case 'trade':
        return action === 'insert' ? tradeEvents(row, symbol) : []
      case 'funding':
        return action === 'insert' ? chargedEvents(row, symbol) : []
      case 'liquidation':
        return action === 'insert' ? liquidationEvents(row, symbol) : []
      case 'quote':
        return quoteEvents(row, symbol)
      case 'instrument': {
        const before = this.memory.rates.get(symbol) ?? {}
        const rate = rateAfter(before, row)
        if (rate === before) return instrumentEvents(row, symbol)
        this.memory.rates.set(symbol, rate)
        return [...rateEvents(rate, row, symbol), ...instrumentEvents(row, symbol)]
      }
      default:
        return candleEvents(row, symbol, intervalOf(table))
    }
  }

  private book(id: string, table: string, action: Action, rows: readonly Fields[], symbol: string): Reading {
    const { ladders, tops } = this.memory
    if (table === 'orderBook10') {
      if (action === 'partial') tops.forget(id)
      return data(
        id,
        rows.map((row) => {
          const now = { bids: pairedLevels(row.bids, 'bids'), asks: pairedLevels(row.asks, 'asks') }
          return tops.event(id, now, { symbol, exchangeTime: isoTime(row.timestamp) })
        }),
      )
    }
    if (action === 'partial') {
      const ladder = ladders.get(id) ?? new Map<string, string>()
      ladders.set(id, ladder)
      return data(id, [wholeBook(ladder, rows, symbol)])
    }
    const ladder = ladders.get(id)
    if (!ladder) return notice(`${table} before its partial`)
    // In a window, rows that come back into it carry the time of their last change, which is long past.
    const time = table === 'orderBookL2' ? latest(rows) : undefined
    return data(id, [bookChange(ladder, action, rows, symbol, time)])
  }

  /** One answer for each topic. */
  private answer(message: Fields): Reading {
    const { subscribe, unsubscribe } = message
    const topic = text(subscribe ?? unsubscribe, 'topic')
    if (message.success !== true) return unknown(`${topic.slice(0, 40)}: success is ${String(message.success)}`)
    const besides = unsubscribe === undefined ? [] : this.besides(topic).map(({ id }) => id)
    const ids = [...this.idsOfTopic(topic), ...besides]
    if (!ids.length) return notice('answer for something else')
    return subscribe === undefined ? released(...ids) : confirmed(...ids)
  }

  /** The subscriptions that a topic confirms. */
  private idsOfTopic(topic: string): readonly string[] {
    const own = this.topics.idsOf(topic)
    if (own.length || !this.acceptsAll) return own
    const [table = '', symbol = ''] = topic.split(':')
    return this.owners(table, symbol).map(({ id }) => id)
  }

  /** The answer repeats the request: every request of ours is for one topic. */
  private refused(message: Fields): Reading {
    const said = `${text(message.error, 'error')} (status ${String(message.status)})`
    const { op, args } = isFields(message.request) ? message.request : {}
    const topics = Array.isArray(args) ? args.filter((each) => typeof each === 'string') : []
    const ids = topics.flatMap((topic) => this.idsOfTopic(topic))
    const meaning = meaningOf(said)
    if (!ids.length || meaning === 'RATE_LIMITED' || meaning === 'EXCHANGE_DOWN') {
      const code: ErrorCode = meaning ?? 'SUBSCRIBE_REJECTED'
      return { kind: 'failure', code, message: said, events: [] }
    }
    // What could not be unsubscribed was not subscribed: it is over either way.
    if (op === 'unsubscribe') return released(...ids)
    if (/already subscribed/i.test(said)) return confirmed(...ids)
    return { kind: 'reject', rejected: ids, code: meaning ?? 'SUBSCRIBE_REJECTED', message: said, events: [] }
  }
}

/** One topic in each message, so that a refusal names exactly what it refuses. Subscribing is not limited once connected. */
function ask(op: 'subscribe' | 'unsubscribe', topics: readonly string[]): string[] {
  return topics.map((topic) => JSON.stringify({ op, args: [topic] }))
}

function isAction(value: unknown): value is Action {
  return ACTIONS.has(value)
}

/** The symbol of an empty `partial`. */
function ofFilter({ filter }: Fields): string | undefined {
  return isFields(filter) && typeof filter.symbol === 'string' ? filter.symbol : undefined
}
