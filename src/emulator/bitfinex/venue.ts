import { type Nanos, SECOND } from '../../model/time.js'
import type { MarketTrade } from '../candles.js'
import { ContractMarket, type ForcedOrder } from '../contract-market.js'
import type { MarketInstrument, Turn } from '../market.js'
import type { HttpAnswer, HttpRequest, Link, Session, SocketManners, Venue, VenueContext, VenueKind } from '../venue.js'
import { BitfinexFeed } from './feed.js'
import { bitfinexInstruments, isPerpetual } from './listing.js'
import { candleRow, toMs, tradeRow } from './numbers.js'
import { PublishedBook } from './published-book.js'
import { BitfinexRest, json } from './rest.js'
import { BitfinexSession, type ChannelHub, type FeedChannel } from './session.js'
import { liquidationRow, liquidationValue, statusRow, statusValues } from './status.js'
import { channelOf, LIQUIDATIONS, type Topic, topicKey } from './topic.js'

/** Bitfinex spot and perpetuals as of 2026-11, from the protocol sheet: WebSocket v2 and REST v2. */
export const bitfinex: VenueKind = {
  exchange: 'bitfinex',
  stepNs: 1_000_000n,
  instruments: bitfinexInstruments,
  open: (context) => new BitfinexVenue(context),
}

/** The truth names 25 levels a side: a state is one of these. A subscriber of one level sees fewer states. */
const TRUTH_LEVELS = 25
const SNAPSHOT_TRADES = 30
const SNAPSHOT_BARS = 240
const TICKER_EVERY: Nanos = 1_000_000_000n
/** A trade is told again this long after it happened. */
const REPEAT_AFTER: Nanos = 1_500_000_000n
/** Ids are counted from a time, so that they also rise from one start of the emulator to the next. */
const FIRST_ID_MS = 1_700_000_000_000

class BitfinexVenue implements Venue, ChannelHub {
  readonly exchange = 'bitfinex'
  readonly manners: SocketManners = { connects: { count: 20, perMs: 60_000 } }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, BitfinexFeed>
  private readonly rest: BitfinexRest
  private readonly sessions = new Set<BitfinexSession>()
  private readonly listeners = new Map<string, Set<FeedChannel>>()
  /** Trades to be told again, oldest first. */
  private repeats: { readonly due: Nanos; readonly instrument: MarketInstrument; readonly trade: MarketTrade }[] = []
  /** Of the perpetuals. */
  private readonly contracts: ReadonlyMap<string, ContractMarket>
  private statusTime: Nanos
  private fills: { readonly due: Nanos; readonly feed: BitfinexFeed; readonly order: ForcedOrder }[] = []
  private nextTradeId: number
  private nextChannel = 100_000

  constructor(context: VenueContext) {
    this.context = context
    const start = context.now()
    this.nextTradeId = toMs(start) - FIRST_ID_MS
    const feeds = context.market.instruments.map((instrument) => {
      const book = new PublishedBook(instrument, start)
      context.truth.book(instrument, book.time, undefined)
      return new BitfinexFeed(instrument, book)
    })
    this.feeds = new Map(feeds.map((feed) => [feed.instrument.spec.symbol, feed]))
    this.statusTime = start - (start % SECOND)
    this.contracts = new Map(
      context.market.instruments
        .filter(({ spec }) => isPerpetual(spec))
        .map((instrument) => [instrument.spec.symbol, new ContractMarket(instrument, { seed: 'bitfinex', places: 6 })]),
    )
    for (const { instrument } of feeds) {
      const contract = this.contracts.get(instrument.spec.symbol)
      if (!contract) continue
      for (const value of statusValues(contract, this.statusTime)) context.truth.value(instrument, value)
    }
    this.rest = new BitfinexRest(feeds, this.contracts, context.now, context.page, context.delisted)
  }

  connect(link: Link, path: string): Session | undefined {
    if (path !== '/ws/2') return undefined
    const session = new BitfinexSession(link, this)
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
    const retry = retryAfterS === undefined ? undefined : { 'retry-after': String(retryAfterS) }
    const body = status >= 500 ? '["error",20060,"maintenance"]' : '["error",11010,"ratelimit: error"]'
    return json(status, body, retry)
  }

  happened(turn: Turn): void {
    const { instrument, trades } = turn
    const feed = this.feeds.get(instrument.spec.symbol)
    if (!feed || trades.length === 0) return
    const { symbol } = instrument.spec
    const now = this.context.now()
    for (const { id: _, ...happened } of trades) {
      const trade: MarketTrade = { id: this.nextTradeId++, ...happened }
      feed.add(trade)
      this.context.truth.trade(instrument, trade)
      this.send({ channel: 'trades', symbol }, now, () => `"te",${tradeRow(instrument.spec, trade)}`)
      this.repeats.push({ due: now + REPEAT_AFTER, instrument, trade })
    }
    this.sendCandles(instrument, trades.length, now)
    for (const order of this.contracts.get(symbol)?.forced(turn) ?? []) {
      this.context.truth.value(instrument, liquidationValue(order))
      this.sendLiquidation(feed, order, false, now)
      this.fills.push({ due: now + REPEAT_AFTER, feed, order })
    }
  }

  private sendLiquidation(feed: BitfinexFeed, order: ForcedOrder, match: boolean, now: Nanos): void {
    const topic: Topic = { channel: 'status', symbol: '', key: LIQUIDATIONS }
    this.send(topic, now, () => `[${liquidationRow(feed, order, match)}]`)
  }

