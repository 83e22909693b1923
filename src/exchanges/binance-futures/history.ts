import { INTERVALS, type Interval } from '../../model/dataset.js'
import type { Candle, MarketData, Trade } from '../../model/event.js'
import { type Nanos, nanosFromMs, SECOND } from '../../model/time.js'
import type { HistoryFeed, HistoryRequest, Json, Page, RestCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { candleEdge, countedPage, risingCandles, risingValues, toMs } from '../kit/history.js'
import { counter, decimal, type Fields, fields, integer, list, text, unsignedDecimal, WireError } from '../kit/wire.js'
import { trade as tradeOf } from './events.js'
import { errors, type Market } from './market.js'
import { INTERVALS as OFFERED } from './streams.js'

const HOUR: Nanos = 3600n * SECOND
const DAY: Nanos = 24n * HOUR
const TRADE_ROWS = 1000
const CANDLE_ROWS = 1000
/** A window of candles of COIN-M. */
const CANDLE_WINDOW: Nanos = 200n * DAY
const VALUE_ROWS = 500
const INTEREST_STEP: Nanos = 300n * SECOND

export function historyOf(market: Market): readonly HistoryFeed[] {
  const always = [trades(market), candles(market), funding(market)]
  // That of COIN-M is asked by pair and kind of contract, which a symbol does not tell.
  return market.amountUnit === 'base' ? [...always, openInterest] : always
}

/** `GET …/aggTrades` by id, which is that of the live feed; the venue serves those of the last 24 hours. */
function trades(market: Market): HistoryFeed {
  return {
    channel: 'trades',
    pageRows: TRADE_ROWS,
    order: 'rising',
    reach: { ms: 86_400_000 },
    page(request, cursor) {
      const saved = cursor === undefined ? undefined : fields(cursor, 'cursor')
      const edge = saved ? BigInt(text(saved.edge, 'edge')) : request.from
      const known = saved ? saved.last : request.after?.toString()
      if (known === undefined) return seek(market, request, edge)
      const last = counter(known, 'last')
      const { symbol, restSymbol } = request
      return {
        path: `${market.api}/aggTrades?symbol=${encodeURIComponent(restSymbol)}&fromId=${last + 1n}&limit=${TRADE_ROWS}`,
        weight: 20,
        read: (body) =>
          readAnswer(body, `aggTrades of ${symbol}`, (answer) =>
            countedPage(
              rowsOf(answer).map((row) => trade(symbol, row)),
              request,
              { last, edge },
              (anchor): Json => ({ last: anchor.last.toString(), edge: anchor.edge.toString() }),
            ),
          ),
      }
    },
  }
}

/** The first trade from a time on, an hour at a time: longer windows are refused. An hour without one has none. */
function seek(market: Market, request: HistoryRequest, edge: Nanos): RestCall<Page> {
  const { symbol, restSymbol, until } = request
  const end = edge + HOUR < until ? edge + HOUR : until
  const times = `startTime=${toMs(edge + 999_999n)}&endTime=${toMs(end - 1n)}`
  return {
    path: `${market.api}/aggTrades?symbol=${encodeURIComponent(restSymbol)}&${times}&limit=1`,
    weight: 20,
    read: (body) =>
      readAnswer(body, `aggTrades of ${symbol}`, (answer) => {
        const [first] = rowsOf(answer)
        if (first !== undefined) {
          const last = counter(fields(first, 'aggregate').a, 'a') - 1n
          return { events: [], covers: [], next: { last: last.toString(), edge: edge.toString() } }
        }
        const cover = { from: edge, until: end, before: null, last: null, joined: true }
        return { events: [], covers: [cover], ...(end < until ? { next: { edge: end.toString() } } : {}) }
      }),
  }
}

function trade(symbol: string, row: unknown): Trade {
  const of = fields(row, 'aggregate')
  const id = counter(of.a, 'a')
  return { ...tradeOf(symbol, of), tradeId: id.toString(), counter: id }
}

/**
 * `GET …/klines`: both times inclusive, of opening. COIN-M gives the newest of a window of at most 200 days: the window holds no more than a page.
 */
function candles(market: Market): HistoryFeed {
  return {
    channel: 'ohlc',
    intervals: OFFERED,
    pageRows: CANDLE_ROWS,
    order: 'rising',
    page(request, cursor) {
      const { symbol, restSymbol, until, interval = '1m' } = request
      const span = spanOf(interval)
      const edge = candleEdge(cursor, request.from)
      const most = span * BigInt(CANDLE_ROWS - 1)
      const window = most < CANDLE_WINDOW ? most : CANDLE_WINDOW
      const end = edge + window < until ? edge + window : until
      const times = `startTime=${toMs(edge)}&endTime=${toMs(end)}`
      return {
        path: `${market.api}/klines?symbol=${encodeURIComponent(restSymbol)}&interval=${interval}&${times}&limit=${CANDLE_ROWS}`,
        weight: 5,
        read: (body) =>
          readAnswer(body, `klines of ${symbol}`, (answer) => {
            const rows = rowsOf(answer).map((row) => candle(market, symbol, interval, row))
            const page = risingCandles(rows, { ...request, until: end }, edge, span)
            // The window is proven: the stretch goes on behind it.
            return page.next === undefined && end < until ? { ...page, next: { edge: end.toString() } } : page
          }),
      }
    },
  }
}

function spanOf(interval: Interval): Nanos {
  return BigInt(INTERVALS[interval]) * SECOND
}

/** `[open time, o, h, l, c, volume, close time, value, trades, taker volume, taker value, "0"]`; COIN-M: volumes in contracts, values in the coin. */
function candle(market: Market, symbol: string, interval: Interval, row: unknown): Candle {
  const at = list(row, 'kline')
  const value = unsignedDecimal(at[7], 'value')
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: time(at[0], 'open time'),
    open: unsignedDecimal(at[1], 'open'),
    high: unsignedDecimal(at[2], 'high'),
    low: unsignedDecimal(at[3], 'low'),
    close: unsignedDecimal(at[4], 'close'),
    volume: unsignedDecimal(at[5], 'volume'),
    quoteVolume: market.amountUnit === 'base' ? value : undefined,
    trades: integer(at[8], 'trades'),
    takerBuyVolume: unsignedDecimal(at[9], 'taker volume'),
    vwap: undefined,
    closed: true,
  }
}

