import type { Nanos } from '../../model/time.js'
import type { MarketTrade } from '../candles.js'
import { CoinbaseFeed } from '../coinbase/feed.js'
import { coinbaseInstruments } from '../coinbase/listing.js'
import { message } from '../coinbase/rest.js'
import type { Turn } from '../market.js'
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
import { bookSnapshot, bookUpdate, candlesEvent, tickerEvent, tradesEvent } from './frames.js'
import { AdvancedRest } from './rest.js'
import { type AdvancedHub, AdvancedSession, type ChannelName, ourChannel } from './session.js'

/** Coinbase Advanced Trade as of 2026-11, from the protocol sheet: the public feed and REST. */
export const coinbaseAdvanced: VenueKind = {
  exchange: 'coinbase_advanced',
  stepNs: 1000n,
  instruments: coinbaseInstruments,
  open: (context) => new AdvancedVenue(context),
}

const HEARTBEAT: Nanos = 1_000_000_000n
const TRADE_BATCH: Nanos = 250_000_000n
const SNAPSHOT_TRADES = 50
const SNAPSHOT_BARS = 100

class AdvancedVenue implements Venue, AdvancedHub {
  readonly exchange = 'coinbase_advanced'
  readonly manners: SocketManners = { connects: { count: 20, perMs: 2500 }, addressMessagesPerSecond: 8 }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, CoinbaseFeed>
  private readonly rest: AdvancedRest
  private readonly sessions = new Set<AdvancedSession>()
  private readonly listeners = new Map<string, Set<AdvancedSession>>()
  private readonly traded = new Map<string, MarketTrade[]>()
  private readonly changedBars = new Set<string>()
  private beaten: Nanos
  private batched: Nanos

  constructor(context: VenueContext) {
    this.context = context
    const start = context.now() - (context.now() % coinbaseAdvanced.stepNs)
    this.beaten = start
    this.batched = start
    this.feeds = new Map(
      context.market.instruments.map((instrument) => {
        context.truth.book(instrument, start, undefined)
        return [instrument.spec.symbol, new CoinbaseFeed(instrument, start)]
      }),
    )
    this.rest = new AdvancedRest(this.feeds, context.now, context.page, context.delisted)
  }

  connect(link: Link, path: string): Session | undefined {
    if (path !== '/') return undefined
    const session = new AdvancedSession(link, this)
    this.sessions.add(session)
    return {
      receive: (text) => session.receive(text),
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
    const retry = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
    return message(status, status >= 500 ? 'service unavailable' : 'rate limit exceeded', retry)
  }

  happened({ instrument, trades, changes }: Turn): void {
    const { symbol } = instrument.spec
    const feed = this.feeds.get(symbol)
    if (!feed) return
    feed.gather(changes)
    if (trades.length === 0) return
    const batch = this.traded.get(symbol) ?? []
    batch.push(...trades)
    this.traded.set(symbol, batch)
    this.changedBars.add(symbol)
    for (const trade of trades) this.context.truth.trade(instrument, trade)
    this.send('ticker', symbol, 'ticker', () => tickerEvent('update', instrument))
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) this.publish(feed, now)
    if (now - this.batched >= TRADE_BATCH) {
      this.batched = now
      for (const [symbol, trades] of this.traded) this.sendTrades(symbol, trades)
      this.traded.clear()
    }
    if (now - this.beaten >= HEARTBEAT) {
      this.beaten = now
      for (const session of this.sessions) session.beat(now)
      for (const symbol of this.changedBars) this.sendBars(symbol)
      this.changedBars.clear()
    }
    for (const session of this.sessions) session.tick(now)
  }

  private sendTrades(symbol: string, trades: readonly MarketTrade[]): void {
    const spec = this.feeds.get(symbol)?.instrument.spec
    if (spec) this.send('market_trades', symbol, 'market_trades', () => tradesEvent('update', spec, trades))
  }

  /** The last two: a bar is final when the next one has begun. */
  private sendBars(symbol: string): void {
    const instrument = this.feeds.get(symbol)?.instrument
    if (!instrument) return
    this.send('candles', symbol, 'candles', () =>
      candlesEvent('update', instrument.spec, instrument.candles.held('5m').slice(-2)),
    )
  }

  private publish(feed: CoinbaseFeed, now: Nanos, atOnce = false): void {
    const { instrument } = feed
    const changes = feed.batch(now, atOnce)
    if (changes.length === 0) return
    this.context.truth.book(instrument, feed.told, undefined)
    const { spec } = instrument
    this.send('level2', spec.symbol, 'l2_data', () => bookUpdate(spec, changes, feed.told))
  }

  private send(name: ChannelName, product: string, channel: string, event: () => object): void {
    const sessions = this.listeners.get(`${name} ${product}`)
    if (!sessions) return
    const events = [event()]
    for (const session of sessions) session.push(channel, events, labelOf(name, product))
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts(name: ChannelName, product: string): boolean {
    const channel = ourChannel(name)
    return this.feeds.has(product) && (channel === undefined || !this.context.rejects(channel, product))
  }

  join(name: ChannelName, product: string, session: AdvancedSession): void {
    const key = `${name} ${product}`
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(session))
  }

  leave(name: ChannelName, product: string, session: AdvancedSession): void {
    const key = `${name} ${product}`
    const sessions = this.listeners.get(key)
    sessions?.delete(session)
    if (sessions?.size === 0) this.listeners.delete(key)
  }

  first(name: ChannelName, product: string, session: AdvancedSession): void {
    const feed = this.feeds.get(product)
    if (!feed) return
    const { instrument } = feed
    const { spec, trades, candles } = instrument
    const label = labelOf(name, product)
    switch (name) {
      case 'market_trades': {
        // Those of the running batch come with it.
        const told = trades.slice(0, trades.length - (this.traded.get(product)?.length ?? 0))
        session.push('market_trades', [tradesEvent('snapshot', spec, told.slice(-SNAPSHOT_TRADES))], label)
        return
      }
      case 'level2':
        this.publish(feed, this.context.now(), true)
        session.push('l2_data', [bookSnapshot(instrument)], label)
        return
      case 'ticker':
        session.push('ticker', [tickerEvent('snapshot', instrument)], label)
        return
      case 'candles':
        session.push('candles', [candlesEvent('snapshot', spec, candles.held('5m').slice(-SNAPSHOT_BARS))], label)
        return
      default:
    }
  }
}

function labelOf(name: ChannelName, symbol: string): FrameLabel | undefined {
  const channel = ourChannel(name)
  return channel && { channel, symbol }
}
