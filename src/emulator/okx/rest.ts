import { INTERVALS } from '../../model/dataset.js'
import { type Nanos, SECOND } from '../../model/time.js'
import type { ContractMarket } from '../contract-market.js'
import { amountText, priceText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketSide } from '../market-book.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import type { OkxFeed } from './feed.js'
import { candleRow, fundingRow, indexRow, interestRow, markRow, tickerRow, toMs, tradeRow } from './frames.js'
import { INST_TYPES, listed, typeOf } from './listing.js'
import { BARS } from './topic.js'

const WINDOW: Nanos = 2n * SECOND
/** Requests of an address in two seconds, endpoint by endpoint. */
const LIMITS: Readonly<Record<string, number>> = {
  '/api/v5/market/candles': 40,
  '/api/v5/market/trades': 100,
  '/api/v5/market/books': 40,
  '/api/v5/market/books-full': 10,
  '/api/v5/public/funding-rate-history': 10,
}
const USUAL_LIMIT = 20

/** OKX's v5 API of market data: errors come with HTTP 200, those of limits with 429. */
export class OkxRest {
  private readonly feeds: ReadonlyMap<string, OkxFeed>
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private readonly used = new Map<string, { window: Nanos; count: number }>()

  constructor(feeds: readonly OkxFeed[], { now, page = (rows) => rows, delisted = () => false }: VenueContext) {
    this.page = page
    this.delisted = delisted
    this.feeds = new Map(feeds.map((feed) => [feed.instrument.spec.symbol, feed]))
    this.now = now
  }

