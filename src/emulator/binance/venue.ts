import type { Channel } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import type { Turn } from '../market.js'
import type {
  Dump,
  FrameLabel,
  HttpAnswer,
  HttpRequest,
  Link,
  Session,
  SocketManners,
  Venue,
  VenueContext,
  VenueKind,
} from '../venue.js'
import { binanceDump } from './dumps.js'
import { aggregateFrame, BinanceFeed, toMs, tradeFrame } from './feed.js'
import { isKlineInterval, KlineStream } from './kline.js'
import { binanceInstruments } from './listing.js'
import { BinanceRest } from './rest.js'
import { type BinanceSession, openSession } from './session.js'
import { channelOfStream } from './stream.js'

/** Binance spot as of 2026-07, from the protocol sheet: combined and raw streams, book by REST snapshot and `U`/`u` rule. */
export const binance: VenueKind = {
  exchange: 'binance',
  stepNs: 1_000_000n,
  instruments: binanceInstruments,
  open: (context) => new BinanceVenue(context),
}

class BinanceVenue implements Venue {
  readonly exchange = 'binance'
  readonly manners: SocketManners = {
    pingEveryMs: 20_000,
    pongWithinMs: 60_000,
    lifetimeMs: 24 * 3_600_000,
    messagesPerSecond: 5,
    connects: { count: 300, perMs: 300_000 },
  }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, BinanceFeed>
  private readonly rest: BinanceRest
  private readonly listeners = new Map<string, Set<BinanceSession>>()
  private readonly klines = new Map<string, { readonly stream: KlineStream; readonly label: FrameLabel }>()

  constructor(context: VenueContext) {
    this.context = context
    const feeds = context.market.instruments.map((instrument) => new BinanceFeed(instrument))
    this.feeds = new Map(feeds.map((feed) => [feed.stream, feed]))
    this.rest = new BinanceRest(feeds, context.now, context)
  }

  connect(link: Link, path: string, query: URLSearchParams): Session | undefined {
    return openSession(link, path, query, {
      subscribe: (stream, by) => this.subscribe(stream, by),
      unsubscribe: (stream, by) => this.unsubscribe(stream, by),
      nowMs: () => toMs(this.context.now()),
      refuses: (stream) => {
        const { channel, feed } = this.parse(stream) ?? {}
        return channel !== undefined && feed !== undefined && this.context.rejects(channel, feed.instrument.spec.symbol)
      },
    })
  }

  http(request: HttpRequest): HttpAnswer {
    return this.rest.answer(request)
  }

  dump(path: string): Dump | null | undefined {
    if (!path.startsWith('/data/')) return undefined
    return binanceDump({ folder: 'spot' }, [...this.feeds.values()], path, this.context.now()) ?? null
  }

  state(): Readonly<Record<string, unknown>> {
    const { used, refused } = this.rest.budget.total
    return { binance_used: used, binance_refused: refused }
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    return this.rest.budget.refusal(status, retryAfterS)
  }

  happened(turn: Turn): void {
    const { instrument, trades } = turn
    const symbol = instrument.spec.symbol
    const feed = this.feeds.get(symbol.toLowerCase())
    if (!feed) return
    const now = this.context.now()
    for (const trade of trades) {
      this.context.truth.trade(instrument, trade)
      this.send(`${feed.stream}@trade`, { channel: 'trades', symbol }, () => tradeFrame(symbol, instrument, trade, now))
    }
    for (const trade of feed.add(turn))
      this.send(`${feed.stream}@aggTrade`, { channel: 'trades', symbol }, () => aggregateFrame(instrument, trade, now))
    const quote = feed.changedQuote()
    if (quote) this.send(`${feed.stream}@bookTicker`, { channel: 'quotes', symbol }, () => quote)
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) {
      const { instrument } = feed
      const label: FrameLabel = { channel: 'book', symbol: instrument.spec.symbol }
      const fast = feed.fast.take(now, instrument)
      if (fast) {
        this.context.truth.book(instrument, now - (now % 1_000_000n), instrument.sequence)
        this.send(`${feed.stream}@depth@100ms`, label, () => fast)
      }
      // A slower push never shows a state between two fast ones: those are the states the truth names.
      const slow = feed.fast.pending ? undefined : feed.slow.take(now, instrument)
      if (slow) this.send(`${feed.stream}@depth`, label, () => slow)
    }
    for (const [name, { stream, label }] of this.klines)
      for (const text of stream.due(now)) this.send(name, label, () => text)
  }

  private send(stream: string, label: FrameLabel, frame: () => string): void {
    const sessions = this.listeners.get(stream)
    if (!sessions) return
    const text = frame()
    for (const session of sessions) session.push(stream, text, label)
  }

  /** Remembers who listens. A stream that does not exist is confirmed and stays silent, as the venue does it. */
  private subscribe(stream: string, session: BinanceSession): void {
    const sessions = this.listeners.get(stream) ?? new Set()
    this.listeners.set(stream, sessions.add(session))
    const { feed, interval } = this.parse(stream) ?? {}
    if (!feed || !interval || this.klines.has(stream)) return
    const kline = new KlineStream(feed.instrument, interval, this.context.now())
    this.klines.set(stream, { stream: kline, label: { channel: 'ohlc', symbol: feed.instrument.spec.symbol } })
  }

  private unsubscribe(stream: string, session: BinanceSession): void {
    const sessions = this.listeners.get(stream)
    sessions?.delete(session)
    if (sessions?.size !== 0) return
    this.listeners.delete(stream)
    this.klines.delete(stream)
  }

  private parse(stream: string) {
    const at = stream.indexOf('@')
    const feed = this.feeds.get(stream.slice(0, at))
    const name = stream.slice(at + 1)
    if (!feed) return undefined
    const interval = name.startsWith('kline_') ? name.slice(6) : ''
    if (isKlineInterval(interval)) return { feed, channel: 'ohlc' as Channel, interval }
    const channel = channelOfStream(name)
    return channel && { feed, channel, interval: undefined }
  }
}