/** `GET …/fundingRate`: the rates that were charged. The venue counts 500 of these in 5 minutes; the weight keeps to that. */
function funding(market: Market): HistoryFeed {
  return {
    channel: 'funding',
    pageRows: VALUE_ROWS,
    order: 'rising',
    page: (request, cursor) =>
      valuesPage(request, cursor, {
        path: (times) =>
          `${market.api}/fundingRate?symbol=${encodeURIComponent(request.restSymbol)}&${times}&limit=${VALUE_ROWS}`,
        weight: 12,
        event: (of) => ({
          kind: 'funding',
          symbol: request.symbol,
          exchangeTime: time(of.fundingTime, 'fundingTime'),
          rate: decimal(of.fundingRate, 'fundingRate'),
          predictedRate: undefined,
          nextFundingTime: undefined,
          intervalSeconds: undefined,
          settled: true,
        }),
      }),
  }
}

/**
 * `GET /futures/data/openInterestHist` every five minutes of the last 30 days: of a window the newest, so that a window holds no more than a page.
 * The venue counts 1000 of these in 5 minutes.
 */
const openInterest: HistoryFeed = {
  channel: 'open_interest',
  pageRows: VALUE_ROWS,
  order: 'rising',
  reach: { ms: 29 * 86_400_000 },
  page: (request, cursor) =>
    valuesPage(request, cursor, {
      path: (times) =>
        `/futures/data/openInterestHist?symbol=${encodeURIComponent(request.restSymbol)}&period=5m&${times}&limit=${VALUE_ROWS}`,
      weight: 6,
      window: INTEREST_STEP * BigInt(VALUE_ROWS - 1),
      event: (of) => ({
        kind: 'open_interest',
        symbol: request.symbol,
        exchangeTime: time(of.timestamp, 'timestamp'),
        amount: unsignedDecimal(of.sumOpenInterest, 'sumOpenInterest'),
        value: unsignedDecimal(of.sumOpenInterestValue, 'sumOpenInterestValue'),
      }),
    }),
}

interface Values {
  /** `times`: the bounds as the venue wants them, both inclusive. */
  path(times: string): string
  readonly weight: number
  /** The answer holds everything of so long a window. */
  readonly window?: Nanos
  event(row: Fields): MarketData
}

function valuesPage(request: HistoryRequest, cursor: Json | undefined, of: Values): RestCall<Page> {
  const { until } = request
  const edge = candleEdge(cursor, request.from)
  const end = of.window !== undefined && edge + of.window < until ? edge + of.window : until
  return {
    path: of.path(`startTime=${toMs(edge + 999_999n)}&endTime=${toMs(end - 1n)}`),
    weight: of.weight,
    read: (body) =>
      readAnswer(body, `values of ${request.symbol}`, (answer) => {
        const events = rowsOf(answer).map((row) => of.event(fields(row, 'row')))
        const page = risingValues(events, { ...request, until: end }, edge, of.window !== undefined)
        return page.next === undefined && end < until ? { ...page, next: { edge: end.toString() } } : page
      }),
  }
}

function rowsOf(answer: unknown): readonly unknown[] {
  errors.refuse(answer)
  return list(answer, 'the answer')
}

function time(value: unknown, name: string): Nanos {
  const nanos = nanosFromMs(value)
  if (nanos === undefined) throw new WireError(`${name} should be a time in milliseconds`)
  return nanos
}
