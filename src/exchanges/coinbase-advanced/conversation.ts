import type { Channel } from '../../model/dataset.js'
import type { ErrorCode } from '../../model/error.js'
import type { AdapterEvent } from '../../model/event.js'
import {
  type ConnectionPlan,
  type Conversation,
  type Json,
  type Reading,
  type Subscription,
  subscriptionId,
} from '../exchange.js'
import { Listed } from '../kit/listed.js'
import { heartbeat, notice, preceded, readMessage, sharedData, unknown } from '../kit/reading.js'
import { counter, type Fields, fields, isFields, list, text } from '../kit/wire.js'
import { channelName, channelOf, HEARTBEATS, request } from './channels.js'
import { meaningOf } from './instruments.js'
import { isoTime, productsOf, READERS } from './messages.js'

/** Channels that exist and that we never ask for. */
const OTHER_CHANNELS: ReadonlySet<string> = new Set(['status', 'ticker_batch', 'user', 'futures_balance_summary'])

/** A connection to Coinbase Advanced Trade. `sequence_num` counts its messages, acknowledgements and heartbeats too. */
export class AdvancedConversation implements Conversation {
  private readonly subscriptions: readonly Subscription[]
  private readonly ids: ReadonlyMap<string, string>
  private readonly acceptsAll: boolean
  private readonly listed: Listed
  private sequence: bigint | undefined

  constructor(plan: ConnectionPlan, state?: Json) {
    this.subscriptions = plan.subscriptions
    this.ids = new Map(plan.subscriptions.map((each) => [`${each.channel} ${each.symbol}`, each.id]))
    this.acceptsAll = plan.accept === 'all'
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.listed = new Listed(saved?.listed)
    this.sequence = typeof saved?.sequence === 'string' ? BigInt(saved.sequence) : undefined
  }

  get state(): Json {
    return { listed: this.listed.state, sequence: this.sequence?.toString() }
  }

  open(): readonly string[] {
    return [HEARTBEATS, ...this.subscriptions.map((each) => request('subscribe', each))]
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    const ended = this.subscriptions.filter(({ id }) => ids.includes(id))
    this.listed.end(ended.map(({ id }) => id))
    return ended.map((each) => request('unsubscribe', each))
  }

  resync(id: string): readonly string[] {
    const book = this.subscriptions.filter((each) => each.id === id)
    return book.flatMap((each) => [request('unsubscribe', each), request('subscribe', each)])
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (message) => {
        if (!isFields(message)) return unknown('a message that is no object')
        if (message.type === 'error') return this.refused(message)
        const breaks = this.follow(message)
        return breaks ? preceded(breaks, this.meaning(message)) : notice('repeated message')
      },
      (message) => {
        const { channel, events } = fields(message, 'message')
        const known = READERS.get(text(channel, 'channel'))
        const [product] = productsOf(fields(list(events, 'events')[0], 'event'))
        return known && product !== undefined ? this.idOf(known.channel, product) : undefined
      },
    )
  }

  /** +1 from message to message of a connection, whatever they are of; undefined for one that came before. */
  private follow(message: Fields): AdapterEvent[] | undefined {
    if (message.sequence_num === undefined) return []
    const sequence = counter(message.sequence_num, 'sequence_num')
    const last = this.sequence
    if (sequence === last) return undefined
    this.sequence = sequence
    if (last === undefined || sequence === last + 1n) return []
    return [{ kind: 'break', code: 'SEQUENCE_GAP', symbol: undefined, detail: `${sequence} follows ${last}` }]
  }

  private meaning(message: Fields): Reading {
    const channel = text(message.channel, 'channel')
    if (channel === 'heartbeats') return heartbeat()
    const events = list(message.events, 'events').map((each) => fields(each, 'event'))
    if (channel === 'subscriptions') return this.acknowledged(events)
    const known = READERS.get(channel)
    if (!known) return OTHER_CHANNELS.has(channel) ? notice(channel) : unknown(`channel ${channel.slice(0, 40)}`)
    const sent = isoTime(message.timestamp, 'timestamp')
    const products = new Set(events.flatMap(productsOf))
    const ids = [...products].map((product) => this.idOf(known.channel, product)).filter((id) => id !== undefined)
    const asked = events
      .flatMap((event) => known.read(event, sent))
      .filter(({ symbol }) => this.idOf(known.channel, symbol))
    return sharedData(ids, asked) ?? notice(`${channel} that was not asked for`)
  }

  private idOf(channel: Channel, symbol: string): string | undefined {
    const interval = channel === 'ohlc' ? ({ interval: '5m' } as const) : {}
    return (
      this.ids.get(`${channel} ${symbol}`) ??
      (this.acceptsAll ? subscriptionId({ channel, symbol, ...interval }) : undefined)
    )
  }

  /** Every acknowledgement lists all that is subscribed now, by channel. */
  private acknowledged(events: readonly Fields[]): Reading {
    const listed = new Set<string>()
    for (const event of events) {
      for (const [name, products] of Object.entries(fields(event.subscriptions, 'subscriptions'))) {
        const channel = channelOf(name)
        if (!channel) continue
        for (const product of list(products, name)) {
          const id = this.idOf(channel, text(product, 'product'))
          if (id !== undefined) listed.add(id)
        }
      }
    }
    return this.listed.acknowledged(listed)
  }

  /** An error names the product or the channel in its text, if at all. */
  private refused(message: Fields): Reading {
    const said = [message.message, message.reason].filter((part) => typeof part === 'string').join(': ')
    const words = new Set(said.split(/[\s,:"'[\]]+/))
    const open = this.subscriptions.filter(({ id }) => !this.listed.has(id))
    const named = open.filter((each) => words.has(each.symbol) || words.has(channelName(each)))
    const meaning = meaningOf(said)
    if (!named.length || meaning === 'RATE_LIMITED') {
      const code: ErrorCode = meaning ?? 'SUBSCRIBE_REJECTED'
      return { kind: 'failure', code, message: said, events: [] }
    }
    const ofProduct = named.some(({ symbol }) => words.has(symbol))
    const code: ErrorCode = ofProduct ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED'
    return { kind: 'reject', rejected: named.map(({ id }) => id), code, message: said, events: [] }
  }
}
