import type { ErrorCode } from '../../model/error.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { confirmed, data, heartbeat, notice, readMessage, released, unknown } from '../kit/reading.js'
import { type Fields, fields, isFields, list, text } from '../kit/wire.js'
import { meaningOf } from './errors.js'
import { bookChange, wholeBook } from './ladder.js'
import { candleEvents, latest, quoteEvents, symbolOf, tradeEvents } from './rows.js'
import { type BitmexBooks, emptyBooks, savedBooks, stateOfBooks } from './saved-books.js'
import { topTen, topTenEvent } from './top-ten.js'
import { type Carried, carriedBy, idOf, tableOf, topicOf } from './topics.js'

type Action = 'partial' | 'insert' | 'update' | 'delete'
const ACTIONS: ReadonlySet<unknown> = new Set<Action>(['partial', 'insert', 'update', 'delete'])

/** A connection to BitMEX's realtime API: tables, each told whole (`partial`) and then by what is inserted, updated and deleted. */
export class BitmexConversation implements Conversation {
  private readonly subscriptions: readonly Subscription[]
  private readonly byTopic: ReadonlyMap<string, string>
  private readonly acceptsAll: boolean
  /** Of the books that have been told whole, by subscription. */
  private readonly books: BitmexBooks

  constructor(plan: ConnectionPlan, state?: Json) {
    this.subscriptions = plan.subscriptions
    this.byTopic = new Map(plan.subscriptions.map((each) => [topicOf(each), each.id]))
    this.acceptsAll = plan.accept === 'all'
    this.books = state === undefined ? emptyBooks() : savedBooks(state)
  }

  get state(): Json {
    return stateOfBooks(this.books)
  }

  open(): readonly string[] {
    return ask('subscribe', this.subscriptions)
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    return ask('unsubscribe', this.named(ids))
  }

  /** Changes that are still on their way belong to a book that is given up: none is read before the next `partial`. */
  resync(id: string): readonly string[] {
    this.books.ladders.delete(id)
    this.books.tops.delete(id)
    const book = this.named([id])
    return [...ask('unsubscribe', book), ...ask('subscribe', book)]
  }

  private named(ids: readonly string[]): Subscription[] {
    return this.subscriptions.filter(({ id }) => ids.includes(id))
  }

  read(frame: string): Reading {
    if (frame === 'pong') return heartbeat()
    return readMessage(
      frame,
      (message) => this.meaning(message),
      (message) => {
        const { table, data: rows } = isFields(message) ? message : {}
        const carried = carriedBy(text(table, 'table'))
        if (carried === undefined || carried === 'other') return undefined
        return this.idOf(String(table), carried, symbolOf(fields(list(rows, 'data')[0], 'row')))
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

  private idOf(table: string, carried: Carried, symbol: string): string | undefined {
    return this.byTopic.get(`${table}:${symbol}`) ?? (this.acceptsAll ? idOf(carried, symbol) : undefined)
  }

  private table(message: Fields, table: string): Reading {
    const carried = carriedBy(table)
    if (carried === undefined) return unknown(`table ${table.slice(0, 40)}`)
    if (carried === 'other') return notice(table)
    const action = readAction(message.action)
    if (action === undefined) return unknown(`${table} with action ${String(message.action).slice(0, 20)}`)
    const rows = list(message.data, 'data').map((each) => fields(each, 'row'))
    const symbol = rows[0] ? symbolOf(rows[0]) : ofFilter(message)
    if (symbol === undefined) return notice(`empty ${table}`)
    // Each symbol has its own topic, and comes by itself.
    if (rows.some((row) => row.symbol !== symbol)) return unknown(`${table} of several symbols in one message`)
    const id = this.idOf(table, carried, symbol)
    if (id === undefined) return notice(`${table} that was not asked for`)
    if (carried.channel === 'book') return this.book(id, table, action, rows, symbol)
    return data(
      id,
      rows.flatMap((row) => rowEvents(carried, action, row, symbol)),
    )
  }

  private book(id: string, table: string, action: Action, rows: readonly Fields[], symbol: string): Reading {
    const { ladders, tops } = this.books
    if (table === 'orderBook10') {
      return data(
        id,
        rows.map((row) => {
          const now = topTen(row)
          const event = topTenEvent(action === 'partial' ? undefined : tops.get(id), now, row, symbol)
          tops.set(id, now)
          return event
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
    const id = this.idOfTopic(topic)
    if (message.success !== true) return unknown(`${topic.slice(0, 40)}: success is ${String(message.success)}`)
    if (id === undefined) return notice('answer for something else')
    if (subscribe !== undefined) return confirmed(id)
    return released(id)
  }

  private idOfTopic(topic: string): string | undefined {
    const [table = '', symbol = ''] = topic.split(':')
    const carried = carriedBy(table)
    return carried === undefined || carried === 'other' ? undefined : this.idOf(table, carried, symbol)
  }

  /** The answer repeats the request: every request of ours is for one topic. */
  private refused(message: Fields): Reading {
    const said = `${text(message.error, 'error')} (status ${String(message.status)})`
    const { op, args } = isFields(message.request) ? message.request : {}
    const topics = Array.isArray(args) ? args.filter((each) => typeof each === 'string') : []
    const ids = topics.map((topic) => this.idOfTopic(topic)).filter((id) => id !== undefined)
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
function ask(op: 'subscribe' | 'unsubscribe', subscriptions: readonly Subscription[]): string[] {
  return subscriptions.map((each) => JSON.stringify({ op, args: [`${tableOf(each)}:${each.symbol}`] }))
}

function readAction(value: unknown): Action | undefined {
  return isAction(value) ? value : undefined
}

function isAction(value: unknown): value is Action {
  return ACTIONS.has(value)
}

/** The symbol of an empty `partial`. */
function ofFilter({ filter }: Fields): string | undefined {
  return isFields(filter) && typeof filter.symbol === 'string' ? filter.symbol : undefined
}

/** Tables of things that happen: each inserted row is whole in itself, so that none has to wait for its `partial`, which repeats the past. */
function rowEvents({ channel, interval }: Carried, action: Action, row: Fields, symbol: string) {
  if (channel === 'trades') return action === 'insert' ? tradeEvents(row, symbol) : []
  if (channel === 'quotes') return quoteEvents(row, symbol)
  return candleEvents(row, symbol, interval ?? '1m')
}
