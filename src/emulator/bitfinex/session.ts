import type { Nanos } from '../../model/time.js'
import type { FrameLabel, Link, Session } from '../venue.js'
import { toMs } from './numbers.js'
import { channelOf, parseTopic, type Topic, topicKey, UNKNOWN_SYMBOL } from './topic.js'

const TIMESTAMP = 32_768
const SEQ_ALL = 65_536
const OB_CHECKSUM = 131_072
const MAX_CHANNELS = 25
const HEARTBEAT_NS = 15_000_000_000n

/** A subscription of one connection. */
export interface FeedChannel {
  readonly id: number
  readonly topic: Topic
  readonly session: BitfinexSession
  lastSent: Nanos
}

/** What a session asks of its venue. */
export interface ChannelHub {
  now(): Nanos
  /** Whether the instrument can be had (listed, and no fault refuses it). */
  accepts(topic: Topic): boolean
  nextChannelId(): number
  /** Sends the snapshot, and what happens from then on. */
  join(channel: FeedChannel): void
  leave(channel: FeedChannel): void
}

/** One WebSocket connection to Bitfinex, v2. */
export class BitfinexSession implements Session {
  private readonly link: Link
  private readonly hub: ChannelHub
  private readonly channels = new Map<number, FeedChannel>()
  private flags = 0
  private sequence = 0
  /** In maintenance nothing is sent on channels. */
  private paused = false

  constructor(link: Link, hub: ChannelHub) {
    this.link = link
    this.hub = hub
    const serverId = `00000000-0000-4000-8000-${String(link.number).padStart(12, '0')}`
    this.say({ event: 'info', version: 2, serverId, platform: { status: 1 } })
  }

  get wantsChecksums(): boolean {
    return (this.flags & OB_CHECKSUM) !== 0
  }

  /** Sends `[CHANNEL, payload…, SEQUENCE?, TIME?]`. `spoiled`: the payload of a wrong checksum. */
  push(channel: FeedChannel, payload: string, time: Nanos, labelled = true, spoiled?: string): void {
    if (this.paused) return
    channel.lastSent = this.hub.now()
    if (this.flags & SEQ_ALL) this.sequence++
    const end = `${this.flags & SEQ_ALL ? `,${this.sequence}` : ''}${this.flags & TIMESTAMP ? `,${toMs(time)}` : ''}]`
    const frame = (content: string) => `[${channel.id},${content}${end}`
    const { topic } = channel
    const label: FrameLabel = {
      channel: channelOf(topic),
      ...(topic.symbol === '' ? {} : { symbol: topic.symbol }),
      ...(spoiled === undefined ? {} : { spoiled: () => frame(spoiled) }),
    }
    this.link.send(frame(payload), labelled ? label : undefined)
  }

  tick(now: Nanos): void {
    for (const channel of this.channels.values())
      if (now - channel.lastSent >= HEARTBEAT_NS) this.push(channel, '"hb"', now, false)
  }

  closed(): void {
    for (const channel of this.channels.values()) this.hub.leave(channel)
    this.channels.clear()
  }

  warn(): void {
    this.say({ event: 'info', code: 20_051, msg: 'Stopping. Please try to reconnect' })
  }

  maintenance(begins: boolean): void {
    this.paused = begins
    if (begins) this.say({ event: 'info', code: 20_060, msg: 'Entering in Maintenance mode.' })
    else this.say({ event: 'info', code: 20_061, msg: 'Maintenance ended.' })
  }

  receive(text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      message = undefined
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.say({ event: 'error', msg: 'json: invalid', code: 10_000 })
      return
    }
    this.handle({ ...message })
  }

  private handle(request: Readonly<Record<string, unknown>>): void {
    const { event, cid, flags, chanId } = request
    switch (event) {
      case 'ping':
        this.say({ event: 'pong', ts: toMs(this.hub.now()), ...(cid === undefined ? {} : { cid }) })
        return
      case 'conf':
        if (typeof flags === 'number' && Number.isSafeInteger(flags) && flags >= 0) {
          this.flags = flags
          this.say({ event: 'conf', status: 'OK', flags })
        } else this.fail({}, 10_020, 'flags: invalid')
        return
      case 'subscribe':
        this.subscribe(request)
        return
      case 'unsubscribe': {
        const channel = this.channels.get(Number(chanId))
        if (!channel) {
          this.fail({ chanId }, 10_400, 'unsubscribe: invalid')
          return
        }
        this.channels.delete(channel.id)
        this.hub.leave(channel)
        this.say({ event: 'unsubscribed', status: 'OK', chanId: channel.id })
        return
      }
      default:
        this.fail({}, 10_000, 'event: unknown')
    }
  }

  private subscribe(request: Readonly<Record<string, unknown>>): void {
    const { event: _, ...fields } = request
    const topic = parseTopic(request)
    if ('code' in topic) this.fail(fields, topic.code, topic.msg)
    else if (!this.hub.accepts(topic)) this.fail(fields, UNKNOWN_SYMBOL.code, UNKNOWN_SYMBOL.msg)
    else if ([...this.channels.values()].some((one) => topicKey(one.topic) === topicKey(topic)))
      this.fail(fields, 10_301, 'subscribe: dup')
    else if (this.channels.size >= MAX_CHANNELS) this.fail(fields, 10_305, 'subscribe: limit')
    else {
      const id = this.hub.nextChannelId()
      const channel: FeedChannel = { id, topic, session: this, lastSent: this.hub.now() }
      this.channels.set(id, channel)
      const { subId } = request
      this.say({
        event: 'subscribed',
        channel: topic.channel,
        chanId: id,
        ...described(topic),
        ...(subId === undefined ? {} : { subId }),
        ...(topic.channel === 'candles' || topic.channel === 'status' ? {} : { pair: topic.symbol.slice(1) }),
      })
      this.hub.join(channel)
    }
  }

  private fail(fields: Readonly<Record<string, unknown>>, code: number, msg: string): void {
    const { symbol } = fields
    const pair = typeof symbol === 'string' ? { pair: symbol.slice(1) } : {}
    this.say({ ...fields, event: 'error', msg, code, ...pair })
  }

  private say(message: Readonly<Record<string, unknown>>): void {
    this.link.send(JSON.stringify(message))
  }
}

function described(topic: Topic): Readonly<Record<string, string>> {
  if (topic.channel === 'candles' || topic.channel === 'status') return { key: topic.key }
  if (topic.channel === 'book') return { symbol: topic.symbol, prec: 'P0', freq: 'F0', len: String(topic.length) }
  return { symbol: topic.symbol }
}
