import { type Nanos, SECOND } from '../../model/time.js'
import { candleOpen } from '../candles.js'
import { ContractMarket } from '../contract-market.js'
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
import { BitmexFeed, type BookMessage, WINDOW } from './feed.js'
import { figures } from './figures.js'
import { bitmexInstruments } from './listing.js'
import { BitmexRest, refused } from './rest.js'
import { BINS, binRow, bookRow, quoteRow, stamp, topTenRow, tradeId, tradeRow } from './rows.js'
import { BitmexSession, CONNECTS, type TableHub } from './session.js'
import { message, partial, TABLES, type Topic } from './topic.js'
import { fundingRow, wholeTable } from './whole-table.js'

/** BitMEX as of 2026-11, from the protocol sheet: the realtime API and REST. */
export const bitmex: VenueKind = {
  exchange: 'bitmex',
  stepNs: 1_000_000n,
  instruments: bitmexInstruments,
  open: (context) => new BitmexVenue(context),
}

/** Bars are sent this long after they have closed. */
const BIN_AFTER: Nanos = SECOND
/** A forced order stands this long in the table. */
const FORCED_FOR: Nanos = 5n * SECOND

/** Fields of `instrument` that the truth has only when they are said. */
const PRICES: ReadonlySet<string> = new Set(['markPrice', 'indicativeSettlePrice'])

class BitmexVenue implements Venue, TableHub {
  readonly exchange = 'bitmex'
  readonly manners: SocketManners = { connects: { count: CONNECTS, perMs: 3_600_000 } }
  private readonly context: VenueContext
  private readonly feeds: ReadonlyMap<string, BitmexFeed>
  private readonly rest: BitmexRest
  private readonly listeners = new Map<string, Set<BitmexSession>>()
  private readonly binned = new Map<string, Nanos>()
  private forced: { readonly orderID: string; readonly symbol: string; readonly until: Nanos }[] = []

  constructor(context: VenueContext) {
    this.context = context
    const start = context.now() - (context.now() % bitmex.stepNs)
    this.feeds = new Map(
      context.market.instruments.map((instrument) => {
        context.truth.book(instrument, start, undefined)
        const contract = new ContractMarket(instrument, { seed: 'bitmex', places: 4 })
        return [instrument.spec.symbol, new BitmexFeed(instrument, contract, start)]
      }),
    )
    for (const feed of this.feeds.values()) this.changedFields(feed)
    for (const [name, interval] of BINS) this.binned.set(name, candleOpen(interval, start))
    this.rest = new BitmexRest(this.feeds, context.now, context.page, context.delisted)
  }

  connect(link: Link, path: string, query: URLSearchParams): Session | undefined {
    if (path !== '/realtime') return undefined
    return new BitmexSession(link, this, query.get('subscribe')?.split(',').filter(Boolean) ?? [])
  }

  http(request: HttpRequest): HttpAnswer {
    return this.rest.answer(request)
  }

