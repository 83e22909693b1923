import type { Nanos } from '../../model/time.js'
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
import { CoinbaseFeed } from './feed.js'
import { heartbeatFrame, matchFrame, snapshotFrame, tickerFrame, updateFrame } from './frames.js'
import { coinbaseInstruments, products } from './listing.js'
import { CoinbaseRest, message } from './rest.js'
import { CoinbaseSession, type ProductHub } from './session.js'
import { type ChannelName, channelOf } from './topic.js'

/** Coinbase Exchange as of 2026-11, from the protocol sheet: the public feed and REST. */
export const coinbase: VenueKind = {
  exchange: 'coinbase',
  stepNs: 1000n,
  instruments: coinbaseInstruments,
  open: (context) => new CoinbaseVenue(context),
}

const HEARTBEAT: Nanos = 1_000_000_000n
const TICKER_BATCH: Nanos = 5_000_000_000n

class CoinbaseVenue implements Venue, ProductHub {
  readonly exchange = 'coinbase'
  readonly manners: SocketManners = { connects: { count: 20, perMs: 2500 }, addressMessagesPerSecond: 100 }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, CoinbaseFeed>
  private readonly rest: CoinbaseRest
  private readonly sessions = new Set<CoinbaseSession>()
  private readonly listeners = new Map<string, Set<CoinbaseSession>>()
  private beaten: Nanos
  private batched: Nanos

  constructor(context: VenueContext) {
    this.context = context
    const start = context.now() - (context.now() % coinbase.stepNs)
    this.beaten = start
    this.batched = start
    this.feeds = new Map(
      context.market.instruments.map((instrument) => {
        context.truth.book(instrument, start, undefined)
        return [instrument.spec.symbol, new CoinbaseFeed(instrument, start)]
      }),
    )
    this.rest = new CoinbaseRest(this.feeds, context.now, context.page, context.delisted)
  }

  connect(link: Link, path: string): Session | undefined {
    if (path !== '/') return undefined
    const session = new CoinbaseSession(link, this)
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
    if (status >= 500) {
      const headers = { 'content-type': 'text/html', ...retry }
      return { status, headers, body: '<html><body><h1>We are down for maintenance</h1></body></html>' }
    }
    return message(status, 'Public rate limit exceeded', retry)
  }

  happened({ instrument, trades, changes }: Turn): void {
    const { spec } = instrument
    const feed = this.feeds.get(spec.symbol)
    if (!feed) return
    feed.gather(changes)
    feed.sequence += changes.length
    for (const trade of trades) {
      const sequence = ++feed.sequence
      this.context.truth.trade(instrument, trade)
      this.send('matches', spec.symbol, () => matchFrame('match', spec, trade, sequence))
    }
    const last = trades.at(-1)
    // Several matches of one order bring one ticker.
    if (last) this.send('ticker', spec.symbol, () => tickerFrame('ticker', instrument, last, feed.sequence))
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) this.publish(feed, now)
    if (now - this.beaten >= HEARTBEAT) {
      this.beaten = now
      for (const { instrument, sequence } of this.feeds.values())
        this.send('heartbeat', instrument.spec.symbol, () => heartbeatFrame(instrument, sequence, now))
    }
    if (now - this.batched >= TICKER_BATCH) {
      this.batched = now
      for (const { instrument, sequence } of this.feeds.values())
        this.send('ticker_batch', instrument.spec.symbol, () =>
          tickerFrame('ticker_batch', instrument, instrument.trades.at(-1), sequence),
        )
    }
    for (const session of this.sessions) session.tick(now)
  }

  private publish(feed: CoinbaseFeed, now: Nanos, atOnce = false): void {
    const { instrument } = feed
    const changes = feed.batch(now, atOnce)
    if (changes.length === 0) return
    this.context.truth.book(instrument, feed.told, undefined)
    const { spec } = instrument
    for (const name of ['level2_batch', 'level2'] as const)
      this.send(name, spec.symbol, () => updateFrame(spec, changes, feed.told))
  }

  private send(name: ChannelName, product: string, frame: () => string): void {
    const sessions = this.listeners.get(`${name} ${product}`)
    if (!sessions) return
    const text = frame()
    const label = labelOf(name, product)
    for (const session of sessions) session.push(text, label)
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts(name: ChannelName, product: string): boolean {
    if (!this.feeds.has(product)) return false
    const channel = channelOf(name)
    return channel === undefined || !this.context.rejects(channel, product)
  }

  join(name: ChannelName, product: string, session: CoinbaseSession): void {
    const key = `${name} ${product}`
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(session))
  }

  leave(name: ChannelName, product: string, session: CoinbaseSession): void {
    const key = `${name} ${product}`
    const sessions = this.listeners.get(key)
    sessions?.delete(session)
    if (sessions?.size === 0) this.listeners.delete(key)
  }

  first(name: ChannelName, product: string, session: CoinbaseSession): void {
    const feed = this.feeds.get(product)
    if (!feed) return
    const { instrument, sequence } = feed
    const last = instrument.trades.at(-1)
    const label = labelOf(name, product)
    if (name === 'status')
      session.push(JSON.stringify({ type: 'status', products: products([instrument.spec]), currencies: [] }))
    else if (name === 'matches' && last) session.push(matchFrame('last_match', instrument.spec, last, sequence), label)
    else if (name === 'ticker') session.push(tickerFrame('ticker', instrument, last, sequence), label)
    else if (name === 'level2_batch' || name === 'level2') {
      // The snapshot is of a state that was told: what has gathered goes out to the others first.
      this.publish(feed, this.context.now(), true)
      session.push(snapshotFrame(instrument, feed.told), label)
    }
  }
}

function labelOf(name: ChannelName, symbol: string): FrameLabel | undefined {
  const channel = channelOf(name)
  return channel && { channel, symbol }
}
