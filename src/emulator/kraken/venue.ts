import type { Nanos } from '../../model/time.js'
import type { MarketInstrument, Turn } from '../market.js'
import type {
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
import { DepthWindow } from './depth-window.js'
import { bookChecksum, bookFrame, ohlcFrame, tickerFrame, tradeFrame } from './frames.js'
import { krakenInstruments } from './listing.js'
import { envelope, KrakenRest } from './rest.js'
import { KrakenSession, type TopicHub } from './session.js'
import { channelOf, INTERVAL_OF, type Topic, topicKey } from './topic.js'

/** Kraken spot as of 2026-11, from the protocol sheet: WebSocket v2 and REST. */
export const kraken: VenueKind = {
  exchange: 'kraken',
  stepNs: 1000n,
  instruments: krakenInstruments,
  open: (context) => new KrakenVenue(context),
}

/** The truth names 25 levels a side: a state is one of these. A subscriber of depth 10 sees fewer states. */
const TRUTH_DEPTH = 25
const SNAPSHOT_TRADES = 50
const SNAPSHOT_BARS = 720

interface Feed {
  readonly instrument: MarketInstrument
  readonly truth: DepthWindow
  /** By depth; only those with a subscriber. */
  readonly windows: Map<number, DepthWindow>
  /** Time of the newest state of the book. */
  time: Nanos
  quote: string
}

class KrakenVenue implements Venue, TopicHub {
  readonly exchange = 'kraken'
  readonly manners: SocketManners = { connects: { count: 150, perMs: 600_000 } }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, Feed>
  private readonly rest: KrakenRest
  private readonly sessions = new Set<KrakenSession>()
  private readonly listeners = new Map<string, Set<KrakenSession>>()

  constructor(context: VenueContext) {
    this.context = context
    const { instruments } = context.market
    this.rest = new KrakenRest(instruments, context.now, context.page, context.delisted)
    const start = context.now() - (context.now() % kraken.stepNs)
    this.feeds = new Map(
      instruments.map((instrument) => {
        const truth = new DepthWindow(instrument, TRUTH_DEPTH)
        context.truth.book(instrument, start, undefined)
        return [instrument.spec.symbol, { instrument, truth, windows: new Map(), time: start, quote: '' }]
      }),
    )
  }

  connect(link: Link, path: string): Session | undefined {
    if (path !== '/v2') return undefined
    const session = new KrakenSession(link, this)
    this.sessions.add(session)
    return {
      receive: (text) => session.receive(text),
      warn: () => session.warn(),
      maintenance: (begins) => session.maintenance(begins),
      closed: () => {
        this.sessions.delete(session)
        session.closed()
      },
    }
  }

  http(request: HttpRequest): HttpAnswer {
    return this.rest.answer(request)
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    const { body } = envelope(status === 429 || status === 418 ? 'EAPI:Rate limit exceeded' : 'EService:Unavailable')
    const retry = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
    return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...retry }, body }
  }

  tick(now: Nanos): void {
    for (const session of this.sessions) session.tick(now)
  }

  happened(turn: Turn): void {
    const { instrument, trades, time } = turn
    const { symbol } = instrument.spec
    const feed = this.feeds.get(symbol)
    if (!feed) return
    feed.time = time
    for (const trade of trades) this.context.truth.trade(instrument, trade)
    if (feed.truth.take(turn)) this.context.truth.book(instrument, time, undefined)
    if (trades.length > 0) this.send({ channel: 'trade' }, symbol, () => tradeFrame('update', instrument, trades))
    for (const [depth, window] of feed.windows) {
      const change = window.take(turn)
      if (!change) continue
      const checksum = bookChecksum(instrument, depth)
      const frame = (sum: number) => bookFrame('update', instrument, change, sum, time)
      this.send(
        { channel: 'book', depth },
        symbol,
        () => frame(checksum),
        () => frame((checksum ^ 1) >>> 0),
      )
    }
    this.sendTickers(feed, turn)
    if (trades.length === 0) return
    for (const [minutes, interval] of INTERVAL_OF)
      this.send({ channel: 'ohlc', interval: minutes }, symbol, () =>
        ohlcFrame('update', instrument, minutes, instrument.candles.held(interval).slice(-1), time),
      )
  }

  private sendTickers(feed: Feed, { instrument, trades, time }: Turn): void {
    const { bids, asks, spec } = instrument
    const frame = () => tickerFrame('update', instrument, time)
    if (trades.length > 0) this.send({ channel: 'ticker', event_trigger: 'trades' }, spec.symbol, frame)
    const quote = JSON.stringify([bids.best(1), asks.best(1)])
    if (quote === feed.quote) return
    feed.quote = quote
    this.send({ channel: 'ticker', event_trigger: 'bbo' }, spec.symbol, frame)
  }

  private send(topic: Topic, symbol: string, frame: () => string, spoiled?: () => string): void {
    const sessions = this.listeners.get(topicKey(topic, symbol))
    if (!sessions) return
    const text = frame()
    const label: FrameLabel = { channel: channelOf(topic), symbol, ...(spoiled ? { spoiled } : {}) }
    for (const session of sessions) session.push(text, label)
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts(topic: Topic, symbol: string): boolean {
    return this.feeds.has(symbol) && !this.context.rejects(channelOf(topic), symbol)
  }

  join(topic: Topic, symbol: string, session: KrakenSession): void {
    const key = topicKey(topic, symbol)
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(session))
    const feed = this.feeds.get(symbol)
    if (feed && topic.channel === 'book' && !feed.windows.has(topic.depth))
      feed.windows.set(topic.depth, new DepthWindow(feed.instrument, topic.depth))
  }

  leave(topic: Topic, symbol: string, session: KrakenSession): void {
    const key = topicKey(topic, symbol)
    const sessions = this.listeners.get(key)
    sessions?.delete(session)
    if (sessions?.size !== 0) return
    this.listeners.delete(key)
    if (topic.channel === 'book') this.feeds.get(symbol)?.windows.delete(topic.depth)
  }

  snapshot(topic: Topic, symbol: string, session: KrakenSession): void {
    const feed = this.feeds.get(symbol)
    if (!feed) return
    const { instrument, time } = feed
    const label: FrameLabel = { channel: channelOf(topic), symbol }
    switch (topic.channel) {
      case 'trade':
        session.push(tradeFrame('snapshot', instrument, instrument.trades.slice(-SNAPSHOT_TRADES)), label)
        return
      case 'book': {
        const { depth } = topic
        const all = { bids: instrument.bids.best(depth), asks: instrument.asks.best(depth) }
        const checksum = bookChecksum(instrument, depth)
        const frame = (sum: number) => bookFrame('snapshot', instrument, all, sum, time)
        session.push(frame(checksum), { ...label, spoiled: () => frame((checksum ^ 1) >>> 0) })
        return
      }
      case 'ticker':
        session.push(tickerFrame('snapshot', instrument, time), label)
        return
      case 'ohlc': {
        const interval = INTERVAL_OF.get(topic.interval)
        const bars = interval ? instrument.candles.held(interval).slice(-SNAPSHOT_BARS) : []
        if (bars.length > 0) session.push(ohlcFrame('snapshot', instrument, topic.interval, bars, this.now()), label)
      }
    }
  }
}
