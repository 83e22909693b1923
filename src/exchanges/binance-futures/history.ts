import { INTERVALS, type Interval } from '../../model/dataset.js'
import type { Candle, MarketData, Trade } from '../../model/event.js'
import type { RowBlock } from '../../model/row-block.js'
import { type Nanos, nanosFromMs, SECOND } from '../../model/time.js'
import type { HistoryFeed, HistoryRequest, Page, PageCall, RestCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import {
  candleEdge,
  countedCursor,
  countedPage,
  fallingPoints,
  pointsOf,
  risingCandles,
  risingValues,
  toMs,
} from '../kit/history.js'
import { candleReaders, numbers, type RowForm, timeInMs, tradeReaders } from '../kit/row-columns.js'
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
  const inverse = market.amountUnit !== 'base'
  const always = [trades(market), inverse ? fallingKlines(market) : risingKlines(market), funding(market)]
  // That of COIN-M is asked by pair and kind of contract, which a symbol does not tell.
  return inverse ? always : [...always, openInterest]
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
        ...tradeReaders(
          `aggTrades of ${symbol}`,
          { rowsOf, events: (rows) => rows.map((row) => trade(symbol, row)), form: TRADE },
          (rows) => countedPage(rows, request, { last, edge }, countedCursor),
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

/** The cells of `trade`. */
const TRADE: RowForm = {
  a: { as: 'counter', quoted: false },
  p: { as: 'number', column: 'price', quoted: true },
  q: { as: 'number', column: 'amount', quoted: true },
  T: timeInMs(false),
  m: { as: 'side', buy: 'false', sell: 'true', quoted: false },
}

function trade(symbol: string, row: unknown): Trade {
  const of = fields(row, 'aggregate')
  const id = counter(of.a, 'a')
  return { ...tradeOf(symbol, of), tradeId: id.toString(), counter: id }
}

/** `GET …/klines`: both times inclusive, of opening; from a start on the oldest first. */
function risingKlines(market: Market): HistoryFeed {
  return {
    channel: 'ohlc',
    intervals: OFFERED,
    pageRows: CANDLE_ROWS,
    order: 'rising',
    page(request, cursor) {
      const edge = candleEdge(cursor, request.from)
      return klines(market, request, `startTime=${toMs(edge)}&endTime=${toMs(request.until)}`, (rows, span) =>
        risingCandles(rows, request, edge, span),
      )
    },
  }
}

/**
 * The same of COIN-M: the newest of a window of at most 200 days. Asked in such windows, each of which begins one bar early, so that the answer shows that it reaches
 * its start.
 */
function fallingKlines(market: Market): HistoryFeed {
  return {
    channel: 'ohlc',
    intervals: OFFERED,
    pageRows: CANDLE_ROWS,
    order: 'falling',
    page(request, cursor) {
      const { from, until, interval = '1m' } = request
      const edge = candleEdge(cursor, until)
      const span = spanOf(interval)
      const most = span * BigInt(CANDLE_ROWS - 1)
      const lowest = edge - (most < CANDLE_WINDOW - span ? most : CANDLE_WINDOW - span)
      const start = lowest > from ? lowest : from
      return klines(market, request, `startTime=${toMs(start - span)}&endTime=${toMs(edge - 1n)}`, (rows) => {
        const page = fallingPoints(pointsOf(rows), { ...request, from: start }, edge)
        // The window is done; there may be more of them.
        return page.next === undefined && start > from ? { ...page, next: { edge: start.toString() } } : page
      })
    },
  }
}

function klines(
  market: Market,
  { symbol, restSymbol, interval = '1m' }: HistoryRequest,
  times: string,
  page: (rows: readonly Candle[] | RowBlock, span: Nanos) => Page,
): PageCall {
  return {
    path: `${market.api}/klines?symbol=${encodeURIComponent(restSymbol)}&interval=${interval}&${times}&limit=${CANDLE_ROWS}`,
    weight: 5,
    ...candleReaders(
      `klines of ${symbol}`,
      { rowsOf, events: (rows) => rows.map((row) => candle(market, symbol, interval, row)), form: formOf(market) },
      (rows) => page(rows, spanOf(interval)),
    ),
  }
}

function spanOf(interval: Interval): Nanos {
  return BigInt(INTERVALS[interval]) * SECOND
}

/** The cells of `candle`. */
function formOf(market: Market): RowForm {
  return [
    timeInMs(false),
    ...numbers(['open', 'high', 'low', 'close', 'volume'], true),
    undefined,
    ...numbers([market.amountUnit === 'base' ? 'quote_volume' : undefined], true),
    { as: 'count', column: 'trades', quoted: false },
    ...numbers(['taker_buy_volume'], true),
  ]
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
    page(request, cursor) {
      const { symbol, restSymbol, until } = request
      const edge = candleEdge(cursor, request.from)
      const times = `startTime=${toMs(edge + 999_999n)}&endTime=${toMs(until - 1n)}`
      return {
        path: `${market.api}/fundingRate?symbol=${encodeURIComponent(restSymbol)}&${times}&limit=${VALUE_ROWS}`,
        weight: 12,
        read: (body) =>
          readAnswer(body, `rates of ${symbol}`, (answer) => {
            const rates = rowsOf(answer).map((row) => charged(symbol, fields(row, 'row')))
            return risingValues(rates, request, edge)
          }),
      }
    },
  }
}

function charged(symbol: string, of: Fields): MarketData {
  return {
    kind: 'funding',
    symbol,
    exchangeTime: time(of.fundingTime, 'fundingTime'),
    rate: decimal(of.fundingRate, 'fundingRate'),
    predictedRate: undefined,
    nextFundingTime: undefined,
    intervalSeconds: undefined,
    settled: true,
  }
}

/**
 * `GET /futures/data/openInterestHist` every five minutes of the last 30 days: of a window the newest. What is older than those is asked for next; a value before the start shows
 * that the answer reaches it. The venue counts 1000 of these in 5 minutes.
 */
const openInterest: HistoryFeed = {
  channel: 'open_interest',
  pageRows: VALUE_ROWS,
  order: 'falling',
  reach: { ms: 29 * 86_400_000 },
  page(request, cursor) {
    const { symbol, restSymbol, from, until } = request
    const edge = candleEdge(cursor, until)
    const times = `startTime=${toMs(from - 2n * INTEREST_STEP)}&endTime=${toMs(edge - 1n)}`
    return {
      path: `/futures/data/openInterestHist?symbol=${encodeURIComponent(restSymbol)}&period=5m&${times}&limit=${VALUE_ROWS}`,
      weight: 6,
      read: (body) =>
        readAnswer(body, `open interest of ${symbol}`, (answer) =>
          fallingPoints(pointsOf(rowsOf(answer).map((row) => interest(symbol, fields(row, 'row')))), request, edge),
        ),
    }
  },
}

function interest(symbol: string, of: Fields): MarketData {
  return {
    kind: 'open_interest',
    symbol,
    exchangeTime: time(of.timestamp, 'timestamp'),
    amount: unsignedDecimal(of.sumOpenInterest, 'sumOpenInterest'),
    value: unsignedDecimal(of.sumOpenInterestValue, 'sumOpenInterestValue'),
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
