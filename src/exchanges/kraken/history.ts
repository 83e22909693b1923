import { INTERVALS, type Interval } from '../../model/dataset.js'
import { CollectorError } from '../../model/error.js'
import type { Candle, Trade } from '../../model/event.js'
import { type Nanos, SECOND } from '../../model/time.js'
import type { HistoryFeed, HistoryRequest, Page } from '../exchange.js'
import { countedPage, risingCandles } from '../kit/history.js'
import { readLossless } from '../kit/lossless-json.js'
import { counter, type Fields, fields, integer, list, text, unsignedDecimal, WireError } from '../kit/wire.js'
import { resultOf } from './errors.js'
import { CANDLE_INTERVALS, minutesOf } from './topics.js'

const TRADES = 1000
/** `OHLC` gives the newest 720 bars, the running one among them. */
const BARS = 720

/**
 * `GET /0/public/Trades`: rising from `since`, nanoseconds, exclusive; `since=0` reaches the first trade. Ids rise by one. The cursor is the time of the
 * last trade: should several share it across pages, ids show it and the page is asked for once more from just before.
 * https://docs.kraken.com/api/docs/rest-api/get-recent-trades
 */
export const krakenTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: TRADES,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol } = request
    const saved = cursor === undefined ? undefined : fields(cursor, 'cursor')
    const last = saved ? counter(saved.last, 'last') : request.after
    const edge = saved ? BigInt(text(saved.edge, 'edge')) : request.from
    const again = saved?.again === true
    const since = saved ? text(saved.since, 'since') : (request.from > 0n ? request.from - 1n : 0n).toString()
    return {
      path: `/0/public/Trades?pair=${encodeURIComponent(restSymbol)}&since=${since}&count=${TRADES}`,
      weight: 1,
      read: (body) =>
        readResult(body, `trades of ${symbol}`, (result) => {
          const trades = rowsOf(result).map((row) => trade(symbol, row))
          const next = text(result.last, 'last')
          const lowest = trades.reduce<bigint | undefined>((low, { counter: id = 0n }) => {
            return (last === undefined || id > last) && (low === undefined || id < low) ? id : low
          }, undefined)
          if (last !== undefined && lowest !== undefined && lowest > last + 1n && !again) {
            const before = (edge > 0n ? edge - 1n : 0n).toString()
            return { events: [], covers: [], next: { last: `${last}`, edge: `${edge}`, since: before, again: true } }
          }
          return countedPage(trades, request, { last, edge }, (at) => ({
            last: at.last.toString(),
            edge: at.edge.toString(),
            since: next,
          }))
        }),
    }
  },
}

/** `[price, volume, time, "b" or "s", "m" or "l", misc, id]`; the time is seconds with a fraction. */
function trade(symbol: string, row: unknown): Trade {
  const at = list(row, 'trade')
  const id = counter(at[6], 'id')
  return {
    kind: 'trade',
    symbol,
    exchangeTime: seconds(at[2]),
    tradeId: id.toString(),
    price: unsignedDecimal(at[0], 'price'),
    amount: unsignedDecimal(at[1], 'volume'),
    takerSide: at[3] === 'b' ? 'buy' : at[3] === 's' ? 'sell' : undefined,
    counter: id,
  }
}

const TIME = /^(\d{1,11})(?:\.(\d{1,9})\d*)?$/

function seconds(value: unknown): Nanos {
  const [, whole, fraction = ''] = TIME.exec(text(value, 'time')) ?? []
  if (whole === undefined) throw new WireError(`time should be seconds, is ${String(value)}`)
  return BigInt(whole) * SECOND + BigInt(fraction.padEnd(9, '0'))
}

/** `GET /0/public/OHLC`: the newest 720 bars and no more, whatever `since` says. Older candles can be made from trades. */
export const krakenCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: CANDLE_INTERVALS,
  pageRows: BARS,
  order: 'rising',
  reach: { candles: BARS - 1 },
  page(request) {
    const { symbol, restSymbol, from, interval = '1m' } = request
    const span = BigInt(INTERVALS[interval]) * SECOND
    // Two bars before the start: one of them shows that the answer reaches it.
    const since = from > 2n * span ? (from - 2n * span) / SECOND : 0n
    return {
      path: `/0/public/OHLC?pair=${encodeURIComponent(restSymbol)}&interval=${minutesOf(interval)}&since=${since}`,
      weight: 1,
      read: (body) =>
        readResult(body, `candles of ${symbol}`, (result) =>
          newest(
            rowsOf(result).map((row) => candle(symbol, interval, row)),
            request,
            span,
          ),
        ),
    }
  },
}

function newest(candles: readonly Candle[], request: HistoryRequest, span: Nanos): Page {
  const { from, until } = request
  const first = candles.reduce<Nanos | undefined>(
    (low, { openTime }) => (low === undefined || openTime < low ? openTime : low),
    undefined,
  )
  if (first === undefined) return { events: [], covers: [] }
  const start = first <= from ? from : first < until ? first : until
  const page = risingCandles(candles, request, start, span)
  const missing =
    start > from ? [{ from, until: start, reason: `the exchange serves only the newest ${BARS} candles` }] : undefined
  return { events: page.events, covers: page.covers, ...(missing ? { missing } : {}) }
}

/** `[time, o, h, l, c, vwap, volume, count]`, opening time in seconds. */
function candle(symbol: string, interval: Interval, row: unknown): Candle {
  const at = list(row, 'bar')
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: seconds(at[0]),
    open: unsignedDecimal(at[1], 'open'),
    high: unsignedDecimal(at[2], 'high'),
    low: unsignedDecimal(at[3], 'low'),
    close: unsignedDecimal(at[4], 'close'),
    volume: unsignedDecimal(at[6], 'volume'),
    quoteVolume: undefined,
    trades: integer(at[7], 'count'),
    takerBuyVolume: undefined,
    vwap: unsignedDecimal(at[5], 'vwap'),
    closed: true,
  }
}

/** The rows stand under the pair's own key, which need not be the name that was asked for; `last` is beside them. */
function rowsOf(result: Fields): readonly unknown[] {
  const [rows] = Object.entries(result).flatMap(([key, value]) => (key === 'last' ? [] : [value]))
  return list(rows, 'rows')
}

function readResult<T>(body: string, what: string, read: (result: Fields) => T): T {
  try {
    return read(resultOf(readLossless(body), what))
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new CollectorError('BAD_MESSAGE', `${what}: ${error.message}`, { cause: error })
  }
}
