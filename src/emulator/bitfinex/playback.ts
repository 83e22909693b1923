import type { Channel } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import type { Playback, PlaybackContext } from '../player.js'
import { nearestAnswer, type RecordedFrame } from '../recording.js'
import type { FrameLabel, HttpRequest, Link, Session, SocketManners } from '../venue.js'
import { confPart } from './listing.js'
import { toMs } from './numbers.js'
import { UNKNOWN_SYMBOL } from './topic.js'

const TIMESTAMP = 32_768

interface Fields {
  readonly event?: unknown
  readonly version?: unknown
  readonly channel?: unknown
  readonly symbol?: unknown
  readonly key?: unknown
  readonly len?: unknown
  readonly chanId?: unknown
  readonly cid?: unknown
  readonly flags?: unknown
}

/** A subscription of the recorded connection. */
interface RecordedChannel {
  readonly frame: RecordedFrame
  readonly ack: Fields
  readonly label: FrameLabel
}

/**
 * The recorded connection with the most frames, told byte for byte to each client that subscribed to some of its channels: also the
 * channels that the client did not ask for, since the sequence counts them. The flags in force are the recorded ones, and TIMESTAMP if the client
 * wants it: what was recorded without it gets the time of its receipt.
 */
export class BitfinexPlayback implements Playback {
  readonly manners: SocketManners = {}
  readonly frames: readonly RecordedFrame[]
  private readonly context: PlaybackContext
  private readonly info: string
  private readonly conf: string
  /** Flags of the recorded connection. */
  private readonly flags: number
  /** By what they carry. */
  private readonly subjects = new Map<string, RecordedChannel>()
  /** By number. */
  private readonly channels = new Map<number, RecordedChannel>()
  private readonly clients = new Set<Client>()

  constructor(context: PlaybackContext) {
    this.context = context
    const connections = new Map<string, RecordedFrame[]>()
    for (const frame of context.recording.frames)
      if (!connections.get(frame.connection)?.push(frame)) connections.set(frame.connection, [frame])
    const [longest = []] = [...connections.values()].sort((a, b) => b.length - a.length)
    let info = '{"event":"info","version":2,"platform":{"status":1}}'
    let conf = '{"event":"conf","status":"OK","flags":0}'
    this.frames = longest.filter((frame) => {
      const fields = eventOf(frame.text) ?? {}
      const { event, version } = fields
      if (event === 'info' && version !== undefined) info = frame.text
      else if (event === 'conf') conf = frame.text
      else {
        if (event === 'subscribed') this.remember(frame, fields)
        return true
      }
      return false
    })
    this.info = info
    this.conf = conf
    this.flags = Number(eventOf(conf)?.flags ?? 0)
  }

  private remember(frame: RecordedFrame, ack: Fields): void {
    const { channel, symbol, key, chanId, len } = ack
    const label: FrameLabel = {
      ...(isChannel(channel) ? { channel: CHANNELS[channel] } : {}),
      ...(typeof symbol === 'string' ? { symbol } : {}),
    }
    const recorded = { frame, ack, label }
    this.subjects.set(subject({ channel, symbol, key, len }), recorded)
    this.channels.set(Number(chanId), recorded)
  }

  connect(link: Link, path: string): Session | undefined {
    if (path !== '/ws/2') return undefined
    const client: Client = { link, asks: false, stamps: false }
    link.send(this.info)
    this.clients.add(client)
    return { receive: (text) => this.receive(client, text), closed: () => this.clients.delete(client) }
  }

  play({ text, time }: RecordedFrame): void {
    const label = this.labelOf(text)
    const stamped = text.startsWith('[') ? `${text.slice(0, -1)},${toMs(time)}]` : text
    for (const { link, asks, stamps } of this.clients) if (asks) link.send(stamps ? stamped : text, label)
  }

