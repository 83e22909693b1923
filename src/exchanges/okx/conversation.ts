import type { AdapterEvent } from '../../model/event.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { batches } from '../kit/plan.js'
import { confirmed, heartbeat, notice, readMessage, released, sharedData, unknown } from '../kit/reading.js'
import { Requests } from '../kit/requests.js'
import { Topics } from '../kit/topics.js'
import { WholeBooks } from '../kit/whole-books.js'
import { type Fields, fields, isFields, list, readJson, text } from '../kit/wire.js'
import { candle, READERS, wholeBook } from './messages.js'
import { argOf, isChannel, isWhole, subscriptionOf, type Topic, topicOf, topicOfArg, topicText } from './topics.js'

/** An hour allows 480 requests on a connection; one may ask for many things. */
const ARGS_PER_REQUEST = 50

type Op = 'subscribe' | 'unsubscribe'

/** A connection to one of OKX's public v5 sockets. */
export class OkxConversation implements Conversation {
  private readonly requests: Requests
  private readonly topics: Topics
  private readonly acceptsAll: boolean
  /** Topics that were confirmed and whose first message is of the past. */
  private readonly fresh: Set<string>
  private readonly whole: WholeBooks

  constructor(plan: ConnectionPlan, state?: Json) {
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.requests = new Requests(saved?.requests)
    this.topics = new Topics(plan.subscriptions, (each) => topicText(topicOf(each)), saved?.released)
    this.fresh = new Set(saved ? list(saved.fresh, 'fresh').map((each) => text(each, 'fresh')) : [])
    this.whole = new WholeBooks(saved?.whole)
    this.acceptsAll = plan.accept === 'all'
  }

