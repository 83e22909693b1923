import type { Nanos } from '../../model/time.js'
import { BarClock } from '../bar-clock.js'
import { periodOf } from '../dump.js'
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
import { DUMP_HEADER, dumpLines } from './dumps.js'
import { BybitFeed } from './feed.js'
import { klineMessage, liquidationMessage, toMs, tradeIdOf, tradeMessage, valuesIn } from './frames.js'
import { bybitInstruments, CATEGORIES, type Category, categoryOf, nameOf } from './listing.js'
import { BybitRest } from './rest.js'
import { BybitSession, type TopicHub } from './session.js'
import { channelsOf, LENGTHS, parseTopic, type Topic } from './topic.js'

/** Bybit v5 as of 2026-11, from the protocol sheet: spot, linear and inverse sockets, and REST. */
export const bybit: VenueKind = {
  exchange: 'bybit',
  stepNs: 1_000_000n,
  instruments: bybitInstruments,
  open: (context) => new BybitVenue(context),
}

const BOOKS_EVERY: Nanos = 100_000_000n
const TICKERS_EVERY: Nanos = 1_000_000_000n
const LIQUIDATIONS_EVERY: Nanos = 500_000_000n

class BybitVenue implements Venue, TopicHub {
  readonly exchange = 'bybit'
  readonly manners: SocketManners = { connects: { count: 500, perMs: 300_000 } }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, BybitFeed>
  private readonly rest: BybitRest
  private readonly sessions = new Set<BybitSession>()
  private readonly listeners = new Map<string, Set<BybitSession>>()
  private readonly bars = new Map<string, BarClock>()
  private readonly pushed = { books: 0n, tickers: 0n, liquidations: 0n }

  constructor(context: VenueContext) {
    this.context = context
    const start = context.now() - (context.now() % bybit.stepNs)
    this.feeds = new Map(
      context.market.instruments.map((instrument) => {
        context.truth.book(instrument, start, undefined)
        const feed = new BybitFeed(instrument, start)
        this.tell(feed, feed.tickerChanges(start), start)
        return [instrument.spec.symbol, feed]
      }),
    )
    this.rest = new BybitRest([...this.feeds.values()], context)
  }

