import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { subscriptionId } from '../exchange.js'
import { bad, confirmed, data, heartbeat, notice, readMessage, released, unknown } from '../kit/reading.js'
import { type Fields, isFields, text, WireError } from '../kit/wire.js'
import { eventsOf } from './messages.js'
import { channelOf, topicOf } from './topics.js'

/** A connection to the venue: says what to send and what a frame means. No socket, clock or timer. */
export class TemplateConversation implements Conversation {
  private readonly plan: ConnectionPlan
  private readonly byTopic: ReadonlyMap<string, Subscription>

  /** `state` continues a saved conversation. This one remembers nothing, because every message names its topic. */
  constructor(plan: ConnectionPlan, _state?: Json) {
    this.plan = plan
    this.byTopic = new Map(plan.subscriptions.map((each) => [topicOf(each), each]))
  }

  get state(): Json {
    return null
  }

  open(): readonly string[] {
    return [request('subscribe', this.plan.subscriptions)]
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    const ended = this.plan.subscriptions.filter(({ id }) => ids.includes(id))
    return ended.length ? [request('unsubscribe', ended)] : []
  }

  /** A fresh snapshot of one book: what the stream sends to a new subscriber. */
  resync(id: string): readonly string[] {
    const book = this.plan.subscriptions.filter((each) => each.id === id)
    return book.length ? [request('unsubscribe', book), request('subscribe', book)] : []
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (message) => (isFields(message) ? this.meaning(message) : unknown('a message that is no object')),
      (message) => (isFields(message) ? this.idOf(text(message.topic, 'topic')) : undefined),
    )
  }

  private meaning(message: Fields): Reading {
    if (message.event !== undefined) return this.event(message)
    const topic = text(message.topic, 'topic')
    const channel = channelOf(topic)
    if (channel === undefined) return unknown(`topic ${topic.slice(0, 40)}`)
    const id = this.idOf(topic)
    if (id === undefined) return notice('a topic that was not asked for')
    try {
      return data(id, eventsOf(channel, message))
    } catch (error) {
      // It can still be told whose message it is: only that dataset has a gap.
      if (error instanceof WireError) return bad(error.message, id)
      throw error
    }
  }

  private event(message: Fields): Reading {
    const event = text(message.event, 'event')
    if (event === 'heartbeat') return heartbeat()
    const id = this.idOf(text(message.topic, 'topic'))
    if (id === undefined) return notice(`${event} of a topic that was not asked for`)
    switch (event) {
      case 'subscribed':
        return confirmed(id)
      case 'unsubscribed':
        return released(id)
      case 'error': {
        const reason = text(message.reason, 'reason')
        const code = reason === 'unknown symbol' ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED'
        return { kind: 'reject', rejected: [id], code, message: reason, events: [] }
      }
      default:
        return unknown(`event ${event.slice(0, 40)}`)
    }
  }

  private idOf(topic: string): string | undefined {
    const channel = channelOf(topic)
    const symbol = topic.slice(topic.indexOf(':') + 1)
    const own = this.byTopic.get(topic)?.id
    return own ?? (this.plan.accept === 'all' && channel ? subscriptionId({ channel, symbol }) : undefined)
  }
}

function request(event: 'subscribe' | 'unsubscribe', subscriptions: readonly Subscription[]): string {
  return JSON.stringify({ event, topics: subscriptions.map(topicOf) })
}
