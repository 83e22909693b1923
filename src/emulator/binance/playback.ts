import type { Playback, PlaybackContext } from '../player.js'
import { nearestAnswer, type RecordedFrame } from '../recording.js'
import type { FrameLabel, HttpRequest, Link, Session, SocketManners } from '../venue.js'
import { toMs } from './feed.js'
import { listing } from './listing.js'
import { type BinanceSession, openSession, type StreamHub } from './session.js'
import { channelOfStream } from './stream.js'

const WRAPPED = /^\{"stream":"([^"]+)","data":(.*)\}$/s
/** To tell base from quote in a recorded symbol, where no instrument list says it. */
const QUOTES = ['USDT', 'BUSD', 'USDC', 'FDUSD', 'TUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY', 'BRL', 'AUD', 'RUB', 'GBP']

/** Recorded combined streams: each frame goes to the connections that subscribed to its stream. */
export class BinancePlayback implements Playback, StreamHub {
  readonly manners: SocketManners = { pingEveryMs: 20_000, pongWithinMs: 60_000 }
  readonly frames: readonly RecordedFrame[]
  private readonly context: PlaybackContext
  private readonly listeners = new Map<string, Set<BinanceSession>>()
  private readonly symbols: ReadonlySet<string>

  constructor(context: PlaybackContext) {
    this.context = context
    this.frames = context.recording.frames.filter(({ text }) => WRAPPED.test(text))
    this.symbols = new Set(this.frames.map(({ text }) => symbolOf(WRAPPED.exec(text)?.[1] ?? '')))
  }

  connect(link: Link, path: string, query: URLSearchParams): Session | undefined {
    return openSession(link, path, query, this)
  }

  play({ text }: RecordedFrame): void {
    const [, stream = '', data = ''] = WRAPPED.exec(text) ?? []
    const sessions = this.listeners.get(stream)
    if (!sessions) return
    const channel = channelOfStream(stream.slice(stream.indexOf('@') + 1))
    const label: FrameLabel = channel ? { channel, symbol: symbolOf(stream) } : {}
    for (const session of sessions) session.push(stream, data, label)
  }

  answer({ path, query }: HttpRequest): string | undefined {
    switch (path) {
      case '/api/v3/ping':
        return '{}'
      case '/api/v3/time':
        return JSON.stringify({ serverTime: this.nowMs() })
      case '/api/v3/exchangeInfo':
        return this.exchangeInfo(query)
      default:
        return undefined
    }
  }

  subscribe(stream: string, session: BinanceSession): void {
    this.listeners.set(stream, (this.listeners.get(stream) ?? new Set()).add(session))
    this.context.asked()
  }

  unsubscribe(stream: string, session: BinanceSession): void {
    const sessions = this.listeners.get(stream)
    sessions?.delete(session)
    if (sessions?.size === 0) this.listeners.delete(stream)
  }

  refuses(): boolean {
    return false
  }

  nowMs(): number {
    return toMs(this.context.position())
  }

  /** As recorded if every symbol of the capture stands in it, else made from those symbols. */
  private exchangeInfo(query: URLSearchParams): string {
    const { recording, position } = this.context
    const recorded = nearestAnswer(recording, '/api/v3/exchangeInfo', query, position())?.body
    if (recorded !== undefined && [...this.symbols].every((symbol) => recorded.includes(`"symbol":"${symbol}"`)))
      return recorded
    const symbols = [...this.symbols].map((symbol) => {
      const quote = QUOTES.find((one) => symbol.endsWith(one) && symbol.length > one.length) ?? symbol.slice(-3)
      return { symbol, base: symbol.slice(0, -quote.length), quote, status: 'TRADING', price: 8, amount: 8 } as const
    })
    return JSON.stringify(listing(symbols, this.nowMs()))
  }
}

function symbolOf(stream: string): string {
  return stream.slice(0, stream.indexOf('@')).toUpperCase()
}
