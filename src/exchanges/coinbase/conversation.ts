import type { ErrorCode } from '../../model/error.js'
import {
  type ConnectionPlan,
  type Conversation,
  type Json,
  type Reading,
  type Subscription,
  subscriptionId,
} from '../exchange.js'
import { Listed } from '../kit/listed.js'
import { data, heartbeat, notice, readMessage, unknown } from '../kit/reading.js'
import { type Fields, fields, isFields, list, text } from '../kit/wire.js'
import { channelName, channelOf, requests } from './channels.js'
import { meaningOf } from './instruments.js'
import { READERS } from './messages.js'

/** Products whose heartbeat is asked for: more than one, because the exchange may refuse the first. */
const HEARTBEATS = 3

/** Types of the channels that exist and that we never ask for. */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  'status',
  'auction',
  'rfq_match',
  'received',
  'open',
  'done',
  'change',
  'activate',
  'level3',
  'noop',
])

/** A connection to the Coinbase Exchange feed. */
export class CoinbaseConversation implements Conversation {
  private readonly subscriptions: readonly Subscription[]
  private readonly ids: ReadonlyMap<string, string>
  private readonly acceptsAll: boolean
  private readonly listed: Listed

  constructor(plan: ConnectionPlan, state?: Json) {
    this.subscriptions = plan.subscriptions
    this.ids = new Map(plan.subscriptions.map((each) => [`${channelName(each)} ${each.symbol}`, each.id]))
    this.acceptsAll = plan.accept === 'all'
    this.listed = new Listed(state)
  }

  get state(): Json {
    return this.listed.state
  }

  /** Heartbeats of a few products tell that the connection lives; those of every product would only fill the journal. */
  open(): readonly string[] {
    return requests('subscribe', this.subscriptions, HEARTBEATS)
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    const ended = this.subscriptions.filter(({ id }) => ids.includes(id))
    this.listed.end(ended.map(({ id }) => id))
    return requests('unsubscribe', ended)
  }

  resync(id: string): readonly string[] {
    const book = this.subscriptions.filter((each) => each.id === id)
    return [...requests('unsubscribe', book), ...requests('subscribe', book)]
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (read) => this.meaning(read),
      (read) => {
        const fields = isFields(read) ? read : {}
        const known = READERS.get(text(fields.type, 'type'))
        return known && this.idOf(known.channel, text(fields.product_id, 'product_id'))
      },
    )
  }

  private meaning(read: unknown): Reading {
    if (!isFields(read)) return unknown('a message that is no object')
    const type = text(read.type, 'type')
    const known = READERS.get(type)
    if (known) {
      const symbol = text(read.product_id, 'product_id')
      const id = this.idOf(known.channel, symbol)
      const events = known.read(read, symbol)
      return id === undefined ? notice(`${type} that was not asked for`) : data(id, events)
    }
    if (type === 'heartbeat') return heartbeat()
    if (type === 'subscriptions') return this.acknowledged(read)
    if (type === 'error') return this.refused(read)
    return OTHER_TYPES.has(type) ? notice(type) : unknown(`type ${type.slice(0, 40)}`)
  }

  private idOf(channel: Subscription['channel'], symbol: string): string | undefined {
    const own = this.ids.get(`${channelName({ channel })} ${symbol}`)
    return own ?? (this.acceptsAll ? subscriptionId({ channel, symbol }) : undefined)
  }

  /** Every acknowledgement lists all that is subscribed now. */
  private acknowledged(read: Fields): Reading {
    const listed = new Set<string>()
    for (const each of list(read.channels, 'channels')) {
      const { name, product_ids } = fields(each, 'channel')
      const channel = channelOf(text(name, 'name'))
      if (!channel) continue
      for (const product of list(product_ids ?? [], 'product_ids')) {
        const id = this.idOf(channel, text(product, 'product_id'))
        if (id !== undefined) listed.add(id)
      }
    }
    return this.listed.acknowledged(listed)
  }

  /** An error names the product or the channel in its text, if at all. */
  private refused(read: Fields): Reading {
    const said = [read.message, read.reason].filter((part) => typeof part === 'string').join(': ')
    const words = new Set(said.split(/[\s,"'[\]]+/))
    const open = this.subscriptions.filter(({ id }) => !this.listed.has(id))
    const named = open.filter((each) => words.has(each.symbol) || words.has(channelName(each)))
    const meaning = meaningOf(said)
    if (!named.length || meaning === 'RATE_LIMITED') {
      const code: ErrorCode = meaning ?? 'SUBSCRIBE_REJECTED'
      return { kind: 'failure', code, message: said, events: [] }
    }
    const ofProduct = named.some(({ symbol }) => words.has(symbol))
    const code: ErrorCode = ofProduct && meaning === 'UNKNOWN_INSTRUMENT' ? meaning : 'SUBSCRIBE_REJECTED'
    return { kind: 'reject', rejected: named.map(({ id }) => id), code, message: said, events: [] }
  }
}
