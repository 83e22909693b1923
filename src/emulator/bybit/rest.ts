import { INTERVALS } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import type { ContractMarket } from '../contract-market.js'
import { amountText, priceText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketSide } from '../market-book.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import type { BybitFeed } from './feed.js'
import { klineRow, tickerOf, toMs, tradeIdOf } from './frames.js'
import { CATEGORIES, type Category, categoryOf, listed, nameOf } from './listing.js'
import { LENGTHS } from './topic.js'

const WINDOW: Nanos = 5_000_000_000n
const PER_WINDOW = 600
const BAN: Nanos = 600_000_000_000n
const MINUTE: Nanos = 60_000_000_000n
/** Distances of the history of open interest. */
const PERIODS: ReadonlyMap<string, Nanos> = new Map([
  ['5min', 5n * MINUTE],
  ['15min', 15n * MINUTE],
  ['30min', 30n * MINUTE],
  ['1h', 60n * MINUTE],
  ['4h', 240n * MINUTE],
  ['1d', 1440n * MINUTE],
])

/** Bybit's v5 market API: errors come with HTTP 200, an address that asks too often is refused for ten minutes. */
export class BybitRest {
  private readonly instruments: readonly MarketInstrument[]
  private readonly contracts: ReadonlyMap<MarketInstrument, ContractMarket | undefined>
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private window = -1n
  private used = 0
  private bannedUntil: Nanos = 0n

  constructor(feeds: readonly BybitFeed[], { now, page = (rows) => rows, delisted = () => false }: VenueContext) {
    this.page = page
    this.delisted = delisted
    this.instruments = feeds.map(({ instrument }) => instrument)
    this.contracts = new Map(feeds.map(({ instrument, contract }) => [instrument, contract]))
    this.now = now
  }

  answer({ path, query }: HttpRequest): HttpAnswer {
    if (!this.spend()) return this.refusal(403, undefined)
    try {
      return this.envelope(0, 'OK', this.find(path, query))
    } catch (error) {
      if (error instanceof ApiError) return this.envelope(error.code, error.message, {})
      throw error
    }
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    const retry = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
    if (status === 403)
      return { status, headers: { 'content-type': 'text/html', ...retry }, body: '403, access too frequent' }
    const code = status === 429 || status === 418 ? 10006 : 10016
    const { headers, body } = this.envelope(code, code === 10006 ? 'Too many visits!' : 'Internal System Error', {})
    return { status, headers: { ...headers, ...retry }, body }
  }