  dump(path: string): Dump | null | undefined {
    const [, year, month, day] = /^\/data\/trade\/(\d{4})(\d\d)(\d\d)\.csv\.gz$/.exec(path) ?? []
    if (year === undefined) return path.startsWith('/data/') ? null : undefined
    const period = periodOf(`${year}-${month}-${day}`, this.context.now())
    if (!period) return null
    const lines = [...this.feeds.values()].flatMap(({ instrument }) => dumpLines(instrument, period))
    return { path, packing: 'gzip', header: DUMP_HEADER, lines }
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    const text =
      status >= 500
        ? 'The system is currently overloaded. Please try again later.'
        : `Rate limit exceeded, retry in ${retryAfterS ?? 1} seconds.`
    return refused(status, text, retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) })
  }

  happened(turn: Turn): void {
    const { instrument, trades, changes } = turn
    const { spec } = instrument
    const feed = this.feeds.get(spec.symbol)
    if (!feed) return
    feed.gather(changes)
    if (trades.length === 0) return
    for (const trade of trades) this.context.truth.trade(instrument, trade, tradeId(spec, trade.id))
    this.send('trade', spec.symbol, () =>
      message(
        'trade',
        'insert',
        trades.map((trade) => tradeRow(spec, trade)),
      ),
    )
    for (const { id, side, price, amount, time } of feed.contract.forced(turn)) {
      const orderID = tradeId(spec, Number(id))
      const row = { orderID, symbol: spec.symbol, side: side === 'buy' ? 'Buy' : 'Sell', price: Number(price) }
      this.send('liquidation', spec.symbol, () =>
        message('liquidation', 'insert', [{ ...row, leavesQty: Number(amount) }]),
      )
      this.forced.push({ orderID, symbol: spec.symbol, until: time + FORCED_FOR })
    }
  }

  tick(now: Nanos): void {
    for (const feed of this.feeds.values()) {
      this.publish(feed, now)
      this.tellInstrument(feed, now)
    }
    this.sendBins(now)
    const over = this.forced.filter(({ until }) => until <= now)
    if (over.length) this.forced = this.forced.filter(({ until }) => until > now)
    for (const { orderID, symbol } of over)
      this.send('liquidation', symbol, () => message('liquidation', 'delete', [{ orderID, symbol }]))
  }

  private publish(feed: BitmexFeed, now: Nanos): void {
    const published = feed.publish(now)
    if (!published) return
    const { instrument, last } = feed
    const { symbol } = instrument.spec
    if (published.window.length > 0) this.context.truth.book(instrument, feed.told, undefined)
    this.sendBook(feed, 'orderBookL2', published.whole)
    this.sendBook(feed, `orderBookL2_${WINDOW}`, published.window)
    const top = JSON.stringify([instrument.bids.best(10), instrument.asks.best(10)])
    if (top !== last.top) {
      last.top = top
      this.send('orderBook10', symbol, () => message('orderBook10', 'update', [topTenRow(feed)]))
    }
    const quote = JSON.stringify([instrument.bids.best(1), instrument.asks.best(1)])
    if (quote === last.quote) return
    last.quote = quote
    this.send('quote', symbol, () => message('quote', 'insert', [quoteRow(feed)]))
  }

  private sendBook({ instrument: { spec } }: BitmexFeed, table: string, messages: readonly BookMessage[]): void {
    for (const { action, levels, time } of messages)
      this.send(table, spec.symbol, () =>
        message(
          table,
          action,
          levels.map((entry) => bookRow(spec, action, entry, time)),
        ),
      )
  }

  /** Each second: the fields that have changed. */
  private tellInstrument(feed: BitmexFeed, now: Nanos): void {
    const time = now - (now % SECOND)
    if (time <= feed.instrumentTime) return
    const { instrument, contract } = feed
    const { symbol } = instrument.spec
    const interval = contract.fundingInterval
    if (time / interval !== feed.instrumentTime / interval) this.charge(feed, (time / interval) * interval)
    feed.instrumentTime = time
    const changed = this.changedFields(feed)
    if (changed.length > 0)
      this.send('instrument', symbol, () =>
        message('instrument', 'update', [{ symbol, ...Object.fromEntries(changed), timestamp: stamp(time) }]),
      )
  }

  /** What is no longer as it was told last; it counts as told now. */
  private changedFields(feed: BitmexFeed): [name: string, value: unknown][] {
    const { last, instrumentTime } = feed
    const changed = Object.entries(figures(feed, instrumentTime)).filter(
      ([name, value]) => last.instrument.get(name) !== value,
    )
    for (const [name, value] of changed) last.instrument.set(name, value)
    this.truthOf(feed, new Set(changed.map(([name]) => name)))
    return changed
  }

  private truthOf(feed: BitmexFeed, changed: ReadonlySet<string>): void {
    const { truth } = this.context
    const { instrument, contract, instrumentTime: exchangeTime } = feed
    const { mark, index, rate, predictedRate, nextFunding } = contract.at(exchangeTime)
    const say = (kind: 'mark_price' | 'index_price' | 'open_interest' | 'funding', values: Record<string, string>) =>
      truth.value(instrument, { kind, exchangeTime, values })
    const sayOnce = (kind: 'mark_price' | 'index_price', price: string) => {
      if (feed.said.get(kind) === exchangeTime) return
      feed.said.set(kind, exchangeTime)
      say(kind, { price })
    }
    if (changed.has('markPrice')) sayOnce('mark_price', mark)
    if (changed.has('indicativeSettlePrice')) sayOnce('index_price', index)
    // What stands is told to each new subscriber too, at any second.
    say('funding', { rate, predicted_rate: predictedRate, next_funding_time: String(nextFunding) })
    const { openInterest, openValue } = figures(feed, exchangeTime)
    say('open_interest', { amount: String(openInterest), value: String(openValue) })
  }

  private feedOf(symbol: string): BitmexFeed {
    const feed = this.feeds.get(symbol)
    if (!feed) throw new Error(`no instrument ${symbol}`)
    return feed
  }

  /** The rate is charged, and told as it was. */
  private charge({ instrument, contract }: BitmexFeed, time: Nanos): void {
    const { symbol } = instrument.spec
    const rate = contract.charged(time)
    this.context.truth.value(instrument, {
      kind: 'funding',
      exchangeTime: time,
      values: { rate, predicted_rate: null, next_funding_time: null },
    })
    this.send('funding', symbol, () => message('funding', 'insert', [fundingRow(symbol, time, rate)]))
  }

  /** Once after a bar has closed, quiet ones too. */
  private sendBins(now: Nanos): void {
    for (const [name, interval] of BINS) {
      const open = candleOpen(interval, now - BIN_AFTER)
      const before = this.binned.get(name) ?? open
      if (open <= before) continue
      this.binned.set(name, open)
      for (const { instrument } of this.feeds.values()) {
        const { spec, candles } = instrument
        const bar = candles.at(interval, before)
        if (!bar) continue
        const earlier = candles.at(interval, before - (bar.closeTime - bar.openTime))
        this.send(`tradeBin${name}`, spec.symbol, () =>
          message(`tradeBin${name}`, 'insert', [binRow(spec, bar, earlier)]),
        )
      }
    }
  }

  private send(table: string, symbol: string, frame: () => string): void {
    const sessions = [...(this.listeners.get(`${table}:${symbol}`) ?? []), ...(this.listeners.get(`${table}:`) ?? [])]
    if (sessions.length === 0) return
    const text = frame()
    const label = labelOf(table, symbol)
    for (const session of sessions) session.push(text, label)
  }

  now(): Nanos {
    return this.context.now()
  }

  accepts({ table, symbol }: Topic): boolean {
    if (symbol === undefined) return true
    const channel = TABLES.get(table)
    return this.feeds.has(symbol) && (channel === undefined || !this.context.rejects(channel, symbol))
  }

  join({ table, symbol = '' }: Topic, session: BitmexSession): void {
    const key = `${table}:${symbol}`
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(session))
  }

  leave({ table, symbol = '' }: Topic, session: BitmexSession): void {
    const key = `${table}:${symbol}`
    const sessions = this.listeners.get(key)
    sessions?.delete(session)
    if (sessions?.size === 0) this.listeners.delete(key)
  }

  whole(topic: Topic, session: BitmexSession): void {
    const { table, symbol } = topic
    const feeds = symbol === undefined ? [...this.feeds.values()] : [this.feedOf(symbol)]
    for (const feed of feeds) {
      const own = feed.instrument.spec.symbol
      // What did not change this second is said all the same, to who is new.
      if (table === 'instrument') this.truthOf(feed, PRICES)
      session.push(
        partial({ table, symbol: own }, wholeTable(table, feed, this.now(), this.binned)),
        labelOf(table, own),
      )
    }
  }
}

function labelOf(table: string, symbol: string): FrameLabel {
  const channel = TABLES.get(table)
  return channel ? { channel, symbol } : { symbol }
}
