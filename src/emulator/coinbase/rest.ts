import { INTERVALS, type Interval } from '../../model/dataset.js'
import { type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import { amountText, fixedText, priceText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import type { CoinbaseFeed } from './feed.js'
import { stamp } from './frames.js'
import { currencies, product, products } from './listing.js'

const MAX_TRADES = 1000
const USUAL_TRADES = 100
const MAX_BARS = 300n
const PER_SECOND = 10
const BURST = 15
/** Lengths of candles in seconds. */
const GRANULARITIES: ReadonlyMap<number, Interval> = new Map([
  [60, '1m'],
  [300, '5m'],
  [900, '15m'],
  [3600, '1h'],
  [21_600, '6h'],
  [86_400, '1d'],
])

/** Coinbase Exchange's REST API for market data. */
export class CoinbaseRest {
  private readonly feeds: ReadonlyMap<string, CoinbaseFeed>
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private tokens = BURST
  private counted: Nanos

  constructor(
    feeds: ReadonlyMap<string, CoinbaseFeed>,
    now: () => Nanos,
    page: NonNullable<VenueContext['page']> = (rows) => rows,
    delisted: NonNullable<VenueContext['delisted']> = () => false,
  ) {
    this.feeds = feeds
    this.now = now
    this.page = page
    this.delisted = delisted
    this.counted = now()
  }

  answer({ path, query }: HttpRequest): HttpAnswer {
    if (!this.spend()) return message(429, 'Public rate limit exceeded')
    const [, root = '', id, what, ...more] = path.split('/')
    if (more.length) return message(404, 'NotFound')
    if (root === 'time' && id === undefined) {
      const now = this.now()
      return json({ iso: stamp(now), epoch: Number(now / 1_000_000n) / 1000 })
    }
    const specs = [...this.feeds.values()].map(({ instrument }) => instrument.spec)
    if (root === 'currencies' && id === undefined) return json(currencies(specs))
    if (root !== 'products') return message(404, 'NotFound')
    if (id === undefined) return json(products(specs.filter(({ symbol }) => !this.delisted(symbol))))
    if (id === 'stats' && what === undefined) return json(this.everyStats())
    const feed = this.feeds.get(decodeURIComponent(id))
    if (!feed) return message(404, 'NotFound')
    switch (what) {
      case undefined:
        return json(product(feed.instrument.spec, true))
      case 'trades':
        return this.trades(feed.instrument, query)
      case 'candles':
        return this.candles(feed.instrument, query)
      case 'book':
        return this.book(feed, query)
      case 'ticker':
        return this.ticker(feed.instrument)
      case 'stats':
        return json({ ...dayStats(feed.instrument), volume_30day: dayStats(feed.instrument).volume })
      default:
        return message(404, 'NotFound')
    }
  }

  private spend(): boolean {
    const now = this.now()
    this.tokens = Math.min(BURST, this.tokens + (Number(now - this.counted) / 1e9) * PER_SECOND)
    this.counted = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }

  /** Newest first; `after` gives older ones than an id, `before` newer ones. The cursors stand in headers. */
  private trades({ trades, spec }: MarketInstrument, query: URLSearchParams): HttpAnswer {
    const limit = whole(query, 'limit') ?? USUAL_TRADES
    const after = whole(query, 'after')
    const before = whole(query, 'before')
    if (limit < 1 || limit > MAX_TRADES || Number.isNaN(limit + (after ?? 0) + (before ?? 0)))
      return message(400, 'Invalid limit, before or after')
    const newest = this.page(
      trades
        .filter(({ id }) => (after === undefined || id < after) && (before === undefined || id > before))
        .slice(-limit)
        .reverse(),
    )
    const [first] = newest
    const last = newest.at(-1)
    const cursors = first && last ? { 'cb-before': String(first.id), 'cb-after': String(last.id) } : {}
    return json(
      newest.map(({ id, price, amount, takerSide, time }) => ({
        trade_id: id,
        side: takerSide === 'buy' ? 'sell' : 'buy',
        size: amountText(spec, amount),
        price: priceText(spec, price),
        time: stamp(time),
      })),
      cursors,
    )
  }

  /** `[time, LOW, HIGH, OPEN, CLOSE, volume]`, newest first; no row for an interval without trades. */
  private candles({ spec, candles }: MarketInstrument, query: URLSearchParams): HttpAnswer {
    const seconds = whole(query, 'granularity') ?? 60
    const interval = GRANULARITIES.get(seconds)
    if (!interval) return message(400, 'Unsupported granularity')
    const end = moment(query.get('end')) ?? this.now()
    const length = BigInt(INTERVALS[interval]) * SECOND
    const start = moment(query.get('start')) ?? end - length * MAX_BARS
    if (end < start) return message(400, 'End must be after start')
    if ((end - start) / length > MAX_BARS)
      return message(
        400,
        'granularity too small for the requested time range. Count of aggregations requested exceeds 300',
      )
    const price = (ticks: number) => Number(priceText(spec, ticks))
    const rows = this.page(
      candles
        .held(interval)
        .filter(({ openTime }) => openTime >= start && openTime <= end)
        .slice(-Number(MAX_BARS))
        .reverse(),
    ).map(({ openTime, low, high, open, close, volume }) => [
      Number(openTime / SECOND),
      price(low),
      price(high),
      price(open),
      price(close),
      Number(amountText(spec, volume)),
    ])
    return json(rows)
  }

  /** As the market stands now: the feed may tell it up to 50 ms later. */
  private book({ instrument, sequence }: CoinbaseFeed, query: URLSearchParams): HttpAnswer {
    const level = query.get('level') ?? '1'
    if (!['1', '2', '3'].includes(level)) return message(400, 'Invalid level')
    const { spec, bids, asks } = instrument
    const row = ({ price, amount }: MarketLevel, index: number) => [
      priceText(spec, price),
      amountText(spec, amount),
      level === '3' ? `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` : 1 + (amount % 5),
    ]
    const depth = level === '1' ? 1 : Number.POSITIVE_INFINITY
    return json({
      bids: bids.best(Math.min(depth, bids.size)).map(row),
      asks: asks.best(Math.min(depth, asks.size)).map(row),
      sequence,
      auction_mode: false,
      auction: null,
      time: stamp(this.now()),
    })
  }

  private ticker({ spec, bids, asks, trades, candles }: MarketInstrument): HttpAnswer {
    const last = trades.at(-1)
    const day = candles.held('1d').at(-1)
    return json({
      ask: priceText(spec, asks.priceAt(0) ?? 0),
      bid: priceText(spec, bids.priceAt(0) ?? 0),
      volume: amountText(spec, day?.volume ?? 0),
      trade_id: last?.id ?? 0,
      price: priceText(spec, last?.price ?? 0),
      size: amountText(spec, last?.amount ?? 0),
      time: stamp(last?.time ?? this.now()),
    })
  }

  /** Of every product. */
  private everyStats(): object {
    return Object.fromEntries(
      [...this.feeds.values()].map(({ instrument }) => {
        const day = dayStats(instrument)
        return [instrument.spec.symbol, { stats_30day: { volume: day.volume }, stats_24hour: day }]
      }),
    )
  }
}

/** Of the day so far, which is all that an emulated market has. */
function dayStats({ spec, candles }: MarketInstrument) {
  const day = candles.held('1d').at(-1)
  const price = (ticks: number | undefined) => fixedText(ticks ?? 0, spec.priceDecimals)
  return {
    open: price(day?.open),
    high: price(day?.high),
    low: price(day?.low),
    last: price(day?.close),
    volume: amountText(spec, day?.volume ?? 0),
  }
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}

/** A time as ISO 8601 or as seconds. */
function moment(text: string | null): Nanos | undefined {
  if (text === null) return undefined
  return /^\d{1,10}$/.test(text) ? BigInt(text) * SECOND : nanosFromIso(text)
}

export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  }
}

export function message(status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { ...json({ message: text }, headers), status }
}
