import { z } from 'zod'
import type { ErrorCode } from '../../model/error.js'
import type { AdapterEvent, Break } from '../../model/event.js'
import type { ConnectionPlan, Conversation, Json, Reading, Subscription } from '../exchange.js'
import { confirmed, heartbeat, notice, preceded, readMessage, released, unknown } from '../kit/reading.js'
import { Topics } from '../kit/topics.js'
import { counter, type Fields, integer, isFields, milliseconds, text } from '../kit/wire.js'
import { type Channel, carried, channelState } from './channel.js'
import { params, subscribeMessage, topicKey, topicOf, topicOfAck } from './topics.js'

/** Flags of `conf`: a time in every message, a sequence over all of them, checksums of books. */
const TIMESTAMP = 32_768
const SEQ_ALL = 65_536
const OB_CHECKSUM = 131_072

/** Ended channels that are remembered, so that what still arrives of them is known. */
const ENDED_KEPT = 64

const savedState = z.object({
  /** Flags in force, null before the venue has confirmed any. */
  flags: z.number().int().nullable(),
  /** The last sequence, as text. */
  sequence: z.string().nullable(),
  channels: z.array(z.tuple([z.number(), channelState])),
  ended: z.array(z.number()),
  /** Topics asked for and not answered yet. */
  asked: z.array(z.string()),
  released: z.array(z.string()),
})

/** A connection to Bitfinex's WebSocket v2. Channels are numbered by the venue; one sequence runs over all of them. */
export class BitfinexConversation implements Conversation {
  private readonly plan: ConnectionPlan
  private readonly topics: Topics
  private flags: number | null = null
  private sequence: bigint | null = null
  private readonly channels = new Map<number, Channel>()
  private readonly ended: number[] = []
  private readonly asked = new Set<string>()

  constructor(plan: ConnectionPlan, state?: Json) {
    this.plan = plan
    const saved = state === undefined ? undefined : savedState.parse(state)
    this.topics = new Topics(plan.subscriptions, topicOf, saved?.released)
    if (!saved) return
    this.flags = saved.flags
    this.sequence = saved.sequence === null ? null : BigInt(saved.sequence)
    for (const [chanId, channel] of saved.channels) this.channels.set(chanId, channel)
    this.ended.push(...saved.ended)
    for (const topic of saved.asked) this.asked.add(topic)
  }

  get state(): Json {
    return {
      flags: this.flags,
      sequence: this.sequence?.toString() ?? null,
      channels: [...this.channels].map(([chanId, channel]) => [chanId, { ...channel }]),
      ended: [...this.ended],
      asked: [...this.asked],
      released: this.topics.state,
    }
  }

  open(): readonly string[] {
    const conf = JSON.stringify({ event: 'conf', flags: TIMESTAMP + SEQ_ALL + OB_CHECKSUM })
    return [conf, ...this.topics.names.flatMap((topic) => this.subscribe(topic))]
  }

  private subscribe(topic: string): string[] {
    const [first] = this.topics.of(topic)
    if (!first) return []
    this.asked.add(topic)
    return [subscribeMessage(first, subIdOf(this.plan.subscriptions.indexOf(first)))]
  }

  unsubscribe(ids: readonly string[]): readonly string[] {
    return this.topics.release(ids).flatMap(({ topic }) => this.end(topic))
  }

  private end(topic: string): string[] {
    const messages: string[] = []
    for (const [chanId, channel] of this.channels) {
      if (!channel.owners.length || channel.topic !== topic || channel.ending) continue
      channel.ending = true
      messages.push(JSON.stringify({ event: 'unsubscribe', chanId }))
    }
    return messages
  }

  /** Nothing while a subscription to it is still to be answered: a second one would be refused as a duplicate. */
  resync(id: string): readonly string[] {
    const subscription = this.plan.subscriptions.find((each) => each.id === id)
    const topic = subscription && topicOf(subscription)
    if (topic === undefined || this.asked.has(topic)) return []
    return [...this.end(topic), ...this.subscribe(topic)]
  }

