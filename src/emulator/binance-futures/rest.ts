import { INTERVALS } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import { toMs } from '../binance/feed.js'
import { isKlineInterval, klineRow, usualSums } from '../binance/kline.js'
import { WeightBudget } from '../binance/weight.js'
import { amountText, fixedText, priceText, valueText } from '../instrument-spec.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import { type FuturesFeed, inverseSums, wireNumber } from './feed.js'
import { exchangeInfo, type FuturesMarket, pairOf } from './listing.js'

/** A refusal in Binance's words. */
class ApiError extends Error {
  readonly code: number
  readonly status: number
  constructor(code: number, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Levels that can be asked for, and what they cost. */
const DEPTH_WEIGHTS: Readonly<Record<number, number>> = { 5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20 }
const PERIODS: Readonly<Record<string, number>> = {
  '5m': 5,
  '15m': 15,
  '30m': 30,
  '1h': 60,
  '2h': 120,
  '4h': 240,
  '6h': 360,
  '12h': 720,
  '1d': 1440,
}

/** Binance's public REST interface of one futures market. The venue counts 2400 a minute for both together; here each has its own. */
export class FuturesRest {
  readonly budget = new WeightBudget(2400)
  private readonly market: FuturesMarket
  private readonly feeds: readonly FuturesFeed[]
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>

  constructor(
    market: FuturesMarket,
    feeds: readonly FuturesFeed[],
    { now, page = (rows) => rows, delisted = () => false }: Pick<VenueContext, 'now' | 'page' | 'delisted'>,
  ) {
    this.market = market
    this.feeds = feeds
    this.now = now
    this.page = page
    this.delisted = delisted
  }

  answer(request: HttpRequest): HttpAnswer {
    const refused = this.budget.charge(this.weightOf(request), this.now())
    if (refused) return refused
    try {
      const found = this.find(request)
      if (found === undefined)
        return this.reply(404, { code: -5000, msg: `Path ${request.path}, Method GET is invalid` })
      return this.reply(200, found)
    } catch (error) {
      if (error instanceof ApiError) return this.reply(error.status, { code: error.code, msg: error.message })
      throw error
    }
  }

  private reply(status: number, body: unknown): HttpAnswer {
    const headers = { 'content-type': 'application/json', ...this.budget.headers }
    return { status, headers, body: JSON.stringify(body) }
  }

  private get nowMs(): number {
    return toMs(this.now())
  }

  private find({ path, query }: HttpRequest): unknown {
    const { api } = this.market
    if (path === '/futures/data/openInterestHist') return this.interestPast(query)
    if (!path.startsWith(`${api}/`)) return undefined
    switch (path.slice(api.length + 1)) {
      case 'ping':
        return {}
      case 'time':
        return { serverTime: this.nowMs }
      case 'exchangeInfo':
        return exchangeInfo(
          this.market,
          this.feeds.map(({ instrument }) => instrument.spec).filter(({ symbol }) => !this.delisted(symbol)),
          this.nowMs,
        )
      case 'depth':
        return this.depth(query)
      case 'trades':
        return this.trades(query)
      case 'historicalTrades':
        throw new ApiError(-2014, 'API-key format invalid.', 401)
      case 'aggTrades':
        return this.aggregates(query)
      case 'klines':
        return this.klines(query)
      case 'premiumIndex':
        return this.premiumIndex(query)
      case 'fundingRate':
        return this.fundingPast(query)
      case 'fundingInfo':
        return []
      case 'openInterest':
        return this.openInterest(query)
      default:
        return undefined
    }
  }

  private feed(query: URLSearchParams): FuturesFeed {
    const symbol = query.get('symbol')
    if (!symbol) throw new ApiError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    const feed = this.feeds.find(({ instrument }) => instrument.spec.symbol === symbol)
    if (!feed) throw new ApiError(-1121, 'Invalid symbol.')
    return feed
  }

  private depth(query: URLSearchParams): unknown {
    const { instrument } = this.feed(query)
    const { spec } = instrument
    const limit = whole(query, 'limit', 500, 1000)
    if (!(limit in DEPTH_WEIGHTS)) throw new ApiError(-4021, `${limit} is not valid depth limit.`)
    const levels = (side: typeof instrument.bids) =>
      side.best(limit).map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount)])
    return {
      lastUpdateId: wireNumber(instrument.sequence),
      E: this.nowMs,
      T: this.nowMs,
      ...(this.market.inverse ? { symbol: spec.symbol, pair: pairOf(spec) } : {}),
      bids: levels(instrument.bids),
      asks: levels(instrument.asks),
    }
  }

  private trades(query: URLSearchParams): unknown {
    const { instrument } = this.feed(query)
    const { spec } = instrument
    return instrument.trades.slice(-whole(query, 'limit', 500, 1000)).map((trade) => ({
      id: trade.id,
      price: priceText(spec, trade.price),
      qty: amountText(spec, trade.amount),
      ...(this.market.inverse
        ? { baseQty: amountText(spec, trade.amount) }
        : { quoteQty: valueText(spec, BigInt(trade.price) * BigInt(trade.amount)) }),
      time: toMs(trade.time),
      isBuyerMaker: trade.takerSide === 'sell',
    }))
  }

  /** Of the last 24 hours; from an id on, or within less than an hour, or the newest. */
  private aggregates(query: URLSearchParams): unknown {
    const feed = this.feed(query)
    const { spec } = feed.instrument
    const limit = whole(query, 'limit', 500, 1000)
    const fromId = number(query, 'fromId')
    const start = number(query, 'startTime')
    const end = number(query, 'endTime')
    if (fromId !== undefined && (start !== undefined || end !== undefined))
      throw new ApiError(-1128, 'Combination of optional parameters invalid.')
    if (start !== undefined && end !== undefined && end - start >= HOUR_MS)
      throw new ApiError(-4165, 'Invalid time interval.')
    const since = Math.max(start ?? 0, this.nowMs - DAY_MS)
    const until = end ?? (start === undefined ? Number.MAX_SAFE_INTEGER : start + HOUR_MS - 1)
    const kept = feed.aggregateTrades.filter(({ time }) => toMs(time) >= since && toMs(time) <= until)
    const found =
      fromId !== undefined
        ? kept.filter(({ id }) => id >= fromId).slice(0, limit)
        : start !== undefined
          ? kept.slice(0, limit)
          : kept.slice(-limit)
    return this.page(found).map((trade) => ({
      a: trade.id,
      p: priceText(spec, trade.price),
      q: amountText(spec, trade.amount),
      f: trade.firstId,
      l: trade.lastId,
      T: toMs(trade.time),
      m: trade.takerSide === 'sell',
    }))
  }

  /** USD-M: from `startTime` the oldest first. COIN-M: the newest before `endTime`, of at most 200 days. */
  private klines(query: URLSearchParams): unknown {
    const { instrument } = this.feed(query)
    const { inverse } = this.market
    const interval = query.get('interval')
    if (!interval)
      throw new ApiError(-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")
    if (!isKlineInterval(interval)) throw new ApiError(-1120, 'Invalid interval.')
    const limit = whole(query, 'limit', 500, 1500)
    const start = number(query, 'startTime')
    const end = number(query, 'endTime')
    if (inverse && start !== undefined && (end ?? this.nowMs) - start > 200 * DAY_MS)
      throw new ApiError(-1128, 'The time between startTime and endTime cannot be longer than 200 days.')
    const last = Math.min(end ?? this.nowMs, this.nowMs)
    const first = start ?? Math.max(0, last - INTERVALS[interval] * 1000 * limit)
    const bars = instrument.candles.filled(interval, ms(first), ms(last + 1))
    const rows = inverse || start === undefined ? bars.slice(-limit) : bars.slice(0, limit)
    // An answer that is cut short ends where it would, or begins there.
    const told = inverse ? [...this.page([...rows].reverse())].reverse() : this.page(rows)
    return told.map((bar) => klineRow(instrument, bar, inverse ? inverseSums : usualSums))
  }

  private premiumIndex(query: URLSearchParams): unknown {
    const one = query.get('symbol') === null ? undefined : this.feed(query)
    const rows = (one ? [one] : this.feeds).map((feed) => {
      const { mark, index, rate, nextFunding } = feed.at(this.now())
      const { spec } = feed.instrument
      return {
        symbol: spec.symbol,
        ...(this.market.inverse ? { pair: pairOf(spec) } : {}),
        markPrice: mark,
        indexPrice: index,
        estimatedSettlePrice: index,
        lastFundingRate: feed.dated ? '' : rate,
        interestRate: feed.dated ? '' : '0.00010000',
        nextFundingTime: feed.dated ? 0 : toMs(nextFunding),
        time: this.nowMs,
      }
    })
    return one && !this.market.inverse ? rows[0] : rows
  }

  private fundingPast(query: URLSearchParams): unknown {
    const feed = this.feed(query)
    if (feed.dated) return []
    const { contract } = feed
    const limit = whole(query, 'limit', 100, 1000)
    const step = toMs(contract.fundingInterval)
    const start = number(query, 'startTime')
    const last = Math.floor(Math.min(number(query, 'endTime') ?? this.nowMs, this.nowMs) / step) * step
    const first = start === undefined ? last - (limit - 1) * step : Math.ceil(start / step) * step
    const rows: unknown[] = []
    for (let time = first; time <= last && rows.length < limit; time += step) {
      const { mark } = contract.at(ms(time))
      rows.push({
        symbol: feed.instrument.spec.symbol,
        fundingTime: time,
        fundingRate: contract.charged(ms(time)),
        markPrice: mark,
      })
    }
    return this.page(rows)
  }

  private openInterest(query: URLSearchParams): unknown {
    const { contract, instrument, dated } = this.feed(query)
    const { time, amount } = contract.openInterest(this.now())
    const { spec } = instrument
    const type = dated ? 'CURRENT_QUARTER' : 'PERPETUAL'
    return {
      symbol: spec.symbol,
      ...(this.market.inverse ? { pair: pairOf(spec), contractType: type } : {}),
      openInterest: amount,
      time: toMs(time),
    }
  }

  /** Of the last 30 days. */
  private interestPast(query: URLSearchParams): unknown {
    const pair = query.get('pair')
    const feed = this.market.inverse
      ? this.feeds.find(({ instrument, dated }) => pairOf(instrument.spec) === pair && !dated)
      : this.feed(query)
    if (!feed) throw new ApiError(-1121, 'Invalid symbol.')
    const minutes = PERIODS[query.get('period') ?? '']
    if (minutes === undefined) throw new ApiError(-1130, "Data sent for parameter 'period' is not valid.")
    const limit = whole(query, 'limit', 30, 500)
    const step = minutes * 60_000
    const oldest = Math.max(number(query, 'startTime') ?? 0, this.nowMs - 30 * DAY_MS)
    const last = Math.floor(Math.min(number(query, 'endTime') ?? this.nowMs, this.nowMs) / step) * step
    const rows: unknown[] = []
    for (let time = last; time >= oldest && rows.length < limit; time -= step) {
      const { amount } = feed.contract.openInterest(ms(time))
      const value = fixedText(BigInt(Math.round(Number(amount) * Number(feed.at(ms(time)).mark) * 1e8)), 8)
      const { symbol } = feed.instrument.spec
      rows.push({
        ...(this.market.inverse ? { pair, contractType: 'PERPETUAL' } : { symbol }),
        sumOpenInterest: amount,
        sumOpenInterestValue: value,
        timestamp: time,
      })
    }
    return [...this.page(rows)].reverse()
  }

  private weightOf({ path, query }: HttpRequest): number {
    const limit = Number(query.get('limit') ?? 500)
    switch (path.slice(this.market.api.length + 1)) {
      case 'depth':
        return DEPTH_WEIGHTS[limit] ?? 1
      case 'trades':
        return 5
      case 'historicalTrades':
      case 'aggTrades':
        return 20
      case 'klines':
        return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1000 ? 5 : 10
      case 'premiumIndex':
        return query.get('symbol') === null ? 10 : 1
      default:
        return path.startsWith('/futures/data/') ? 0 : 1
    }
  }
}

function number(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{1,15}$/.test(text))
    throw new ApiError(-1100, `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`)
  return Number(text)
}

function whole(query: URLSearchParams, name: string, usual: number, most: number): number {
  const value = number(query, name) ?? usual
  if (value < 1) throw new ApiError(-1130, `Data sent for parameter '${name}' is not valid.`)
  return Math.min(value, most)
}

function ms(value: number): Nanos {
  return BigInt(value) * 1_000_000n
}