  get state(): Json {
    return {
      requests: this.requests.state,
      released: this.topics.state,
      fresh: [...this.fresh],
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

  /** A book that comes whole each time is whole in its next message. */
  resync(id: string): readonly string[] {
    const topic = this.topics.names.filter((each) => this.topics.idsOf(each).includes(id))
    if (topic[0] !== undefined && isWhole(topic[0].replace(/ .*/, ''))) {
      this.whole.forget(topic[0])
      return []
    }
    return [...this.ask('unsubscribe', topic), ...this.ask('subscribe', topic)]
  }

  private ask(op: Op, topics: readonly string[]): string[] {
    return batches(topics, ARGS_PER_REQUEST).map((part) => {
      const args = part.map((each) => {
        const [channel = '', of = ''] = each.split(' ')
        return argOf({ channel, of })
      })
      return JSON.stringify({ id: String(this.requests.ask(op, part)), op, args })
    })
  }

  read(frame: string): Reading {
    // The only frame that is no JSON.
    if (frame === 'pong') return heartbeat()
    return readMessage(
      frame,
      (message) => this.meaning(message),
      (message) => this.subscriptions(topicOfArg(fields(fields(message, 'message').arg, 'arg')), [])[0]?.id,
      readJson,
    )
  }

  private meaning(message: unknown): Reading {
    if (!isFields(message)) return unknown('a message that is no object')
    if (message.event !== undefined) return this.event(text(message.event, 'event'), message)
    if (message.arg !== undefined && message.data !== undefined) return this.data(message)
    return unknown('neither event nor data')
  }

  private event(event: string, message: Fields): Reading {
    switch (event) {
      case 'subscribe':
      case 'unsubscribe':
        return this.answer(event, message)
      case 'error':
        return this.refusal(message)
      case 'notice':
        // 64008: the service is renewed and ends the connection within a minute.
        return notice(`notice ${String(message.code)}`, message.code === '64008' ? 'reconnect' : undefined)
      default:
        return event.startsWith('channel-conn-count') ? notice(event) : unknown(`event ${event}`)
    }
  }

  private answer(op: Op, message: Fields): Reading {
    if (!isFields(message.arg)) return notice(op)
    const topic = topicOfArg(message.arg)
    if (!isChannel(topic.channel)) return unknown(`channel ${topic.channel}`)
    this.requests.settled(op, topicText(topic))
    if (op === 'subscribe' && topic.channel === 'liquidation-orders') this.fresh.add(topicText(topic))
    const ids = this.subscriptions(topic, []).map(({ id }) => id)
    if (!ids.length) return notice(op)
    return op === 'subscribe' ? confirmed(...ids) : released(...ids)
  }

  /** Those that a topic serves. To a stranger `items` tell which instruments are in a message of several. */
  private subscriptions(topic: Topic, items: readonly unknown[]): readonly Subscription[] {
    const known = this.topics.of(topicText(topic))
    if (known.length || !this.acceptsAll) return known
    const symbols =
      topic.channel === 'liquidation-orders'
        ? [...new Set(items.map((each) => text(fields(each, 'data').instId, 'instId')))]
        : [topic.of]
    return symbols.flatMap((symbol) => subscriptionOf(topic.channel, symbol) ?? [])
  }

  private data(message: Fields): Reading {
    const topic = topicOfArg(fields(message.arg, 'arg'))
    if (!isChannel(topic.channel)) return unknown(`channel ${topic.channel}`)
    const items = list(message.data, 'data')
    const subscriptions = this.subscriptions(topic, items)
    const ids = subscriptions.map(({ id }) => id)
    const past = this.fresh.delete(topicText(topic))
    const events = past || !ids.length ? [] : this.events(topic, subscriptions, items, message)
    return sharedData(ids, events) ?? notice(topic.channel)
  }

  private events(
    topic: Topic,
    of: readonly Subscription[],
    items: readonly unknown[],
    message: Fields,
  ): AdapterEvent[] {
    return items.flatMap((item) => {
      const [first] = of
      if (first?.channel === 'ohlc') return [candle(first, list(item, 'data'))]
      const row = fields(item, 'data')
      const own = topic.channel === 'liquidation-orders' ? of.filter(({ symbol }) => symbol === row.instId) : of
      return own.flatMap((each) =>
        each.channel === 'book' && isWhole(topic.channel)
          ? this.whole.event(topicText(topic), ...wholeBook(each, row))
          : (READERS[each.channel]?.(each, row, message) ?? []),
      )
    })
  }

  /**
   * A refusal names its channel and instrument in the text, or else its request. What else that request asked for is asked for again: nobody says
   * whether one mistake spoils a request.
   */
  private refusal(message: Fields): Reading {
    const [reason, code] = [text(message.msg, 'msg'), text(message.code, 'code')]
    const request = code === TOO_OFTEN ? undefined : this.requests.answered(message.id)
    const asked = request ? request.ids : []
    const words = reason.split(/[^\w-]+/)
    const named = asked.filter((each) => each.split(' ').every((part) => words.includes(part)))
    const topics = named.length ? named : asked.length === 1 ? asked : []
    const rest = asked.filter((each) => !topics.includes(each))
    const op = request?.method === 'unsubscribe' ? 'unsubscribe' : 'subscribe'
    const reply = named.length ? this.ask(op, rest) : rest.flatMap((each) => this.ask(op, [each]))
    const ids = topics.flatMap((each) => this.topics.idsOf(each))
    if (ids.length && op === 'unsubscribe') return { ...released(...ids), reply }
    if (ids.length) {
      // We ask for channels that exist: what is not there is the instrument.
      const unlisted = code === '60018' || code === '51001'
      return {
        kind: 'reject',
        rejected: ids,
        code: unlisted ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED',
        message: `${reason} (code ${code})`,
        events: [],
        reply,
      }
    }
    if (rest.length) return { ...notice('subscriptions asked for one by one'), reply }
    const failed = code === TOO_OFTEN ? 'RATE_LIMITED' : 'SUBSCRIBE_REJECTED'
    return { kind: 'failure', code: failed, message: `${reason} (code ${code})`, events: [] }
  }
}

const TOO_OFTEN = '60014'
