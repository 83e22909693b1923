import type { Channel } from '../../model/dataset.js'
import { type Nanos, SECOND } from '../../model/time.js'
import { binanceDump } from '../binance/dumps.js'
import { toMs } from '../binance/feed.js'
import { isKlineInterval, KlineStream, usualSums } from '../binance/kline.js'
import { type BinanceSession, openSession } from '../binance/session.js'
import { ContractMarket, type OpenPositions } from '../contract-market.js'
import { amountText, priceText } from '../instrument-spec.js'
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
import { FuturesFeed, inverseSums, wireNumber } from './feed.js'
import { COINM, type FuturesMarket, futuresInstruments, pairOf, USDM } from './listing.js'
import { FuturesRest } from './rest.js'

/** Binance USD-M futures as of 2026-07, from the protocol sheet: two groups of streams on two paths, book by REST snapshot and `pu` rule. */
export const binanceUsdm: VenueKind = venueKind(USDM)
/** Binance COIN-M futures as of 2026-07: one path, amounts in contracts, the index in a stream of the pair. */
export const binanceCoinm: VenueKind = venueKind(COINM)

function venueKind(market: FuturesMarket): VenueKind {
  return {
    exchange: market.exchange,
    stepNs: 1_000_000n,
    instruments: (coins) => futuresInstruments(market, coins),
    open: (context) => new FuturesVenue(market, context),
  }
}

/** Groups of USD-M: a stream on the path of the other group is confirmed and stays silent. */
type Group = 'public' | 'market'

/** What stands after the `@` of a stream, and what it is. */
const STREAMS: Readonly<Record<string, { readonly channel: Channel; readonly group: Group }>> = {
  aggTrade: { channel: 'trades', group: 'market' },
  // Not documented, but spoken.
  trade: { channel: 'trades', group: 'public' },
  depth: { channel: 'book', group: 'public' },
  'depth@100ms': { channel: 'book', group: 'public' },
  'depth@500ms': { channel: 'book', group: 'public' },
  depth5: { channel: 'book', group: 'public' },
  depth10: { channel: 'book', group: 'public' },
  depth20: { channel: 'book', group: 'public' },
  'depth5@100ms': { channel: 'book', group: 'public' },
  'depth10@100ms': { channel: 'book', group: 'public' },
  'depth20@100ms': { channel: 'book', group: 'public' },
  bookTicker: { channel: 'quotes', group: 'public' },
  markPrice: { channel: 'mark_price', group: 'market' },
  'markPrice@1s': { channel: 'mark_price', group: 'market' },
  indexPrice: { channel: 'index_price', group: 'market' },
  'indexPrice@1s': { channel: 'index_price', group: 'market' },
  forceOrder: { channel: 'liquidations', group: 'market' },
}
const KLINE = { channel: 'ohlc', group: 'market' } as const
/** Seconds between two pushes where a stream's name names none. */
const SLOW_SECONDS = 3n

class FuturesVenue implements Venue {
  readonly exchange: string
  readonly manners: SocketManners = {
    pingEveryMs: 180_000,
    pongWithinMs: 600_000,
    lifetimeMs: 24 * 3_600_000,
    messagesPerSecond: 10,
    connects: { count: 300, perMs: 300_000 },
  }
  private readonly market: FuturesMarket
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, FuturesFeed>
  private readonly rest: FuturesRest
  private readonly listeners = new Map<string, Set<BinanceSession>>()
  private readonly groups = new Map<BinanceSession, Group>()
  private readonly klines = new Map<string, { readonly stream: KlineStream; readonly label: FrameLabel }>()
  private second: Nanos

  constructor(market: FuturesMarket, context: VenueContext) {
    this.market = market
    this.context = context
    this.exchange = market.exchange
    this.second = context.now() / SECOND
    const indices = new Map<string, ContractMarket>()
    const feeds = context.market.instruments.map((instrument) => {
      const contract = new ContractMarket(instrument, { seed: context.seed })
      const pair = pairOf(instrument.spec)
      const index = indices.get(pair) ?? contract
      indices.set(pair, index)
      return new FuturesFeed(market, instrument, contract, index)
    })
    this.feeds = new Map(feeds.map((feed) => [feed.stream, feed]))
    this.rest = new FuturesRest(market, feeds, context)
    for (const feed of feeds) this.noteInterest(feed, feed.contract.openInterest(context.now()))
  }