  read(frame: string): Reading {
    return readMessage(
      frame,
      (message) => {
        if (Array.isArray(message)) return this.channelMessage(message)
        return isFields(message) ? this.event(message) : unknown('neither a list nor an object')
      },
      (message) => (Array.isArray(message) ? this.channels.get(Number(message[0]))?.owners[0]?.id : undefined),
    )
  }

  /** `[chanId, payload]` or `[chanId, tag, payload]`, then sequence and time as far as they were asked for, then whatever is added. */
  private channelMessage(message: readonly unknown[]): Reading {
    const chanId = integer(message[0], 'chanId')
    const tag = typeof message[1] === 'string' ? message[1] : undefined
    if (tag !== undefined && !TAGS.has(tag)) return unknown(`message tagged ${tag.slice(0, 20)}`)
    const payload = tag === undefined ? message[1] : message[2]
    const rest = message.slice(tag === undefined || tag === 'hb' ? 2 : 3)
    const flags = this.flags ?? 0
    const sequence = flags & SEQ_ALL ? counter(rest.shift(), 'sequence') : undefined
    const time = flags & TIMESTAMP ? milliseconds(rest.shift(), 'timestamp') : undefined
    if (sequence !== undefined && sequence === this.sequence) return notice('repeated message')
    const breaks = sequence === undefined ? this.unproven() : this.follow(sequence)
    const channel = this.channels.get(chanId)
    if (!channel && this.ended.includes(chanId)) return preceded(breaks, notice('message of an ended channel'))
    if (!channel) {
      // The acknowledgement that named it is lost: nothing that comes on it can be read on this connection.
      const lost: Break = { kind: 'break', code: 'UNKNOWN_MESSAGE', symbol: undefined, detail: `channel ${chanId}` }
      return unknown(`message of channel ${chanId}, which was never acknowledged`, [...breaks, lost])
    }
    return preceded(breaks, carried(channel, tag, payload, time))
  }

  /** +1 from message to message of a connection: any other step means that something is missing, nobody knows of which channel. */
  private follow(sequence: bigint): AdapterEvent[] {
    const last = this.sequence
    this.sequence = sequence
    if (last === null || sequence === last + 1n) return []
    return [{ kind: 'break', code: 'SEQUENCE_GAP', symbol: undefined, detail: `${sequence} follows ${last}` }]
  }

  /** A connection without sequence proves nothing: good enough for a recording, not for our own. */
  private unproven(): AdapterEvent[] {
    if (this.plan.accept === 'all') return []
    return [{ kind: 'break', code: 'SEQUENCE_GAP', symbol: undefined, detail: 'the flags were never confirmed' }]
  }

  private event(message: Fields): Reading {
    const event = text(message.event, 'event')
    switch (event) {
      case 'info':
        return info(message)
      case 'pong':
        return heartbeat()
      case 'conf':
        return this.conf(message)
      case 'subscribed':
        return this.subscribed(message)
      case 'unsubscribed':
        return this.unsubscribed(integer(message.chanId, 'chanId'))
      case 'error':
        return this.refused(message)
      default:
        return unknown(`event ${event.slice(0, 40)}`)
    }
  }

  /** Without the flags there would be neither sequence nor checksum: a refusal makes the connection useless. */
  private conf(message: Fields): Reading {
    if (message.status === 'OK') {
      this.flags = integer(message.flags, 'flags')
      return notice('conf')
    }
    const detail = `conf was refused: ${JSON.stringify(message).slice(0, 200)}`
    const lost: Break = { kind: 'break', code: 'SUBSCRIBE_REJECTED', symbol: undefined, detail }
    return { kind: 'failure', code: 'SUBSCRIBE_REJECTED', message: detail, events: [lost] }
  }