  private configure(client: Client, flags: number): void {
    client.stamps = (flags & TIMESTAMP) !== 0 && (this.flags & TIMESTAMP) === 0
    const { conf } = this
    client.link.send(client.stamps ? JSON.stringify({ ...eventOf(conf), flags: this.flags + TIMESTAMP }) : conf)
  }

  answer({ path, query }: HttpRequest): string | undefined {
    const [, version, endpoint, keys = ''] = path.replaceAll('%3A', ':').replaceAll('%2C', ',').split('/')
    if (version !== 'v2') return undefined
    if (endpoint === 'platform') return '[1]'
    if (endpoint !== 'conf') return undefined
    return `[${keys.split(',').map((key) => JSON.stringify(this.confPart(key, query)))}]`
  }

  /** As recorded, with the pairs of the recording; else as of a venue that has those alone. */
  private confPart(key: string, query: URLSearchParams): unknown {
    const { recording, position } = this.context
    const recorded = nearestAnswer(recording, `/v2/conf/${key}`, query, position())
    const body: unknown = recorded ? JSON.parse(recorded.body) : undefined
    const [part]: unknown[] = Array.isArray(body) ? body : []
    if (key !== 'pub:list:pair:exchange') return part ?? confPart(key, [])
    const own = [...this.channels.values()].flatMap(({ ack: { symbol } }) =>
      typeof symbol === 'string' && symbol.startsWith('t') ? [symbol.slice(1)] : [],
    )
    return [...new Set([...(Array.isArray(part) ? part : []), ...own])]
  }

  private receive(client: Client, text: string): void {
    const request = eventOf(text) ?? {}
    const { event, cid, chanId } = request
    const { link } = client
    if (event === 'ping')
      link.send(JSON.stringify({ event: 'pong', ts: this.nowMs(), ...(cid === undefined ? {} : { cid }) }))
    else if (event === 'conf') this.configure(client, Number(request.flags ?? 0))
    else if (event === 'unsubscribe') link.send(JSON.stringify({ event: 'unsubscribed', status: 'OK', chanId }))
    else if (event === 'subscribe') this.subscribe(client, request)
    else link.send(JSON.stringify({ event: 'error', msg: 'event: unknown', code: 10_000 }))
  }

  /** Acknowledged when the recording comes to it; at once where it is past that. */
  private subscribe(client: Client, request: Fields): void {
    const recorded = this.subjects.get(subject(request))
    if (recorded) {
      client.asks = true
      if (this.context.passed(recorded.frame)) client.link.send(recorded.frame.text)
      else this.context.asked()
      return
    }
    const { channel, symbol } = request
    const otherLength = [...this.channels.values()].some(({ ack }) => ack.channel === channel && ack.symbol === symbol)
    const refusal = otherLength ? { code: 10_020, msg: 'len: invalid' } : UNKNOWN_SYMBOL
    client.link.send(JSON.stringify({ ...request, event: 'error', ...refusal }))
  }

  private labelOf(text: string): FrameLabel | undefined {
    const [, channel, hb] = /^\[(\d+),("hb")?/.exec(text) ?? []
    return hb ? undefined : this.channels.get(Number(channel))?.label
  }

  private nowMs(): number {
    const position: Nanos = this.context.position()
    return toMs(position)
  }
}

interface Client {
  readonly link: Link
  /** Whether it has subscribed to something. */
  asks: boolean
  /** Whether messages get a time. */
  stamps: boolean
}

const CHANNELS: Readonly<Record<string, Channel>> = {
  trades: 'trades',
  book: 'book',
  ticker: 'ticker',
  candles: 'ohlc',
}

function isChannel(name: unknown): name is string {
  return typeof name === 'string' && Object.hasOwn(CHANNELS, name)
}

/** What a subscription carries; a book of another length is another thing. */
function subject({ channel, symbol, key, len = '25' }: Fields): string {
  return [channel, key ?? symbol, ...(channel === 'book' ? [len] : [])].join(' ')
}

function eventOf(text: string): Fields | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === 'object' && message !== null ? { ...message } : undefined
  } catch {
    return undefined
  }
}
