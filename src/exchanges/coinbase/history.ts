import type { Interval } from '../../model/dataset.js'
import type { Candle, Trade } from '../../model/event.js'
import { isoFromNanos, type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import type { HistoryFeed, HistoryRequest, Page, RestCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fallingCounted } from '../kit/falling.js'
import { candleEdge, fallingPoints, pointsOf } from '../kit/history.js'
import { readLossless } from '../kit/lossless-json.js'
import { candleReaders, numbers, type RowForm } from '../kit/row-columns.js'
import { counter, fields, integer, list, text, unsignedDecimal, WireError } from '../kit/wire.js'
import { refuseMessage } from './instruments.js'
import { takerSide } from './messages.js'

const TRADES = 1000
/** One more is refused. */
const BARS = 300n
const GRANULARITIES: ReadonlyMap<Interval, number> = new Map([
  ['1m', 60],
  ['5m', 300],
  ['15m', 900],
  ['1h', 3600],
  ['6h', 21_600],
  ['1d', 86_400],
])

/**
 * `GET /products/{id}/candles`: both times inclusive, newest first, at most 300 bars between them; no row for a quiet interval. Asked in windows, each
 * of which begins one bar early, so that the answer shows that it reaches its start.
 * https://docs.cdp.coinbase.com/exchange/reference/exchangerestapi_getproductcandles
 */
export const coinbaseCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: [...GRANULARITIES.keys()],
  pageRows: Number(BARS) - 2,
  order: 'falling',
  page(request, cursor) {
    const { symbol, restSymbol, from, until, interval = '1m' } = request
    const seconds = GRANULARITIES.get(interval) ?? 60
    const span = BigInt(seconds) * SECOND
    const edge = candleEdge(cursor, until)
    const lowest = edge - (BARS - 2n) * span
    const start = lowest > from ? lowest : from
    const range = `start=${iso(start - span)}&end=${iso(edge - span)}`
    return {
      path: `/products/${encodeURIComponent(restSymbol)}/candles?granularity=${seconds}&${range}`,
      weight: 1,
      ...candleReaders(
        `candles of ${symbol}`,
        {
          rowsOf,
          events: (rows) => rows.map((row) => candle(symbol, interval, row)),
          form: CANDLE,
          json: readLossless,
        },
        (rows) => {
          const page = fallingPoints(pointsOf(rows), { ...request, from: start }, edge)
          // The window is done; there may be more of them.
          return page.next === undefined && start > from ? { ...page, next: { edge: start.toString() } } : page
        },
      ),
    }
  },
}

function iso(time: Nanos): string {
  return isoFromNanos(time > 0n ? time : 0n).replace('.000000000Z', 'Z')
}

/** The cells of `candle`. */
const CANDLE: RowForm = [
  { as: 'time', unit: SECOND, quoted: false },
  ...numbers(['low', 'high', 'open', 'close', 'volume'], false),
]

/** `[time, LOW, HIGH, OPEN, CLOSE, volume]`, as numbers: their text is kept. */
function candle(symbol: string, interval: Interval, row: unknown): Candle {
  const at = list(row, 'candle')
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: BigInt(integer(at[0], 'time')) * SECOND,
    open: unsignedDecimal(at[3], 'open'),
    high: unsignedDecimal(at[2], 'high'),
    low: unsignedDecimal(at[1], 'low'),
    close: unsignedDecimal(at[4], 'close'),
    volume: unsignedDecimal(at[5], 'volume'),
    quoteVolume: undefined,
    trades: undefined,
    takerBuyVolume: undefined,
    vwap: undefined,
    closed: true,
  }
}

/**
 * `GET /products/{id}/trades`: newest first, older than an id by `after`; ids rise by one from the first trade on. The id at a time is found by
 * halving: one trade is asked for each time.
 */
export const coinbaseTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: TRADES,
  order: 'falling',
  page(request, cursor) {
    const { symbol, until, before } = request
    const saved = cursor === undefined ? undefined : fields(cursor, 'cursor')
    if (saved?.low !== undefined) return seek(request, counter(saved.low, 'low'), counter(saved.high, 'high'))
    if (!saved && before === undefined) return seek(request, 0n, undefined)
    const first = saved ? counter(saved.first, 'first') : (before ?? 0n) + 1n
    const edge = saved ? BigInt(text(saved.edge, 'edge')) : until
    return call(request, `limit=${TRADES}&after=${first}`, (rows) =>
      fallingCounted(
        rows.map((row) => trade(symbol, row)),
        request,
        { first, edge },
        (at) => ({
          first: `${at.first}`,
          edge: `${at.edge}`,
        }),
      ),
    )
  },
}

/** Trades below `low` are before the end of the request, those from `high` on are not; without `high` the newest trade tells how far ids go. */
function seek(request: HistoryRequest, low: bigint, high: bigint | undefined): RestCall<Page> {
  const middle = high === undefined ? undefined : (low + high) / 2n
  const query = middle === undefined ? 'limit=1' : `limit=1&after=${middle + 1n}`
  return call(request, query, (rows) => {
    const [newest] = rows.map((row) => trade(request.symbol, row))
    const nothing: Page = { events: [], covers: [] }
    const begin = (first: bigint): Page => ({ ...nothing, next: { first: `${first}`, edge: `${request.until}` } })
    if (newest?.counter === undefined) {
      // No trade has so low an id: nothing was traded at all, or ids begin higher.
      if (middle === undefined || high === undefined || high - middle <= 1n) return begin(high ?? 1n)
      return { ...nothing, next: { low: `${middle + 1n}`, high: `${high}` } }
    }
    const past = (newest.exchangeTime ?? 0n) >= request.until
    const [nextLow, nextHigh] = past ? [low, newest.counter] : [newest.counter + 1n, high ?? newest.counter + 1n]
    if (nextHigh - nextLow <= BigInt(TRADES) / 2n) return begin(nextHigh)
    return { ...nothing, next: { low: `${nextLow}`, high: `${nextHigh}` } }
  })
}

function call(
  { symbol, restSymbol }: HistoryRequest,
  query: string,
  read: (rows: readonly unknown[]) => Page,
): RestCall<Page> {
  return {
    path: `/products/${encodeURIComponent(restSymbol)}/trades?${query}`,
    weight: 1,
    read: (body) => readAnswer(body, `trades of ${symbol}`, (answer) => read(rowsOf(answer))),
  }
}

function trade(symbol: string, row: unknown): Trade {
  const of = fields(row, 'trade')
  const id = counter(of.trade_id, 'trade_id')
  const exchangeTime = nanosFromIso(of.time)
  if (exchangeTime === undefined) throw new WireError('time should be a time')
  return {
    kind: 'trade',
    symbol,
    exchangeTime,
    tradeId: id.toString(),
    price: unsignedDecimal(of.price, 'price'),
    amount: unsignedDecimal(of.size, 'size'),
    takerSide: takerSide(of.side),
    counter: id,
  }
}

function rowsOf(answer: unknown): readonly unknown[] {
  refuseMessage(answer)
  return list(answer, 'the answer')
}