  private subscribed(message: Fields): Reading {
    const chanId = integer(message.chanId, 'chanId')
    const of = topicOfAck(message)
    if (of === undefined) return unknown(`channel ${JSON.stringify(message.channel) ?? 'without a name'}`)
    const topic = topicKey(wanted(message))
    const own = this.topics.of(topic)
    const strange = of !== 'other' && !own.length && this.plan.accept === 'all'
    const owners = (strange ? of.owners : own).map(({ id, channel, symbol }) => ({ id, channel, symbol }))
    this.asked.delete(topic)
    this.channels.set(chanId, {
      topic,
      owners,
      symbol: of === 'other' ? '' : of.symbol,
      carries: of === 'other' || !(strange || own.length) ? 'other' : own[0]?.channel === 'book' ? 'book' : of.carries,
      ...(of !== 'other' && of.interval ? { interval: of.interval } : {}),
      ending: false,
      best: { bids: [], asks: [] },
      rate: {},
    })
    return owners.length || strange ? confirmed(...owners.map(({ id }) => id)) : notice('subscribed to something else')
  }

  private unsubscribed(chanId: number): Reading {
    const channel = this.channels.get(chanId)
    this.channels.delete(chanId)
    this.ended.push(chanId)
    if (this.ended.length > ENDED_KEPT) this.ended.shift()
    return channel?.owners.length ? released(...channel.owners.map(({ id }) => id)) : notice('unsubscribed')
  }

  /** Errors repeat the fields of the request: they name the subscription. */
  private refused(message: Fields): Reading {
    const code = integer(message.code, 'code')
    const reason = `${typeof message.msg === 'string' ? message.msg : 'no reason given'} (code ${code})`
    if (UNSUBSCRIBE_ERRORS.has(code) && message.chanId !== undefined)
      return this.unsubscribed(integer(message.chanId, 'chanId'))
    const topics = [...this.asked].filter((topic) =>
      this.topics.of(topic).some((each) => answers(message, each, this.plan.subscriptions.indexOf(each))),
    )
    const rejected = topics.flatMap((topic) => this.topics.idsOf(topic))
    if (!rejected.length) {
      const meaning: ErrorCode = code === RATE_LIMIT ? 'RATE_LIMITED' : 'SUBSCRIBE_REJECTED'
      return { kind: 'failure', code: meaning, message: reason, events: [] }
    }
    for (const topic of topics) this.asked.delete(topic)
    const noInstrument = code === SUBSCRIBE_FAILED && /symbol|pair/i.test(reason)
    return {
      kind: 'reject',
      rejected,
      code: noInstrument ? 'UNKNOWN_INSTRUMENT' : 'SUBSCRIBE_REJECTED',
      message: reason,
      events: [],
    }
  }
}

/** Second element of messages that are not market data as it is: heartbeat, checksum, trade executed and its update. */
const TAGS: ReadonlySet<string> = new Set(['hb', 'cs', 'te', 'tu', 'fte', 'ftu'])
const SUBSCRIBE_FAILED = 10_300
const UNSUBSCRIBE_ERRORS: ReadonlySet<number> = new Set([10_400, 10_401])
const RATE_LIMIT = 11_010

/** A short name of a subscription, which acknowledgements and errors repeat. */
function subIdOf(index: number): string {
  return `s${index}`
}

/** The fields of an acknowledgement that the request had. */
function wanted({ channel, symbol, key, prec, len }: Fields): Fields {
  return channel === 'book'
    ? { channel, symbol, prec, len }
    : { channel, ...(channel === 'candles' || channel === 'status' ? { key } : { symbol }) }
}

/** Whether an error speaks of this subscription: by its `subId`, else by every field of the request that it repeats. */
function answers(message: Fields, subscription: Subscription, index: number): boolean {
  if (message.subId !== undefined) return message.subId === subIdOf(index)
  const asked = Object.entries(params(subscription))
  const repeated = asked.filter(([name]) => message[name] !== undefined)
  const named = repeated.some(([name]) => name === 'symbol' || name === 'key')
  return named && repeated.every(([name, value]) => message[name] === value)
}

/** Word of the platform: `20051` reconnect, `20060` maintenance begins, `20061` it is over. */
function info(message: Fields): Reading {
  if (message.code !== undefined) {
    const code = integer(message.code, 'code')
    const action = code === 20_051 ? 'reconnect' : code === 20_060 ? 'pause' : code === 20_061 ? 'resume' : undefined
    return notice(`info ${code}`, action)
  }
  const down = isFields(message.platform) && Number(message.platform.status) === 0
  return notice(down ? 'info: maintenance' : 'info', down ? 'pause' : undefined)
}