  answer({ path, query }: HttpRequest): HttpAnswer {
    if (!this.spend(path)) return this.refusal(429, undefined)
    try {
      return envelope(200, '0', '', this.find(path, query))
    } catch (error) {
      if (error instanceof ApiError) return envelope(error.status, error.code, error.message, [])
      throw error
    }
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    const answer =
      status === 429 || status === 418
        ? envelope(status, '50011', 'Too Many Requests', [])
        : envelope(status, status === 503 ? '50001' : '50026', 'System error. Try again later', [])
    if (retryAfterS === undefined) return answer
    return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterS) } }
  }

  private spend(path: string): boolean {
    const window = this.now() / WINDOW
    const known = this.used.get(path)
    const count = known?.window === window ? known.count + 1 : 1
    this.used.set(path, { window, count })
    return count <= (LIMITS[path] ?? USUAL_LIMIT)
  }

  private find(path: string, query: URLSearchParams): readonly unknown[] {
    const now = this.now()
    switch (path) {
      case '/api/v5/public/time':
        return [{ ts: toMs(now) }]
      case '/api/v5/system/status':
        return []
      case '/api/v5/public/instruments':
        return this.of(query)
          .filter(({ instrument }) => !this.delisted(instrument.spec.symbol))
          .map(({ instrument }) => listed(instrument.spec))
      case '/api/v5/market/tickers':
        return this.of(query).map(({ instrument }) => tickerRow(instrument, now))
      case '/api/v5/market/ticker':
        return [tickerRow(this.instrument(query), now)]
      case '/api/v5/market/books':
      case '/api/v5/market/books-full':
        return [this.books(query, path.endsWith('-full'))]
      case '/api/v5/market/trades':
        return newest(this.instrument(query), within(query, 'limit', 100, 500))
      case '/api/v5/market/history-trades':
        return this.pastTrades(query)
      case '/api/v5/market/candles':
      case '/api/v5/market/history-candles':
        return this.candles(query)
      case '/api/v5/public/mark-price':
        return this.contracts(query).map((contract) => markRow(contract, now))
      case '/api/v5/public/open-interest':
        return this.contracts(query).map((contract) => interestRow(contract, now))
      case '/api/v5/public/funding-rate':
        return this.contracts(query).map((contract) => fundingRow(contract, now))
      case '/api/v5/public/funding-rate-history':
        return this.contracts(query).flatMap((contract) => this.pastFunding(contract, query))
      case '/api/v5/market/index-tickers': {
        const rows = this.contracts(new URLSearchParams()).map((contract) => indexRow(contract, now))
        return rows.filter(({ instId }) => instId === (query.get('instId') ?? instId))
      }
      default:
        throw new ApiError('50000', `The requested path ${path} does not exist`, 404)
    }
  }

  private feed(query: URLSearchParams): OkxFeed {
    const found = this.feeds.get(query.get('instId') ?? '')
    if (!found) throw new ApiError('51001', "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    return found
  }

  private instrument(query: URLSearchParams): MarketInstrument {
    return this.feed(query).instrument
  }

  private of(query: URLSearchParams): readonly OkxFeed[] {
    const type = INST_TYPES.find((each) => each === query.get('instType'))
    if (!type) throw new ApiError('51000', 'Parameter instType error')
    const all = [...this.feeds.values()].filter(({ instrument }) => typeOf(instrument.spec) === type)
    const id = query.get('instId')
    return id === null ? all : all.filter(({ instrument }) => instrument.spec.symbol === id)
  }

  private contracts(query: URLSearchParams): ContractMarket[] {
    const feeds = query.has('instId') ? [this.feed(query)] : [...this.feeds.values()]
    return feeds.flatMap(({ contract }) => contract ?? [])
  }

  private books(query: URLSearchParams, full: boolean): object {
    const feed = this.feed(query)
    const { spec, bids, asks } = feed.instrument
    const size = within(query, 'sz', 1, full ? 5000 : 400)
    const side = (book: MarketSide) =>
      book.best(size).map(({ price, amount }) => {
        const level = [priceText(spec, price), amountText(spec, amount)]
        return full ? [...level, '1'] : [...level, '0', '1']
      })
    return { asks: side(asks), bids: side(bids), ts: toMs(this.now()), ...(full ? {} : { seqId: feed.seqId }) }
  }

  /** `after`: older than, by trade id (type 1) or by time (type 2). */
  private pastTrades(query: URLSearchParams): readonly unknown[] {
    const { spec, trades } = this.instrument(query)
    const byTime = query.get('type') === '2'
    const keyOf = (trade: (typeof trades)[number]) => (byTime ? trade.time / 1_000_000n : BigInt(trade.id))
    const [after, before] = [whole(query, 'after'), whole(query, 'before')]
    const limit = within(query, 'limit', 100, 100)
    const rows = trades
      .filter(
        (trade) => (after === undefined || keyOf(trade) < after) && (before === undefined || keyOf(trade) > before),
      )
      .slice(-limit)
      .reverse()
    return this.page(rows).map((trade) => tradeRow(spec, trade))
  }

  /** `after`: older than, `before`: newer than, both exclusive; newest first. */
  private candles(query: URLSearchParams): readonly unknown[] {
    const instrument = this.instrument(query)
    const interval = BARS.get(query.get('bar') ?? '1m')
    if (!interval) throw new ApiError('51000', 'Parameter bar error')
    const limit = within(query, 'limit', 100, 300)
    const length = BigInt(INTERVALS[interval]) * SECOND
    const now = this.now()
    const after = (whole(query, 'after') ?? now) * (query.has('after') ? 1_000_000n : 1n)
    const before = whole(query, 'before')
    const until = after < now ? after : now + 1n
    const from = before === undefined ? until - BigInt(limit + 1) * length : before * 1_000_000n + 1n
    const bars = instrument.candles
      .filled(interval, from > 0n ? from : 0n, until)
      .slice(-limit)
      .reverse()
    return this.page(bars).map((bar) => candleRow(instrument, bar, bar.closeTime <= now))
  }

  private pastFunding(contract: ContractMarket, query: URLSearchParams): readonly unknown[] {
    const { spec, fundingInterval } = contract
    const limit = within(query, 'limit', 400, 400)
    const after = whole(query, 'after')
    const before = whole(query, 'before') ?? 0n
    const end = after === undefined ? this.now() : after * 1_000_000n - 1n
    const rows: object[] = []
    for (
      let at = end - (end % fundingInterval);
      at > before * 1_000_000n && rows.length < limit;
      at -= fundingInterval
    ) {
      const rate = contract.charged(at)
      const fundingTime = toMs(at)
      rows.push({
        formulaType: 'noRate',
        fundingRate: rate,
        fundingTime,
        instId: spec.symbol,
        instType: 'SWAP',
        method: 'current_period',
        realizedRate: rate,
      })
    }
    return this.page(rows)
  }
}

function newest({ spec, trades }: MarketInstrument, limit: number): readonly unknown[] {
  return trades
    .slice(-limit)
    .reverse()
    .map((trade) => tradeRow(spec, trade))
}

function envelope(status: number, code: string, msg: string, data: readonly unknown[]): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ code, data, msg }),
  }
}

/** A whole number from 1 to `most`; what is larger is cut, what makes no sense refused. */
function within(query: URLSearchParams, name: string, usual: number, most: number): number {
  const number = whole(query, name)
  if (number === undefined) return usual
  return Math.max(1, Math.min(Number(number), most))
}

function whole(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^\d{1,19}$/.test(text)) throw new ApiError('51000', `Parameter ${name} error`)
  return BigInt(text)
}

class ApiError extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 200) {
    super(message)
    this.code = code
    this.status = status
  }
}
