import { type Nanos, SECOND } from '../../model/time.js'
import { BarClock } from '../bar-clock.js'
import type { MarketInstrument, Turn } from '../market.js'
import type { TrueValue } from '../truth.js'
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
import { OkxFeed } from './feed.js'
import {
  candleRow,
  fundingRow,
  indexRow,
  interestRow,
  liquidationRow,
  markRow,
  mergedRows,
  message,
  tickerRow,
  tradeRow,
} from './frames.js'
import { indexOf, okxInstruments } from './listing.js'
import { OkxRest } from './rest.js'
import { OkxSession, type TopicHub } from './session.js'
import { barOf, type SocketPath, servedBy, type Topic, topicKey } from './topic.js'

/** OKX v5 as of 2026-11, from the protocol sheet: the public and the business socket, and REST. */
export const okx: VenueKind = {
  exchange: 'okx',
  stepNs: 1_000_000n,
  instruments: okxInstruments,
  open: (context) => new OkxVenue(context),
}

const BOOKS_EVERY: Nanos = 100_000_000n
const FUNDING_EVERY: Nanos = 30n * SECOND
const INTEREST_EVERY: Nanos = 3n * SECOND

/** Channels that tell one value of a contract: how often, its message, and what of it is the truth. */
const VALUES: readonly {
  readonly channel: string
  readonly every: Nanos
  readonly row: (feed: OkxFeed, now: Nanos) => Record<string, string> | undefined
  readonly truth: (row: Record<string, string>) => Omit<TrueValue, 'exchangeTime'>
}[] = [
  {
    channel: 'mark-price',
    every: SECOND,
    row: ({ contract }, now) => contract && markRow(contract, now),
    truth: ({ markPx = '' }) => ({ kind: 'mark_price', values: { price: markPx } }),
  },
  {
    channel: 'index-tickers',
    every: SECOND,
    row: ({ contract }, now) => contract && indexRow(contract, now),
    truth: ({ idxPx = '' }) => ({ kind: 'index_price', values: { price: idxPx } }),
  },
  {
    channel: 'funding-rate',
    every: FUNDING_EVERY,
    row: ({ contract }, now) => contract && fundingRow(contract, now),
    truth: ({ fundingRate = '', fundingTime = '' }) => ({
      kind: 'funding',
      values: { rate: fundingRate, next_funding_time: `${fundingTime}000000` },
    }),
  },
  {
    channel: 'open-interest',
    every: INTEREST_EVERY,
    row: ({ contract }, now) => contract && interestRow(contract, now),
    truth: ({ oi = '', oiUsd = '' }) => ({ kind: 'open_interest', values: { amount: oi, value: oiUsd } }),
  },
]

class OkxVenue implements Venue, TopicHub {
  readonly exchange = 'okx'
  readonly manners: SocketManners = { connects: { count: 3, perMs: 1000 } }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, OkxFeed>
  private readonly rest: OkxRest
  private readonly sessions = new Set<OkxSession>()
  private readonly listeners = new Map<string, { readonly topic: Topic; readonly sessions: Set<OkxSession> }>()
  private readonly bars = new Map<string, BarClock>()
  private readonly pushed = new Map<string, Nanos>()
  /** The newest message of liquidations, which new subscribers get again. */
  private liquidation: string | undefined

  constructor(context: VenueContext) {
    this.context = context
    const start = context.now() - (context.now() % okx.stepNs)
    this.feeds = new Map(
      context.market.instruments.map((instrument) => {
        context.truth.book(instrument, start, undefined)
        return [instrument.spec.symbol, new OkxFeed(instrument, start)]
      }),
    )
    this.rest = new OkxRest([...this.feeds.values()], context)
    const swap = context.market.instruments.find(({ spec }) => spec.symbol.endsWith('-SWAP'))
    if (swap) this.liquidation = this.longAgo(swap, start)
  }

  /** There always was a last one. */
  private longAgo({ spec }: MarketInstrument, start: Nanos): string {
    const order = { id: '', time: start - 3600n * SECOND, side: 'sell', amount: '1', averagePrice: '1' } as const
    return message({ channel: 'liquidation-orders', of: 'SWAP' }, [liquidationRow(spec, [{ ...order, price: '1' }])])
  }

