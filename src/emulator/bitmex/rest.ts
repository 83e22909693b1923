import { INTERVALS } from '../../model/dataset.js'
import { type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import type { BitmexFeed } from './feed.js'
import { figures } from './figures.js'
import { BESIDES, listed } from './listing.js'
import { BINS, binRow, bookRow, quoteRow, stamp, tradeRow } from './rows.js'

const MINUTE: Nanos = 60n * SECOND
const PER_MINUTE = 30
/** Whoever goes on asking after so many refusals in a minute is shut out for an hour. */
const REFUSED_BEFORE_BAN = 60
const BAN: Nanos = 3600n * SECOND
const MAX_ROWS = 1000
const USUAL_ROWS = 100

/** A table by time: what the parameters that all tables share choose from. */
interface Row {
  readonly time: Nanos
  json(): object
}

/** BitMEX's REST API for market data. */
export class BitmexRest {
  private readonly feeds: ReadonlyMap<string, BitmexFeed>
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private asked: Nanos[] = []
  private refusals: Nanos[] = []
  private bannedUntil: Nanos = 0n

  constructor(
    feeds: ReadonlyMap<string, BitmexFeed>,
    now: () => Nanos,
    page: NonNullable<VenueContext['page']> = (rows) => rows,
    delisted: NonNullable<VenueContext['delisted']> = () => false,
  ) {
    this.feeds = feeds
    this.now = now
    this.page = page
    this.delisted = delisted
  }

  answer({ path, query }: HttpRequest): HttpAnswer {
    const now = this.now()
    if (now < this.bannedUntil) return refused(403, 'Forbidden')
    this.asked = this.asked.filter((time) => now - time < MINUTE)
    if (this.asked.length >= PER_MINUTE) return this.limit(now)
    this.asked.push(now)
    const answer = this.find(path, query)
    const left = PER_MINUTE - this.asked.length
    const reset = String((now + MINUTE) / SECOND)
    const limits = {
      'x-ratelimit-limit': String(PER_MINUTE),
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': reset,
    }
    return { ...answer, headers: { ...answer.headers, ...limits } }
  }

  private limit(now: Nanos): HttpAnswer {
    this.refusals = this.refusals.filter((time) => now - time < MINUTE)
    this.refusals.push(now)
    if (this.refusals.length > REFUSED_BEFORE_BAN) this.bannedUntil = now + BAN
    const seconds = Number((MINUTE - (now - (this.asked[0] ?? now))) / SECOND) + 1
    return refused(
      429,
      `Rate limit exceeded, retry in ${seconds} seconds.`,
      { 'retry-after': String(seconds) },
      'RateLimitError',
    )
  }

  private find(path: string, query: URLSearchParams): HttpAnswer {
    switch (path) {
      case '/api/v1/instrument/active':
        return json([...this.instruments(), ...BESIDES])
      case '/api/v1/instrument': {
        const symbol = query.get('symbol')
        return json([...this.instruments(), ...BESIDES].filter((row) => symbol === null || row.symbol === symbol))
      }
      case '/api/v1/wallet/assets':
        return json(this.assets())
      case '/api/v1/orderBook/L2':
        return this.book(query)
      case '/api/v1/trade':
        return this.table(query, ({ instrument: { spec, trades } }) =>
          trades.map((trade) => ({ time: trade.time, json: () => tradeRow(spec, trade) })),
        )
      case '/api/v1/trade/bucketed':
        return this.bucketed(query)
      case '/api/v1/quote':
        return this.table(query, (feed) => [{ time: feed.told, json: () => quoteRow(feed) }])
      case '/api/v1/funding':
        return this.table(query, (feed) => this.fundings(feed))
      case '/api/v1/liquidation':
        return json([])
      default:
        return refused(404, 'Not Found')
    }
  }

  private instruments(): Readonly<Record<string, unknown>>[] {
    const there = [...this.feeds.values()].filter(({ instrument }) => !this.delisted(instrument.spec.symbol))
    return there.map((feed) => ({
      ...listed(feed.instrument.spec),
      ...figures(feed, feed.instrumentTime),
      timestamp: stamp(feed.instrumentTime),
    }))
  }

  private assets(): object[] {
    return [
      {
        asset: 'XBT',
        currency: 'XBt',
        majorCurrency: 'XBT',
        name: 'Bitcoin',
        currencyType: 'Crypto',
        scale: 8,
        enabled: true,
        networks: [],
      },
      {
        asset: 'USDT',
        currency: 'USDt',
        majorCurrency: 'USDT',
        name: 'Tether',
        currencyType: 'Crypto',
        scale: 6,
        enabled: true,
        networks: [],
      },
    ]
  }

  private feed(query: URLSearchParams): BitmexFeed | undefined {
    return this.feeds.get(query.get('symbol') ?? '')
  }

  /** As the market stands now, which the stream may tell a moment later. Depth 0 is the whole book. */
  private book(query: URLSearchParams): HttpAnswer {
    const feed = this.feed(query)
    const depth = whole(query, 'depth', 25)
    if (!feed || depth === undefined) return refused(400, feed ? "'depth' is invalid" : "'symbol' is a required arg.")
    const { instrument, told } = feed
    const count = depth === 0 ? Number.MAX_SAFE_INTEGER : depth
    const asks = instrument.asks.best(count).reverse()
    const bids = instrument.bids.best(count)
    const rows = [
      ...asks.map((level) => ({ side: 'ask' as const, level })),
      ...bids.map((level) => ({ side: 'bid' as const, level })),
    ]
    return json(rows.map((entry) => bookRow(instrument.spec, 'partial', entry, told)))
  }

  private bucketed(query: URLSearchParams): HttpAnswer {
    const interval = BINS.get(query.get('binSize') ?? '1m')
    if (!interval) return refused(400, "'binSize' is invalid.")
    const length = BigInt(INTERVALS[interval]) * SECOND
    const partial = query.get('partial') === 'true'
    const now = this.now()
    return this.table(query, ({ instrument: { spec, candles } }) => {
      const first = candles.held(interval)[0]
      if (!first) return []
      const bars = candles.filled(interval, first.openTime, now).filter((bar) => partial || bar.closeTime <= now)
      return bars.map((bar) => ({
        time: bar.openTime + length,
        json: () => binRow(spec, bar, candles.at(interval, bar.openTime - length)),
      }))
    })
  }

  private fundings({ contract, instrument }: BitmexFeed): Row[] {
    const { fundingInterval } = contract
    const last = this.now() / fundingInterval
    return Array.from({ length: 600 }, (_, n) => (last - BigInt(599 - n)) * fundingInterval).map((time) => ({
      time,
      json: () => ({
        timestamp: stamp(time),
        symbol: instrument.spec.symbol,
        fundingInterval: '2000-01-01T08:00:00.000Z',
        fundingRate: Number(contract.charged(time)),
        fundingRateDaily: Number((Number(contract.charged(time)) * 3).toFixed(8)),
      }),
    }))
  }

  /** What all tables share: `count`, `start`, `reverse`, `startTime` and `endTime`, both inclusive. */
  private table(query: URLSearchParams, rows: (feed: BitmexFeed) => Row[]): HttpAnswer {
    const count = whole(query, 'count', USUAL_ROWS)
    const start = whole(query, 'start', 0)
    if (count === undefined || start === undefined || count > MAX_ROWS)
      return refused(400, 'Maximum result count is 1000')
    const from = moment(query.get('startTime'))
    const until = moment(query.get('endTime'))
    if (from === 'invalid' || until === 'invalid') return refused(400, 'startTime and endTime must be ISO 8601')
    const symbol = query.get('symbol')
    const feeds = symbol === null ? [...this.feeds.values()] : [this.feed(query)]
    const found = feeds
      .flatMap((feed) => (feed ? rows(feed) : []))
      .filter(({ time }) => (from === undefined || time >= from) && (until === undefined || time <= until))
    if (symbol === null) found.sort((a, b) => Number(a.time - b.time))
    if (query.get('reverse') === 'true') found.reverse()
    return json(this.page(found.slice(start, start + count)).map((row) => row.json()))
  }
}

function whole(query: URLSearchParams, name: string, usual: number): number | undefined {
  const text = query.get(name)
  if (text === null) return usual
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

function moment(text: string | null): Nanos | 'invalid' | undefined {
  if (text === null) return undefined
  return nanosFromIso(text) ?? 'invalid'
}

function json(value: unknown): HttpAnswer {
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) }
}

export function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  name = 'HTTPError',
): HttpAnswer {
  const answer = json({ error: { message, name } })
  return { ...answer, status, headers: { ...answer.headers, ...headers } }
}
