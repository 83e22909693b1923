import { INTERVALS, type Interval } from '../../model/dataset.js'
import { CollectorError } from '../../model/error.js'
import type { AdapterEvent, Candle, Trade } from '../../model/event.js'
import { SECOND } from '../../model/time.js'
import type { HistoryFeed } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { candleEdge, risingCandles, toMs } from '../kit/history.js'
import { readLossless } from '../kit/lossless-json.js'
import { candleReaders, numbers, type RowForm, timeInMs } from '../kit/row-columns.js'
import { endsAnchor, endsPage } from '../kit/timed.js'
import { list } from '../kit/wire.js'
import { candleEvents, tradeEvent } from './messages.js'
import { CANDLE_INTERVALS, candleKey } from './topics.js'

const ROWS = 10_000
/** How far past the end is asked: a trade there shows that the answer reaches it. */
const BEYOND_MS = 60_000n

/**
 * `GET /v2/trades/{symbol}/hist`: times in milliseconds, inclusive; ids rise, but those of all pairs are one count. What an answer may have left out is
 * asked for from the other end (`sort=-1`). 15 requests a minute: half of those for candles.
 * https://docs.bitfinex.com/reference/rest-public-trades
 */
export const bitfinexTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: ROWS,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol, until } = request
    const anchor = endsAnchor(request, cursor)
    const end = anchor.alone ? toMs(anchor.edge) : toMs(until) + BEYOND_MS
    const range = `start=${toMs(anchor.edge)}&end=${end}&limit=${ROWS}&sort=${anchor.first ? -1 : 1}`
    return {
      path: `/v2/trades/${encodeURIComponent(restSymbol)}/hist?${range}`,
      weight: 2,
      read: (body) =>
        readRows(body, `trades of ${symbol}`, (rows) => {
          const trades = rows.flatMap((row) => tradesOf(tradeEvent(list(row, 'trade'), { symbol, time: undefined })))
          return endsPage(trades, request, anchor, ROWS)
        }),
    }
  },
}

/** `GET /v2/candles/trade:{length}:{symbol}/hist`: quiet intervals have no row. */
export const bitfinexCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: CANDLE_INTERVALS,
  pageRows: ROWS,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol, until, interval = '1m' } = request
    const edge = candleEdge(cursor, request.from)
    const query = `start=${toMs(edge)}&end=${toMs(until)}&limit=${ROWS}&sort=1`
    return {
      path: `/v2/candles/${encodeURIComponent(candleKey(restSymbol, interval))}/hist?${query}`,
      weight: 1,
      ...candleReaders(
        `candles of ${symbol}`,
        {
          rowsOf: (answer) => rowsOf(answer, `candles of ${symbol}`),
          events: (rows) => (rows.length ? candlesOf(candleEvents(rows, interval, { symbol, time: undefined })) : []),
          form: CANDLE,
          json: readLossless,
        },
        (rows) => risingCandles(rows, request, edge, spanOf(interval)),
      ),
    }
  },
}

/** `[MTS, OPEN, CLOSE, HIGH, LOW, VOLUME]`. */
const CANDLE: RowForm = [timeInMs(false), ...numbers(['open', 'close', 'high', 'low', 'volume'], false)]

function spanOf(interval: Interval): bigint {
  return BigInt(INTERVALS[interval]) * SECOND
}

function tradesOf(event: AdapterEvent): Trade[] {
  return event.kind === 'trade' ? [event] : []
}

function candlesOf(events: readonly AdapterEvent[]): Candle[] {
  return events.flatMap((event) => (event.kind === 'candle' ? [{ ...event, closed: true }] : []))
}

/** The rows of an answer; an error comes as `["error", code, text]`, also with HTTP 200. */
function rowsOf(answer: unknown, what: string): readonly unknown[] {
  const rows = list(answer, 'the answer')
  if (rows[0] !== 'error') return rows
  const code = /ratelimit/i.test(String(rows[2])) ? 'RATE_LIMITED' : 'BAD_MESSAGE'
  throw new CollectorError(code, `Bitfinex refused ${what}: ${String(rows[2])} (code ${String(rows[1])})`)
}

/** Reads the rows of an answer. */
export function readRows<T>(body: string, what: string, read: (rows: readonly unknown[]) => T): T {
  return readAnswer(body, what, (answer) => read(rowsOf(answer, what)), readLossless)
}
