import type { Candle, Trade } from '../../model/event.js'
import type { HistoryFeed } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fallingCandles, newestOnly } from '../kit/falling.js'
import { candleEdge, toMs } from '../kit/history.js'
import { candleReaders, numbers, type RowForm, timeInMs } from '../kit/row-columns.js'
import { fields, list, milliseconds, text, unsignedDecimal } from '../kit/wire.js'
import { resultOf } from './instruments.js'
import { takerSide } from './messages.js'
import { BYBIT_INTERVALS, categoryOf, lengthOf } from './topics.js'

const CANDLES = 1000
/** Spot gives 60. */
const TRADES = 1000
/** The newest trades of a busy instrument reach back some minutes: enough for what a reconnect leaves out. */
const REACH_MS = 900_000

/** `GET /v5/market/recent-trade`: the newest trades and no others. https://bybit-exchange.github.io/docs/v5/market/recent-trade */
export const bybitTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: TRADES,
  order: 'falling',
  reach: { ms: REACH_MS },
  page(request) {
    const { symbol, restSymbol } = request
    const category = categoryOf(symbol) ?? 'linear'
    const limit = category === 'spot' ? 60 : TRADES
    return {
      path: `/v5/market/recent-trade?category=${category}&symbol=${encodeURIComponent(restSymbol)}&limit=${limit}`,
      weight: 1,
      read: (body) =>
        readAnswer(body, `trades of ${symbol}`, (answer) => {
          const rows = rowsOf(answer).map((row) => trade(symbol, row))
          return newestOnly(rows, request, 1_000_000n)
        }),
    }
  },
}

/** The fields of the stream by longer names. */
function trade(symbol: string, row: unknown): Trade {
  const { execId, price, size, side, time: at } = fields(row, 'trade')
  return {
    kind: 'trade',
    symbol,
    exchangeTime: milliseconds(at, 'time'),
    tradeId: text(execId, 'execId'),
    price: unsignedDecimal(price, 'price'),
    amount: unsignedDecimal(size, 'size'),
    takerSide: takerSide(side),
    counter: undefined,
  }
}

/**
 * `GET /v5/market/kline`: newest first, back to the listing; start and end inclusive. A quiet interval has a candle too.
 * https://bybit-exchange.github.io/docs/v5/market/kline
 */
export const bybitCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: BYBIT_INTERVALS,
  pageRows: CANDLES,
  order: 'falling',
  page(request, cursor) {
    const { symbol, restSymbol, until, interval = '1m' } = request
    const category = categoryOf(symbol) ?? 'linear'
    const edge = candleEdge(cursor, until)
    const of = `category=${category}&symbol=${encodeURIComponent(restSymbol)}&interval=${lengthOf(interval)}`
    return {
      path: `/v5/market/kline?${of}&end=${toMs(edge - 1n)}&limit=${CANDLES}`,
      weight: 1,
      ...candleReaders(
        `candles of ${symbol}`,
        {
          rowsOf,
          events: (rows) => rows.map((row) => candle(symbol, interval, list(row, 'candle'))),
          form: formOf(category),
        },
        (rows) => fallingCandles(rows, request, edge),
      ),
    }
  },
}

function rowsOf(answer: unknown): readonly unknown[] {
  return list(resultOf(answer).list, 'list')
}

/** The cells of `candle`. */
function formOf(category: string): RowForm {
  const turnover = category === 'inverse' ? [] : ['quote_volume']
  return [timeInMs(true), ...numbers(['open', 'high', 'low', 'close', 'volume', ...turnover], true)]
}

/** `[start, open, high, low, close, volume, turnover]`; the turnover of inverse contracts is in the base, and left out. */
function candle(symbol: string, interval: string, row: readonly unknown[]): Candle {
  const [start, open, high, low, close, volume, turnover] = row
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: milliseconds(start, 'start'),
    open: unsignedDecimal(open, 'open'),
    high: unsignedDecimal(high, 'high'),
    low: unsignedDecimal(low, 'low'),
    close: unsignedDecimal(close, 'close'),
    volume: unsignedDecimal(volume, 'volume'),
    quoteVolume: categoryOf(symbol) === 'inverse' ? undefined : unsignedDecimal(turnover, 'turnover'),
    trades: undefined,
    takerBuyVolume: undefined,
    vwap: undefined,
    closed: true,
  }
}