  connect(link: Link, path: string): Session | undefined {
    const category = CATEGORIES.find((each) => path === `/v5/public/${each}`)
    if (!category) return undefined
    const session = new BybitSession(link, category, this)
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

  dump(path: string): Dump | null | undefined {
    const [, name, date = ''] = /^\/trading\/([^/]+)\/\1(\d{4}-\d\d-\d\d)\.csv\.gz$/.exec(path) ?? []
    if (name === undefined) return path.startsWith('/trading/') ? null : undefined
    const feed = [...this.feeds.values()].find(
      ({ instrument: { spec } }) => categoryOf(spec) !== 'spot' && nameOf(spec) === name,
    )
    const period = periodOf(date, this.now())
    if (!feed || !period) return null
    return { path, packing: 'gzip', header: DUMP_HEADER, lines: dumpLines(feed.instrument, period) }
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    return this.rest.refusal(status, retryAfterS)
  }

  happened(turn: Turn): void {
    const { instrument, trades } = turn
    const feed = this.feeds.get(instrument.spec.symbol)
    if (!feed) return
    feed.take(turn)
    if (trades.length === 0) return
    for (const trade of trades) this.context.truth.trade(instrument, trade, tradeIdOf(instrument.spec, trade))
    this.send(feed, 'publicTrade', () => tradeMessage(instrument, trades, this.now(), instrument.sequence))
  }

  tick(now: Nanos): void {
    const due = (what: keyof typeof this.pushed, every: Nanos) => {
      if (now - this.pushed[what] < every) return false
      this.pushed[what] = now
      return true
    }
    const [books, tickers, liquidations] = [
      due('books', BOOKS_EVERY),
      due('tickers', TICKERS_EVERY),
      due('liquidations', LIQUIDATIONS_EVERY),
    ]
    for (const feed of this.feeds.values()) {
      if (this.listened(feed, 'orderbook.1')) this.send(feed, 'orderbook.1', () => feed.quote(now))
      if (books) this.pushBooks(feed, now)
      if (tickers) this.pushTicker(feed, now)
      if (liquidations) this.pushLiquidations(feed, now)
    }
    for (const [key, clock] of this.bars) this.pushBars(key, clock, now)
    for (const session of this.sessions) session.tick(now)
  }

  private pushBooks(feed: BybitFeed, now: Nanos): void {
    const { state, messages } = feed.push(now, (depth) => this.listened(feed, `orderbook.${depth}`))
    if (state) this.context.truth.book(feed.instrument, feed.time, undefined)
    for (const [depth, text] of messages) this.send(feed, `orderbook.${depth}`, () => text)
  }

  private pushTicker(feed: BybitFeed, now: Nanos): void {
    const changes = feed.tickerChanges(now)
    this.tell(feed, changes, now)
    if (Object.keys(changes).length === 0) return
    // That of spot comes whole each time.
    this.send(feed, 'tickers', () =>
      feed.contract ? this.ticker('delta', changes, feed, now) : this.ticker('snapshot', feed.lastTicker, feed, now),
    )
  }

  /** The truth of what a ticker says. */
  private tell(feed: BybitFeed, fields: Readonly<Record<string, string>>, now: Nanos): void {
    if (!feed.contract) return
    const exchangeTime = now - (now % bybit.stepNs)
    for (const value of valuesIn(fields, feed.lastTicker))
      this.context.truth.value(feed.instrument, { ...value, exchangeTime })
  }

  private ticker(
    type: string,
    fields: Readonly<Record<string, string>>,
    { instrument }: BybitFeed,
    now: Nanos,
  ): string {
    const symbol = nameOf(instrument.spec)
    const data = { symbol, ...fields }
    return JSON.stringify({ topic: `tickers.${symbol}`, type, data, cs: 24987956059, ts: toMs(now) })
  }

  private pushLiquidations(feed: BybitFeed, now: Nanos): void {
    const orders = feed.forced
    feed.forced = []
    if (orders.length === 0) return
    for (const { time, side, price, amount } of orders)
      this.context.truth.value(feed.instrument, {
        kind: 'liquidation',
        exchangeTime: time,
        values: { side, price, amount },
      })
    this.send(feed, 'allLiquidation', () => liquidationMessage(feed.instrument, orders, now))
  }

  private pushBars(key: string, clock: BarClock, now: Nanos): void {
    const { topic, feed } = this.find(key) ?? {}
    if (!topic || !feed) return
    for (const { bar, closed } of clock.due(now))
      this.send(feed, `kline.${topic.detail}`, () => klineMessage(feed.instrument, topic.detail, bar, closed, now))
  }

  private listened({ instrument: { spec } }: BybitFeed, form: string): boolean {
    return this.listeners.has(keyOf(spec.symbol, form))
  }

  private send(feed: BybitFeed, form: string, message: () => string | undefined): void {
    const { symbol } = feed.instrument.spec
    const key = keyOf(symbol, form)
    const sessions = this.listeners.get(key)
    const topic = sessions && this.find(key)?.topic
    const text = topic && message()
    if (!sessions || !topic || text === undefined) return
    const label: FrameLabel = { channel: channelsOf(topic)[0], symbol }
    for (const session of sessions) session.push(text, label)
  }

  /** The topic and the feed of a listeners' key: `linear orderbook.50.BTCUSDT`. */
  private find(key: string): { topic: Topic; feed: BybitFeed } | undefined {
    const [category = '', text = ''] = key.split(' ')
    const topic = parseTopic(text)
    const feed = topic && this.feeds.get(`${category}/${topic.name}`)
    return topic && feed && { topic, feed }
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts(category: Category, text: string): boolean {
    const { topic, feed } = this.find(`${category} ${text}`) ?? {}
    if (!topic || !feed || (category === 'spot' && topic.form === 'allLiquidation')) return false
    return !channelsOf(topic).some((channel) => this.context.rejects(channel, feed.instrument.spec.symbol))
  }

  join(category: Category, text: string, session: BybitSession): void {
    const key = `${category} ${text}`
    const { topic, feed } = this.find(key) ?? {}
    if (!topic || !feed) return
    const now = this.now()
    // What is not told yet is told first: a new subscriber begins with a state that the truth names.
    if (topic.form === 'orderbook') this.pushBooks(feed, now)
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(session))
    const { symbol } = feed.instrument.spec
    const label: FrameLabel = { channel: channelsOf(topic)[0], symbol }
    if (topic.form === 'kline' && !this.bars.has(key)) {
      const interval = LENGTHS.get(topic.detail)
      if (interval) this.bars.set(key, new BarClock(feed.instrument, interval, now))
    }
    if (topic.form === 'tickers') this.tell(feed, feed.lastTicker, now)
    const first =
      topic.form === 'tickers'
        ? this.ticker('snapshot', feed.lastTicker, feed, now)
        : topic.form !== 'orderbook'
          ? undefined
          : topic.detail === '1'
            ? feed.quote(now, true)
            : feed.snapshot(Number(topic.detail), now)
    if (first !== undefined) session.push(first, label)
  }

  leave(category: Category, text: string, session: BybitSession): void {
    const key = `${category} ${text}`
    const sessions = this.listeners.get(key)
    sessions?.delete(session)
    if (sessions?.size !== 0) return
    this.listeners.delete(key)
    this.bars.delete(key)
  }
}

/** `linear/BTCUSDT` and `orderbook.50` as a key of listeners: `linear orderbook.50.BTCUSDT`. */
function keyOf(symbol: string, form: string): string {
  const [category = '', name = ''] = symbol.split('/')
  return `${category} ${form}.${name}`
}