  connect(link: Link, path: string, query: URLSearchParams): Session | undefined {
    // Without a group in the path: the old address, which still answers and serves the public group alone.
    const [, group] = /^\/(public|market)(?=\/)/.exec(path) ?? []
    if (group !== undefined && this.market.inverse) return undefined
    const of: Group = group === 'market' ? 'market' : 'public'
    return openSession(link, group === undefined ? path : path.slice(group.length + 1), query, {
      subscribe: (stream, by) => {
        this.groups.set(by, of)
        this.subscribe(stream, by)
      },
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
    const { inverse } = this.market
    const folder = inverse ? 'futures/cm' : 'futures/um'
    const sums = inverse ? inverseSums : usualSums
    return binanceDump({ folder, sums }, [...this.feeds.values()], path, this.context.now()) ?? null
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    return this.rest.budget.refusal(status, retryAfterS)
  }

  happened(turn: Turn): void {
    const { instrument } = turn
    const { symbol } = instrument.spec
    const feed = this.feeds.get(symbol.toLowerCase())
    if (!feed) return
    const now = this.context.now()
    for (const trade of turn.trades)
      this.send(`${feed.stream}@trade`, { channel: 'trades', symbol }, () => feed.singlePayload(trade, now))
    for (const trade of feed.add(turn)) {
      this.context.truth.trade(instrument, trade)
      this.send(`${feed.stream}@aggTrade`, { channel: 'trades', symbol }, () => feed.tradePayload(trade, now))
    }
    const quote = feed.changedQuote(now, turn.time)
    if (quote) this.send(`${feed.stream}@bookTicker`, { channel: 'quotes', symbol }, () => quote)
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) this.pushDepth(feed, now)
    for (const [name, { stream, label }] of this.klines)
      for (const text of stream.due(now)) this.send(name, label, () => text)
    for (; this.second < now / SECOND; this.second++) this.pushSecond((this.second + 1n) * SECOND, now)
  }

  private pushDepth(feed: FuturesFeed, now: Nanos): void {
    const { instrument } = feed
    const label: FrameLabel = { channel: 'book', symbol: instrument.spec.symbol }
    const times = { T: toMs(now) }
    let fresh = true
    for (const [name, depth] of feed.depths) {
      // A slower push never shows a state between two fast ones: those are the states the truth names.
      const push = name === 'depth@100ms' || fresh ? depth.take(now, instrument) : undefined
      if (name === 'depth@100ms') fresh = !depth.pending
      if (!push) continue
      if (name === 'depth@100ms') {
        this.context.truth.book(instrument, now - (now % 1_000_000n), wireNumber(instrument.sequence))
        this.pushBest(feed, now, label)
      }
      this.send(`${feed.stream}@${name}`, label, () => feed.payload('depthUpdate', now, { ...times, ...push }))
    }
  }

  /** The best levels in full, with each fast push. */
  private pushBest(feed: FuturesFeed, now: Nanos, label: FrameLabel): void {
    const { bids, asks, spec, sequence } = feed.instrument
    for (const limit of [5, 10, 20]) {
      for (const name of [`depth${limit}`, `depth${limit}@100ms`]) {
        this.send(`${feed.stream}@${name}`, label, () => {
          const levels = (side: typeof bids) =>
            side.best(limit).map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount)])
          const u = wireNumber(sequence)
          const fields = { T: toMs(now), U: u - 5, u, pu: u - 6, b: levels(bids), a: levels(asks) }
          return feed.payload('depthUpdate', now, fields)
        })
      }
    }
  }

  /** What is told once a second; `second` is a whole one that has just begun. */
  private pushSecond(second: Nanos, now: Nanos): void {
    const { truth } = this.context
    const slow = (second / SECOND) % SLOW_SECONDS === 0n
    const pairs = new Set<string>()
    for (const feed of this.feeds.values()) {
      const { instrument } = feed
      const { spec } = instrument
      const { symbol } = spec
      const { mark, index, rate, nextFunding } = feed.at(second)
      truth.value(instrument, { kind: 'mark_price', exchangeTime: second, values: { price: mark } })
      truth.value(instrument, { kind: 'index_price', exchangeTime: second, values: { price: index } })
      if (!feed.dated) {
        const values = { rate, next_funding_time: String(nextFunding) }
        truth.value(instrument, { kind: 'funding', exchangeTime: second, values })
      }
      const interest = feed.contract.openInterest(second)
      if (interest.time === second) this.noteInterest(feed, interest)
      const label: FrameLabel = { channel: 'mark_price', symbol }
      this.send(`${feed.stream}@markPrice@1s`, label, () => feed.markPayload(second))
      if (slow) this.send(`${feed.stream}@markPrice`, label, () => feed.markPayload(second))
      this.pushForced(feed, now)
      const pair = pairOf(spec)
      if (!this.market.inverse || pairs.has(pair)) continue
      pairs.add(pair)
      const payload = () => JSON.stringify({ e: 'indexPriceUpdate', E: toMs(second), i: pair, p: index })
      for (const name of slow ? ['indexPrice@1s', 'indexPrice'] : ['indexPrice@1s'])
        this.send(`${pair.toLowerCase()}@${name}`, { channel: 'index_price', symbol: pair }, payload)
    }
  }

  private noteInterest({ instrument }: FuturesFeed, { time, amount }: OpenPositions): void {
    this.context.truth.value(instrument, { kind: 'open_interest', exchangeTime: time, values: { amount } })
  }

  private pushForced(feed: FuturesFeed, now: Nanos): void {
    const order = feed.takeForced()
    if (!order) return
    const { instrument } = feed
    const { side, price, averagePrice, amount, time } = order
    const values = { side, price, average_price: averagePrice, amount }
    this.context.truth.value(instrument, { kind: 'liquidation', exchangeTime: time, values })
    const label: FrameLabel = { channel: 'liquidations', symbol: instrument.spec.symbol }
    for (const stream of [`${feed.stream}@forceOrder`, '!forceOrder@arr'])
      this.send(stream, label, () => feed.forcedPayload(order, now))
  }

  private send(stream: string, label: FrameLabel, frame: () => string): void {
    const sessions = this.listeners.get(stream)
    if (!sessions) return
    const group = this.groupOf(stream)
    let text: string | undefined
    for (const session of sessions) {
      if (!this.market.inverse && group !== this.groups.get(session)) continue
      text ??= frame()
      session.push(stream, text, label)
    }
  }

  private groupOf(stream: string): Group {
    const name = stream.slice(stream.indexOf('@') + 1)
    return STREAMS[name]?.group ?? 'market'
  }

  /** Remembers who listens. A stream that does not exist, or is of another group, is confirmed and stays silent. */
  private subscribe(stream: string, session: BinanceSession): void {
    this.listeners.set(stream, (this.listeners.get(stream) ?? new Set()).add(session))
    const { feed, interval } = this.parse(stream) ?? {}
    if (!feed || !interval || this.klines.has(stream)) return
    const options = { pushEveryMs: 250, sums: this.market.inverse ? inverseSums : usualSums }
    const kline = new KlineStream(feed.instrument, interval, this.context.now(), options)
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
    const [name, of] = [stream.slice(at + 1), stream.slice(0, at)]
    const feed =
      this.feeds.get(of) ??
      [...this.feeds.values()].find(({ instrument }) => pairOf(instrument.spec).toLowerCase() === of)
    if (!feed) return undefined
    const interval = name.startsWith('kline_') ? name.slice(6) : ''
    if (isKlineInterval(interval)) return { feed, ...KLINE, interval }
    const known = STREAMS[name]
    return known && { feed, channel: known.channel, interval: undefined }
  }
}