  connect(link: Link, path: string): Session | undefined {
    const socket = (['public', 'business'] as const).find((each) => path === `/ws/v5/${each}`)
    if (!socket) return undefined
    const session = new OkxSession(link, socket, this)
    this.sessions.add(session)
    return {
      receive: (text) => session.receive(text),
      warn: () => session.warn(),
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
    return this.rest.refusal(status, retryAfterS)
  }

  happened(turn: Turn): void {
    const { instrument, trades } = turn
    const { spec } = instrument
    const feed = this.feeds.get(spec.symbol)
    if (!feed) return
    feed.take(turn)
    for (const trade of trades) {
      this.context.truth.trade(instrument, trade)
      this.send({ channel: 'trades-all', of: spec.symbol }, () => [tradeRow(spec, trade)])
    }
    for (const row of trades.length > 0 ? mergedRows(spec, trades, feed.seqId) : [])
      this.send({ channel: 'trades', of: spec.symbol }, () => [row])
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) {
      const { symbol } = feed.instrument.spec
      this.sendSome({ channel: 'bbo-tbt', of: symbol }, () => feed.nextQuote())
    }
    if (this.due('books', BOOKS_EVERY, now)) for (const feed of this.feeds.values()) this.pushBooks(feed, now)
    for (const value of VALUES)
      if (this.due(value.channel, value.every, now))
        for (const feed of this.feeds.values()) this.pushValue(value, feed, now)
    if (this.due('liquidations', SECOND, now)) this.pushLiquidations()
    if (this.due('tickers', SECOND, now))
      for (const { instrument } of this.feeds.values())
        this.send({ channel: 'tickers', of: instrument.spec.symbol }, () => [tickerRow(instrument, now)])
    for (const [key, clock] of this.bars) this.pushBars(key, clock, now)
    for (const session of this.sessions) session.tick(now)
  }

  /** Whether it is time; on the whole multiples of `every`. */
  private due(what: string, every: Nanos, now: Nanos): boolean {
    const slot = now / every
    if (this.pushed.get(what) === slot) return false
    this.pushed.set(what, slot)
    return true
  }

  private pushBooks(feed: OkxFeed, now: Nanos): void {
    const { symbol } = feed.instrument.spec
    if (feed.state()) this.context.truth.book(feed.instrument, feed.time, undefined)
    const row = feed.update(now, this.listeners.has(topicKey({ channel: 'books', of: symbol })))
    if (row) this.send({ channel: 'books', of: symbol }, () => [row], 'update')
    this.sendSome({ channel: 'books5', of: symbol }, () => feed.nextFew())
  }

  private pushValue({ channel, row, truth }: (typeof VALUES)[number], feed: OkxFeed, now: Nanos): void {
    const value = row(feed, now)
    if (!value) return
    this.context.truth.value(feed.instrument, { ...truth(value), exchangeTime: now - (now % okx.stepNs) })
    this.send({ channel, of: value.instId ?? '' }, () => [value])
  }

  private pushLiquidations(): void {
    const rows: object[] = []
    for (const feed of this.feeds.values()) {
      const { forced, instrument } = feed
      feed.forced = []
      for (const { time, side, price, amount } of forced)
        this.context.truth.value(instrument, {
          kind: 'liquidation',
          exchangeTime: time,
          values: { side, price, amount },
        })
      if (forced.length > 0) rows.push(liquidationRow(instrument.spec, forced))
    }
    if (rows.length === 0) return
    const topic = { channel: 'liquidation-orders', of: 'SWAP' }
    this.liquidation = message(topic, rows)
    this.send(topic, () => rows)
  }

  private pushBars(key: string, clock: BarClock, now: Nanos): void {
    const { topic } = this.listeners.get(key) ?? {}
    const feed = topic && this.feeds.get(topic.of)
    if (!topic || !feed) return
    for (const { bar, closed } of clock.due(now)) this.send(topic, () => [candleRow(feed.instrument, bar, closed)])
  }

