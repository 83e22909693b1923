import { INTERVALS, type Interval } from '../../model/dataset.js'
import type { Candle, Trade } from '../../model/event.js'
import { type Nanos, nanosFromMs, SECOND } from '../../model/time.js'
import type { HistoryFeed, HistoryRequest, Page, RestCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { candleEdge, countedCursor, countedPage, risingCandles, toMs } from '../kit/history.js'
import { candleReaders, numbers, type RowForm, timeInMs, tradeReaders } from '../kit/row-columns.js'
import { counter, fields, flag, integer, list, text, unsignedDecimal, WireError } from '../kit/wire.js'
import { errors } from './errors.js'
import { BINANCE_INTERVALS } from './streams.js'

const ROWS = 1000

/** `GET /api/v3/historicalTrades`: by id, from the first trade of the market on. The ids are those of the live feed. */
export const binanceTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: ROWS,
  order: 'rising',
  page(request, cursor) {
    if (cursor === undefined && request.after === undefined) return seek(request)
    const last = cursor === undefined ? (request.after ?? 0n) : counter(fields(cursor, 'cursor').last, 'last')
    const edge = cursor === undefined ? request.from : BigInt(text(fields(cursor, 'cursor').edge, 'edge'))
    const { symbol, restSymbol, before } = request
    const limit = before === undefined || before - last > ROWS || before <= last ? ROWS : Number(before - last)
    return {
      path: `/api/v3/historicalTrades?symbol=${encodeURIComponent(restSymbol)}&fromId=${last + 1n}&limit=${limit}`,
      weight: 25,
      ...tradeReaders(
        `historicalTrades of ${symbol}`,
        { rowsOf, events: (rows) => rows.map((row) => trade(symbol, row)), form: TRADE },
        (rows) => countedPage(rows, request, { last, edge }, countedCursor),
      ),
    }
  },
}

/** The cells of `trade`. */
const TRADE: RowForm = {
  id: { as: 'counter', quoted: false },
  price: { as: 'number', column: 'price', quoted: true },
  qty: { as: 'number', column: 'amount', quoted: true },
  time: timeInMs(false),
  isBuyerMaker: { as: 'side', buy: 'false', sell: 'true', quoted: false },
}

/**
 * `GET /api/v3/aggTrades` finds the first trade at or after a time: `f`, the first id of the aggregate. Nothing is stored of it. No answer,
 * or one past the end: nothing was traded in between.
 */
function seek(request: HistoryRequest): RestCall<Page> {
  const { symbol, restSymbol, from, until } = request
  const startTime = (from + 999_999n) / 1_000_000n
  return {
    path: `/api/v3/aggTrades?symbol=${encodeURIComponent(restSymbol)}&startTime=${startTime}&limit=1`,
    weight: 4,
    read: (body) =>
      readAnswer(body, `aggTrades of ${symbol}`, (answer) => {
        const [first] = rowsOf(answer)
        const found = first === undefined ? undefined : fields(first, 'aggregate')
        if (!found || time(found.T, 'T') >= until)
          return { events: [], covers: [{ from, until, before: null, last: null, joined: true }] }
        return { events: [], covers: [], next: countedCursor({ last: counter(found.f, 'f') - 1n, edge: from }) }
      }),
  }
}

function trade(symbol: string, row: unknown): Trade {
  const { id, time: at, price, qty, isBuyerMaker } = fields(row, 'trade')
  const number = counter(id, 'id')
  return {
    kind: 'trade',
    symbol,
    exchangeTime: time(at, 'time'),
    tradeId: number.toString(),
    price: unsignedDecimal(price, 'price'),
    amount: unsignedDecimal(qty, 'qty'),
    takerSide: flag(isBuyerMaker, 'isBuyerMaker') ? 'sell' : 'buy',
    counter: number,
  }
}

/** `GET /api/v3/klines`: both times inclusive, of opening; a quiet interval has a row with volume 0. */
export const binanceCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: BINANCE_INTERVALS,
  pageRows: ROWS,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol, until, interval = '1m' } = request
    const edge = candleEdge(cursor, request.from)
    // One row past the end is asked for: it shows that the answer reaches it.
    const query = `symbol=${encodeURIComponent(restSymbol)}&interval=${interval}&startTime=${toMs(edge)}&endTime=${toMs(until)}`
    return {
      path: `/api/v3/klines?${query}&limit=${ROWS}`,
      weight: 2,
      ...candleReaders(
        `klines of ${symbol}`,
        { rowsOf, events: (rows) => rows.map((row) => candle(symbol, interval, row)), form: KLINE },
        (rows) => risingCandles(rows, request, edge, spanOf(interval)),
      ),
    }
  },
}

/** The cells of `candle`. */
const KLINE: RowForm = [
  timeInMs(false),
  ...numbers(['open', 'high', 'low', 'close', 'volume'], true),
  undefined,
  ...numbers(['quote_volume'], true),
  { as: 'count', column: 'trades', quoted: false },
  ...numbers(['taker_buy_volume'], true),
]

function spanOf(interval: Interval): Nanos {
  return BigInt(INTERVALS[interval]) * SECOND
}

/** `[open time, o, h, l, c, volume, close time, quote volume, trades, taker base, taker quote, "0"]`. */
function candle(symbol: string, interval: Interval, row: unknown): Candle {
  const at = list(row, 'kline')
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
    quoteVolume: unsignedDecimal(at[7], 'quote volume'),
    trades: integer(at[8], 'trades'),
    takerBuyVolume: unsignedDecimal(at[9], 'taker volume'),
    vwap: undefined,
    closed: true,
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