  private envelope(retCode: number, retMsg: string, result: object): HttpAnswer {
    return {
      status: 200,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-bapi-limit': String(PER_WINDOW),
        'x-bapi-limit-status': String(Math.max(0, PER_WINDOW - this.used)),
      },
      body: JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time: toMs(this.now()) }),
    }
  }

  private spend(): boolean {
    const now = this.now()
    if (now < this.bannedUntil) return false
    const window = now / WINDOW
    if (window !== this.window) this.used = 0
    this.window = window
    if (++this.used > PER_WINDOW) this.bannedUntil = now + BAN
    return this.used <= PER_WINDOW
  }

  private find(path: string, query: URLSearchParams): object {
    switch (path) {
      case '/v5/market/time':
        return { timeSecond: String(toMs(this.now()) / 1000), timeNano: String(this.now()) }
      case '/v5/market/instruments-info':
        return this.instrumentsInfo(query)
      case '/v5/market/orderbook':
        return this.orderbook(query)
      case '/v5/market/recent-trade':
        return this.trades(query)
      case '/v5/market/kline':
        return this.klines(query)
      case '/v5/market/tickers':
        return this.tickers(query)
      case '/v5/market/funding/history':
        return this.fundings(query)
      case '/v5/market/open-interest':
        return this.openInterest(query)
      default:
        throw new ApiError(10001, `The requested path ${path} was not found`)
    }
  }

  private category(query: URLSearchParams): Category | 'option' {
    const category = query.get('category')
    if (category === 'option') return category
    const known = CATEGORIES.find((each) => each === category)
    if (!known) throw new ApiError(10001, `params error: Category is invalid`)
    return known
  }

  private instrument(query: URLSearchParams): MarketInstrument {
    const category = this.category(query)
    const symbol = `${category}/${query.get('symbol') ?? ''}`
    const found = this.instruments.find(({ spec }) => spec.symbol === symbol)
    if (!found) throw new ApiError(10001, 'params error: symbol invalid')
    return found
  }

  private of(query: URLSearchParams): readonly MarketInstrument[] {
    if (query.has('symbol')) return [this.instrument(query)]
    const category = this.category(query)
    return this.instruments.filter(({ spec }) => categoryOf(spec) === category)
  }

  private instrumentsInfo(query: URLSearchParams): object {
    const category = this.category(query)
    const all = this.of(query)
      .filter(({ spec }) => !this.delisted(spec.symbol))
      .map(({ spec }) => listed(spec))
    // Spot comes whole, whatever is asked.
    if (category === 'spot') return { category, list: all }
    const from = Number(/^page_token=(\d+)&$/.exec(decodeURIComponent(query.get('cursor') ?? ''))?.[1] ?? 0)
    const until = from + within(query, 'limit', 500, 1000)
    const nextPageCursor = until < all.length ? encodeURIComponent(`page_token=${until}&`) : ''
    return { category, list: all.slice(from, until), nextPageCursor }
  }

  private orderbook(query: URLSearchParams): object {
    const instrument = this.instrument(query)
    const { spec, sequence } = instrument
    const limit = within(query, 'limit', categoryOf(spec) === 'spot' ? 1 : 25, 1000)
    const side = (book: MarketSide) =>
      book.best(limit).map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount)])
    const ts = toMs(this.now())
    const { bids, asks } = instrument
    return { s: nameOf(spec), b: side(bids), a: side(asks), ts, u: sequence, seq: sequence, cts: ts }
  }

  private trades(query: URLSearchParams): object {
    const instrument = this.instrument(query)
    const { spec } = instrument
    const spot = categoryOf(spec) === 'spot'
    const limit = within(query, 'limit', spot ? 60 : 500, spot ? 60 : 1000)
    const list = this.page(instrument.trades.slice(-limit).reverse()).map((trade) => ({
      execId: tradeIdOf(spec, trade),
      symbol: nameOf(spec),
      price: priceText(spec, trade.price),
      size: amountText(spec, trade.amount),
      side: trade.takerSide === 'buy' ? 'Buy' : 'Sell',
      time: String(toMs(trade.time)),
      isBlockTrade: false,
      isRPITrade: false,
    }))
    return { category: categoryOf(spec), list }
  }

  private klines(query: URLSearchParams): object {
    const instrument = this.instrument(query)
    const interval = LENGTHS.get(query.get('interval') ?? '')
    if (!interval) throw new ApiError(10001, 'params error: Invalid period!')
    const limit = within(query, 'limit', 200, 1000)
    const length = BigInt(INTERVALS[interval]) * 1_000_000_000n
    const end = atMost(nanos(query, 'end') ?? this.now(), this.now())
    const start = nanos(query, 'start') ?? end - BigInt(limit) * length
    const bars = instrument.candles.filled(interval, start, end + 1n).slice(-limit)
    const list = this.page(bars.reverse()).map((bar) => klineRow(instrument, bar))
    return { category: categoryOf(instrument.spec), symbol: nameOf(instrument.spec), list }
  }

  private tickers(query: URLSearchParams): object {
    const list = this.of(query).map((instrument) => ({
      ...tickerOf(instrument, this.contracts.get(instrument), this.now()),
      bid1Price: priceText(instrument.spec, instrument.bids.priceAt(0) ?? 0),
      ask1Price: priceText(instrument.spec, instrument.asks.priceAt(0) ?? 0),
    }))
    return { category: this.category(query), list }
  }

  private contract(query: URLSearchParams): ContractMarket {
    const contract = this.contracts.get(this.instrument(query))
    if (!contract) throw new ApiError(10001, 'params error: Category is invalid')
    return contract
  }

  private fundings(query: URLSearchParams): object {
    const contract = this.contract(query)
    if (query.has('startTime') && !query.has('endTime')) throw new ApiError(10001, 'params error: endTime is required')
    const end = atMost(nanos(query, 'endTime') ?? this.now(), this.now())
    const start = nanos(query, 'startTime') ?? 0n
    const list: object[] = []
    const limit = within(query, 'limit', 200, 200)
    const { spec, fundingInterval } = contract
    for (let at = end - (end % fundingInterval); at >= start && at > 0n && list.length < limit; at -= fundingInterval)
      list.push({
        symbol: nameOf(spec),
        fundingRate: contract.charged(at),
        fundingRateTimestamp: String(toMs(at)),
      })
    return { category: categoryOf(spec), list: this.page(list) }
  }

  private openInterest(query: URLSearchParams): object {
    const contract = this.contract(query)
    const { spec } = contract
    const period = PERIODS.get(query.get('intervalTime') ?? '')
    if (period === undefined) throw new ApiError(10001, 'params error: intervalTime invalid')
    const end = atMost(nanos(query, 'endTime') ?? this.now(), this.now())
    const start = nanos(query, 'startTime') ?? 0n
    const limit = within(query, 'limit', 50, 200)
    const list: object[] = []
    for (let at = end - (end % period); at >= start && at > 0n && list.length < limit; at -= period) {
      const { amount } = contract.openInterest(at)
      const openInterest = (2 * Number(amount)).toFixed(spec.amountDecimals)
      list.push({ openInterest, singleOpenInterest: amount, timestamp: String(toMs(at)) })
    }
    return { category: categoryOf(spec), symbol: nameOf(spec), list: this.page(list), nextPageCursor: '' }
  }
}

/** A whole number from 1 to `most`; what is larger is cut, what makes no sense refused. */
function within(query: URLSearchParams, name: string, usual: number, most: number): number {
  const text = query.get(name)
  if (text === null) return usual
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw new ApiError(10001, `params error: ${name} invalid`)
  return Math.min(Number(text), most)
}

function nanos(query: URLSearchParams, name: string): Nanos | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{1,16}$/.test(text)) throw new ApiError(10001, `params error: ${name} invalid`)
  return BigInt(text) * 1_000_000n
}

function atMost(time: Nanos, most: Nanos): Nanos {
  return time < most ? time : most
}

class ApiError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}
