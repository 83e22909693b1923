import type { Channel } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import type { Playback, PlaybackContext } from '../player.js'
import { nearestAnswer, type RecordedFrame } from '../recording.js'
import type { FrameLabel, HttpRequest, Link, Session, SocketManners } from '../venue.js'
import { confPart } from './listing.js'
import { toMs } from './numbers.js'
import { UNKNOWN_SYMBOL } from './topic.js'

type Fields = Readonly<Record<string, unknown>>

/** A subscription of the recorded connection. */
interface RecordedChannel {
  readonly frame: RecordedFrame
  readonly ack: Fields
  readonly label: FrameLabel
}

/**
 * The recorded connection with the most frames, told to each client that subscribed to some of its channels: acknowledgements, channel
 * numbers and sequence as recorded, those of channels that the client did not ask for too, since the sequence counts them.
 */
export class BitfinexPlayback implements Playback {
  readonly manners: SocketManners = {}
  readonly frames: readonly RecordedFrame[]
  private readonly context: PlaybackContext
  private readonly info: string
  private readonly conf: string
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
    const client: Client = { link, asked: new Map() }
    link.send(this.info)
    this.clients.add(client)
    return { receive: (text) => this.receive(client, text), closed: () => this.clients.delete(client) }
  }

  play({ text }: RecordedFrame): void {
    const fields = eventOf(text)
    const { event } = fields ?? {}
    const label = fields ? undefined : this.labelOf(text)
    for (const { link, asked } of this.clients) {
      if (asked.size === 0) continue
      if (fields && event === 'subscribed') link.send(withSubId(fields, text, asked))
      else link.send(text, label)
    }
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
    else if (event === 'conf') link.send(this.conf)
    else if (event === 'unsubscribe') link.send(JSON.stringify({ event: 'unsubscribed', status: 'OK', chanId }))
    else if (event === 'subscribe') this.subscribe(client, request)
    else link.send(JSON.stringify({ event: 'error', msg: 'event: unknown', code: 10_000 }))
  }

  private subscribe({ link, asked }: Client, request: Fields): void {
    const { subId } = request
    const name = subject(request)
    const recorded = this.subjects.get(name)
    if (!recorded) {
      const { code, msg } = UNKNOWN_SYMBOL
      link.send(JSON.stringify({ ...request, event: 'error', msg, code }))
      return
    }
    asked.set(name, subId)
    // On a timeline that runs, the acknowledgement has passed already.
    if (this.context.passed(recorded.frame)) link.send(withSubId(recorded.ack, recorded.frame.text, asked))
    else this.context.asked()
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
  /** What it subscribed to, with its own number of each subscription. */
  readonly asked: Map<string, unknown>
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

/** What a subscription carries. A book of one level is another thing than a book; other lengths are given as recorded. */
function subject({ channel, symbol, key, len }: Fields): string {
  return [channel, key ?? symbol, ...(channel === 'book' && String(len) === '1' ? ['1'] : [])].join(' ')
}

/** The recorded acknowledgement; with the client's own number where it gave one to the same subscription. */
function withSubId(ack: Fields, text: string, asked: ReadonlyMap<string, unknown>): string {
  const subId = asked.get(subject(ack))
  return subId === undefined ? text : JSON.stringify({ ...ack, subId })
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