  /** Each second. What has not changed may be left out: here the rates, every second time. */
  private sendStatuses(now: Nanos): void {
    const time = now - (now % SECOND)
    if (time <= this.statusTime) return
    this.statusTime = time
    for (const [symbol, contract] of this.contracts) {
      const feed = this.feeds.get(symbol)
      if (!feed) continue
      for (const value of statusValues(contract, time)) this.context.truth.value(feed.instrument, value)
      const brief = (time / SECOND) % 2n === 1n && contract.at(time).rate === contract.at(time - SECOND).rate
      this.send({ channel: 'status', symbol, key: `deriv:${symbol}` }, now, () =>
        statusRow(feed, contract, time, brief),
      )
    }
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) {
      if (feed.book.advance(now)) this.sendBook(feed)
      this.sendTicker(feed, now)
    }
    const due = this.repeats.findIndex((repeat) => repeat.due > now)
    for (const { instrument, trade } of this.repeats.splice(0, due < 0 ? this.repeats.length : due))
      this.send(
        { channel: 'trades', symbol: instrument.spec.symbol },
        now,
        () => `"tu",${tradeRow(instrument.spec, trade)}`,
      )
    this.sendStatuses(now)
    const filled = this.fills.filter(({ due: at }) => at <= now)
    if (filled.length > 0) this.fills = this.fills.filter(({ due: at }) => at > now)
    for (const { feed, order } of filled) this.sendLiquidation(feed, order, true, now)
    for (const session of this.sessions) session.tick(now)
  }

  private sendBook({ book, instrument }: BitfinexFeed): void {
    const { symbol } = instrument.spec
    if (book.batch(TRUTH_LEVELS).length > 0) this.context.truth.book(instrument, book.time, undefined)
    for (const length of [1, 25, 100, 250]) {
      const channels = this.listeners.get(topicKey({ channel: 'book', symbol, length }))
      const entries = channels ? book.batch(length) : []
      if (!channels || entries.length === 0) continue
      const sum = book.checksum(length)
      for (const channel of channels) {
        for (const [i, entry] of entries.entries()) {
          const time = book.time - BigInt(entries.length - 1 - i) * 1_000_000n
          channel.session.push(channel, entry, time)
        }
        if (channel.session.wantsChecksums)
          channel.session.push(channel, `"cs",${sum}`, book.time, true, `"cs",${sum ^ 1}`)
      }
    }
  }

  private sendTicker(feed: BitfinexFeed, now: Nanos): void {
    const topic: Topic = { channel: 'ticker', symbol: feed.instrument.spec.symbol }
    if (!this.listeners.has(topicKey(topic)) || now - feed.ticker.time < TICKER_EVERY) return
    const text = feed.tickerRow()
    if (text === feed.ticker.text) return
    feed.ticker = { text, time: now }
    this.send(topic, now, () => text)
  }

  /** After trades: the running bar; when it is new, the finished one once more before it. */
  private sendCandles({ spec, candles }: MarketInstrument, trades: number, now: Nanos): void {
    for (const channels of this.listeners.values()) {
      const [{ topic } = { topic: undefined }] = channels
      if (topic?.channel !== 'candles' || topic.symbol !== spec.symbol) continue
      const bars = candles.held(topic.interval).slice(-2)
      const opened = (bars.at(-1)?.trades ?? 0) <= trades
      for (const bar of opened ? bars : bars.slice(-1)) this.send(topic, now, () => candleRow(spec, bar))
    }
  }

  private send(topic: Topic, time: Nanos, payload: () => string): void {
    const channels = this.listeners.get(topicKey(topic))
    if (!channels) return
    const text = payload()
    for (const channel of channels) channel.session.push(channel, text, time)
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts(topic: Topic): boolean {
    const { symbol } = topic
    if (topic.channel === 'status' && topic.key === LIQUIDATIONS) return true
    const known = topic.channel === 'status' ? this.contracts.has(symbol) : this.feeds.has(symbol)
    return known && !this.context.rejects(channelOf(topic), symbol)
  }

  nextChannelId(): number {
    return this.nextChannel++
  }

  join(channel: FeedChannel): void {
    this.tellFirst(channel)
    const key = topicKey(channel.topic)
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(channel))
  }

  private tellFirst(channel: FeedChannel): void {
    const { topic, session } = channel
    const feed = this.feeds.get(topic.symbol)
    if (!feed) return
    const { instrument, book } = feed
    const { spec, candles } = instrument
    const now = this.context.now()
    switch (topic.channel) {
      case 'trades': {
        const rows = feed.trades.slice(-SNAPSHOT_TRADES).reverse()
        session.push(channel, `[${rows.map((trade) => tradeRow(spec, trade)).join(',')}]`, now)
        break
      }
      case 'book':
        session.push(channel, book.snapshot(topic.length), book.time)
        break
      case 'ticker':
        session.push(channel, feed.tickerRow(), now)
        break
      case 'candles': {
        const bars = candles.held(topic.interval).slice(-SNAPSHOT_BARS).reverse()
        session.push(channel, `[${bars.map((bar) => candleRow(spec, bar)).join(',')}]`, now)
        break
      }
      case 'status': {
        const contract = this.contracts.get(topic.symbol)
        if (contract) session.push(channel, statusRow(feed, contract, this.statusTime), now)
      }
    }
  }

  leave(channel: FeedChannel): void {
    const key = topicKey(channel.topic)
    const channels = this.listeners.get(key)
    channels?.delete(channel)
    if (channels?.size === 0) this.listeners.delete(key)
  }
}
