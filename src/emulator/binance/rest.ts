import { INTERVALS } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import type { MarketTrade } from '../candles.js'
import { amountText, priceText, valueText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import { type BinanceFeed, toMs } from './feed.js'
import { isKlineInterval, klineRow } from './kline.js'
import { exchangeInfo } from './listing.js'
import { WeightBudget } from './weight.js'

const DAY: Nanos = 86_400_000_000_000n

/** A refusal in Binance's words. */
class ApiError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Binance's public REST interface of spot. */
export class BinanceRest {
  readonly budget = new WeightBudget(6000)
  private readonly feeds: readonly BinanceFeed[]
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: (symbol: string) => boolean

  constructor(
    feeds: readonly BinanceFeed[],
    now: () => Nanos,
    { page = (rows) => rows, delisted = () => false }: Partial<Pick<VenueContext, 'page' | 'delisted'>> = {},
  ) {
    this.feeds = feeds
    this.now = now
    this.page = page
    this.delisted = delisted
  }

  answer(request: HttpRequest): HttpAnswer {
    const refused = this.budget.charge(weightOf(request), this.now())
    if (refused) return refused
    try {
      const found = this.find(request)
      if (found === undefined) return this.reply(404, { code: -1, msg: 'Not found' })
      return this.reply(200, found)
    } catch (error) {
      if (error instanceof ApiError) return this.reply(400, { code: error.code, msg: error.message })
      throw error
    }
  }

  private reply(status: number, body: unknown): HttpAnswer {
    const headers = { 'content-type': 'application/json;charset=UTF-8', ...this.budget.headers }
    return { status, headers, body: JSON.stringify(body) }
  }

  private find({ path, query }: HttpRequest): unknown {
    switch (path) {
      case '/api/v3/ping':
        return {}
      case '/api/v3/time':
        return { serverTime: toMs(this.now()) }
      case '/api/v3/exchangeInfo':
        return this.exchangeInfo(query)
      case '/api/v3/ticker/24hr':
        return query.has('symbol') ? this.ticker(this.feed(query)) : this.feeds.map((feed) => this.ticker(feed))
      case '/api/v3/depth':
        return this.depth(query)
      case '/api/v3/trades':
        return this.trades(query, false)
      case '/api/v3/historicalTrades':
        return this.trades(query, true)
      case '/api/v3/aggTrades':
        return this.aggregates(query)
      case '/api/v3/klines':
        return this.klines(query)
      default:
        return undefined
    }
  }

  private exchangeInfo(query: URLSearchParams): unknown {
    const specs = this.feeds.map((feed) => feed.instrument.spec).filter(({ symbol }) => !this.delisted(symbol))
    const wanted = query.get('symbol')
    if (wanted === null) return exchangeInfo(specs, toMs(this.now()))
    const spec = this.feed(query).instrument.spec
    return exchangeInfo([spec], toMs(this.now()))
  }

  private feed(query: URLSearchParams): BinanceFeed {
    const symbol = query.get('symbol')
    if (!symbol) throw new ApiError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    const feed = this.feeds.find(({ instrument }) => instrument.spec.symbol === symbol)
    if (!feed) throw new ApiError(-1121, 'Invalid symbol.')
    return feed
  }

  /** The last 24 hours in the short form (`type=MINI`). */
  private ticker({ instrument }: BinanceFeed): unknown {
    const { spec, candles } = instrument
    const now = this.now()
    const bars = candles.filled('1h', now - DAY, now + 1n)
    const [first, last] = [bars[0], bars.at(-1)]
    let [volume, value] = [0n, 0n]
    for (const bar of bars) {
      volume += bar.volume
      value += bar.value
    }
    const price = (ticks: number | undefined) => priceText(spec, ticks ?? 0)
    return {
      symbol: spec.symbol,
      openPrice: price(first?.open),
      highPrice: price(Math.max(...bars.map(({ high }) => high))),
      lowPrice: price(Math.min(...bars.map(({ low }) => low))),
      lastPrice: price(last?.close),
      volume: amountText(spec, volume),
      quoteVolume: valueText(spec, value),
      openTime: toMs(now - DAY),
      closeTime: toMs(now),
      firstId: first?.firstTradeId ?? -1,
      lastId: last?.lastTradeId ?? -1,
      count: bars.reduce((sum, { trades }) => sum + trades, 0),
    }
  }

  private depth(query: URLSearchParams): unknown {
    const { instrument } = this.feed(query)
    const limit = whole(query, 'limit', 100, 5000)
    return {
      lastUpdateId: instrument.sequence,
      bids: levels(instrument, instrument.bids.best(limit)),
      asks: levels(instrument, instrument.asks.best(limit)),
    }
  }

  private trades(query: URLSearchParams, historical: boolean): unknown {
    const { instrument } = this.feed(query)
    const limit = whole(query, 'limit', 500, 1000)
    const from = historical ? number(query, 'fromId') : undefined
    const row = (trade: MarketTrade) => ({
      id: trade.id,
      price: priceText(instrument.spec, trade.price),
      qty: amountText(instrument.spec, trade.amount),
      quoteQty: valueText(instrument.spec, BigInt(trade.price) * BigInt(trade.amount)),
      time: toMs(trade.time),
      isBuyerMaker: trade.takerSide === 'sell',
      isBestMatch: true,
    })
    return this.page(page(instrument.trades, from, limit)).map(row)
  }

  private aggregates(query: URLSearchParams): unknown {
    const feed = this.feed(query)
    const { spec } = feed.instrument
    const limit = whole(query, 'limit', 500, 1000)
    const fromId = number(query, 'fromId')
    const start = number(query, 'startTime')
    const end = number(query, 'endTime')
    if (fromId !== undefined && (start !== undefined || end !== undefined))
      throw new ApiError(-1128, 'Combination of optional parameters invalid.')
    const inside = feed.aggregateTrades.filter(
      ({ time }) => toMs(time) >= (start ?? 0) && toMs(time) <= (end ?? Number.MAX_SAFE_INTEGER),
    )
    return this.page(page(inside, start === undefined ? fromId : 0, limit)).map((trade) => ({
      a: trade.id,
      p: priceText(spec, trade.price),
      q: amountText(spec, trade.amount),
      f: trade.firstId,
      l: trade.lastId,
      T: toMs(trade.time),
      m: trade.takerSide === 'sell',
      M: true,
    }))
  }

  private klines(query: URLSearchParams): unknown {
    const { instrument } = this.feed(query)
    const interval = query.get('interval')
    if (!interval)
      throw new ApiError(-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")
    if (!isKlineInterval(interval)) throw new ApiError(-1120, 'Invalid interval.')
    const limit = whole(query, 'limit', 500, 1000)
    const start = number(query, 'startTime')
    const end = number(query, 'endTime')
    const lengthMs = INTERVALS[interval] * 1000
    const nowMs = toMs(this.now())
    const last = Math.min(end ?? nowMs, nowMs)
    const first = start ?? Math.max(0, last - lengthMs * limit)
    const bars = instrument.candles.filled(interval, ms(first), ms(last + 1))
    const rows = start === undefined ? bars.slice(-limit) : bars.slice(0, limit)
    return this.page(rows).map((bar) => klineRow(instrument, bar))
  }
}

function weightOf({ path, query }: HttpRequest): number {
  switch (path) {
    case '/api/v3/exchangeInfo':
      return 20
    case '/api/v3/ticker/24hr':
      return query.has('symbol') ? 2 : 80
    case '/api/v3/depth': {
      const limit = Number(query.get('limit') ?? 100)
      return limit > 1000 ? 250 : limit > 500 ? 50 : limit > 100 ? 25 : 5
    }
    case '/api/v3/trades':
    case '/api/v3/historicalTrades':
      return 25
    case '/api/v3/aggTrades':
      return 4
    case '/api/v3/klines':
      return 2
    default:
      return 1
  }
}

/** From `from` on the oldest first, without it the newest. */
function page<T extends { readonly id: number }>(
  items: readonly T[],
  from: number | undefined,
  limit: number,
): readonly T[] {
  if (from === undefined) return items.slice(-limit)
  // Ids rise by one.
  const at = Math.max(0, from - (items[0]?.id ?? 0))
  return items.slice(at, at + limit)
}

function levels(instrument: MarketInstrument, best: readonly MarketLevel[]): string[][] {
  const { spec } = instrument
  return best.map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount)])
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
