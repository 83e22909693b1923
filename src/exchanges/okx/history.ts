import type { AdapterEvent, Candle, Trade } from '../../model/event.js'
import type { HistoryFeed, Subscription } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fallingCandles, fallingCounted } from '../kit/falling.js'
import { candleEdge, toMs } from '../kit/history.js'
import { candleReaders, numbers, type RowForm, timeInMs } from '../kit/row-columns.js'
import { counter, fields, list, text } from '../kit/wire.js'
import { dataOf, rowsOf } from './instruments.js'
import { candle, READERS } from './messages.js'
import { barOf, OKX_INTERVALS } from './topics.js'

const TRADES = 100
const CANDLES = 300
const THREE_MONTHS_MS = 90 * 86_400_000

/** What a subscription would give: rows of REST are those of the stream. */
function as(channel: Subscription['channel'], symbol: string): Subscription {
  return { id: channel, channel, symbol, pair: '' }
}

/**
 * `GET /api/v5/market/history-trades`: newest first, every fill by itself, three months back. `after` is older than, exclusive: a time at first
 * (`type=2`), then the id of the oldest (`type=1`).
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-trades-history
 */
export const okxTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: TRADES,
  order: 'falling',
  reach: { ms: THREE_MONTHS_MS },
  page(request, cursor) {
    const { symbol, restSymbol, until, before } = request
    const saved = cursor === undefined ? undefined : fields(cursor, 'cursor')
    // What is held after the stretch begins with the trade after `before`.
    const first = saved ? counter(saved.first, 'first') : before === undefined ? undefined : before + 1n
    const edge = saved ? BigInt(text(saved.edge, 'edge')) : until
    const older = first === undefined ? `type=2&after=${toMs(until) + 1n}` : `type=1&after=${first}`
    return {
      path: `/api/v5/market/history-trades?instId=${encodeURIComponent(restSymbol)}&${older}&limit=${TRADES}`,
      weight: 1,
      read: (body) =>
        readAnswer(body, `trades of ${symbol}`, (answer) => {
          const read = READERS.trades
          const rows = rowsOf(answer).flatMap((row) => read?.(as('trades', symbol), row, {}) ?? [])
          return fallingCounted(rows.filter(isTrade), request, { first, edge }, (at) => ({
            first: at.first.toString(),
            edge: at.edge.toString(),
          }))
        }),
    }
  },
}

function isTrade(event: AdapterEvent): event is Trade {
  return event.kind === 'trade'
}

/** `GET /api/v5/market/history-candles`: newest first, older than `after`; rows of the stream, the running candle not confirmed. */
export const okxCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: OKX_INTERVALS,
  pageRows: CANDLES,
  order: 'falling',
  page(request, cursor) {
    const { symbol, restSymbol, until, interval = '1m' } = request
    const edge = candleEdge(cursor, until)
    const query = `instId=${encodeURIComponent(restSymbol)}&bar=${barOf(interval)}&after=${toMs(edge)}&limit=${CANDLES}`
    return {
      path: `/api/v5/market/history-candles?${query}`,
      weight: 1,
      ...candleReaders(
        `candles of ${symbol}`,
        {
          rowsOf: dataOf,
          events: (rows) =>
            rows.map((row) => candle({ ...as('ohlc', symbol), interval }, list(row, 'data'))).filter(isClosed),
          form: CANDLE,
        },
        (rows) => fallingCandles(rows, request, edge),
      ),
    }
  },
}

/** The cells of `candle`, confirmed: `[ts, o, h, l, c, vol, volCcy, volCcyQuote, confirm]`. */
const CANDLE: RowForm = [
  timeInMs(true),
  ...numbers(['open', 'high', 'low', 'close', 'volume'], true),
  undefined,
  ...numbers(['quote_volume'], true),
  { as: 'word', word: '1', quoted: true },
]

function isClosed(event: AdapterEvent): event is Candle {
  return event.kind === 'candle' && event.closed === true
}