  private sendSome(topic: Topic, row: () => object | undefined): void {
    if (!this.listeners.has(topicKey(topic))) return
    const told = row()
    if (told) this.send(topic, () => [told])
  }

  private send(topic: Topic, rows: () => readonly unknown[], action?: string): void {
    const { sessions } = this.listeners.get(topicKey(topic)) ?? {}
    if (!sessions) return
    const text = message(topic, rows(), action)
    for (const session of sessions) session.push(text, labelOf(topic))
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts(path: SocketPath, topic: Topic): boolean {
    const [socket, channel] = servedBy(topic.channel) ?? []
    if (socket !== path || !channel) return false
    const { of } = topic
    if (topic.channel === 'liquidation-orders') return of === 'SWAP' || of === 'FUTURES'
    const feed =
      topic.channel === 'index-tickers'
        ? [...this.feeds.values()].find(({ contract, instrument }) => contract && indexOf(instrument.spec) === of)
        : this.feeds.get(of)
    if (!feed || (CONTRACTS.has(topic.channel) && !feed.contract)) return false
    return !this.context.rejects(channel, feed.instrument.spec.symbol)
  }

  join(topic: Topic, session: OkxSession): void {
    const key = topicKey(topic)
    const now = this.now()
    const book = topic.channel === 'books' ? this.feeds.get(topic.of) : undefined
    // What is not told yet is told first: a new subscriber begins with a state that the truth names.
    if (book) this.pushBooks(book, now)
    const { sessions } = this.listeners.get(key) ?? { sessions: new Set<OkxSession>() }
    this.listeners.set(key, { topic, sessions: sessions.add(session) })
    for (const text of this.first(topic, now)) session.push(text, labelOf(topic))
    const interval = barOf(topic.channel)
    const feed = this.feeds.get(topic.of)
    if (interval && feed && !this.bars.has(key)) this.bars.set(key, new BarClock(feed.instrument, interval, now))
  }

  /** What a new subscriber gets at once. */
  private first(topic: Topic, now: Nanos): string[] {
    const feed = this.feeds.get(topic.of)
    switch (topic.channel) {
      case 'books':
        return feed ? [message(topic, [feed.snapshot(now)], 'snapshot')] : []
      case 'books5':
        return feed ? [message(topic, [feed.top(5)])] : []
      case 'bbo-tbt':
        return feed ? [message(topic, [feed.top(1)])] : []
      case 'trades': {
        // The last there was, as recordings show it.
        const last = feed?.instrument.trades.at(-1)
        if (!feed || !last) return []
        const { spec, trades } = feed.instrument
        const order = trades.filter(({ time }) => time === last.time)
        return [message(topic, mergedRows(spec, order, feed.seqId).slice(-1))]
      }
      case 'liquidation-orders':
        return topic.of === 'SWAP' && this.liquidation !== undefined ? [this.liquidation] : []
      default:
        return this.firstValue(topic, now)
    }
  }

  private firstValue(topic: Topic, now: Nanos): string[] {
    const value = VALUES.find(({ channel }) => channel === topic.channel)
    for (const feed of value ? this.feeds.values() : []) {
      const row = value?.row(feed, now)
      if (!value || row?.instId !== topic.of) continue
      this.context.truth.value(feed.instrument, { ...value.truth(row), exchangeTime: now - (now % okx.stepNs) })
      return [message(topic, [row])]
    }
    return []
  }

  leave(topic: Topic, session: OkxSession): void {
    const key = topicKey(topic)
    const { sessions } = this.listeners.get(key) ?? {}
    sessions?.delete(session)
    if (sessions?.size !== 0) return
    this.listeners.delete(key)
    this.bars.delete(key)
  }
}

/** Channels that only swaps have. */
const CONTRACTS: ReadonlySet<string> = new Set(['funding-rate', 'mark-price', 'open-interest'])

function labelOf(topic: Topic): FrameLabel {
  const channel = servedBy(topic.channel)?.[1]
  return { ...(channel ? { channel } : {}), symbol: topic.of }
}
