import { INTERVALS } from '../../model/dataset.js'
import { CollectorError } from '../../model/error.js'
import type { MarketData, Trade } from '../../model/event.js'
import { isoFromNanos, type Nanos, SECOND } from '../../model/time.js'
import type { HistoryFeed, Page, RestCall } from '../exchange.js'
import { candleEdge, pointsOf, risingPoints, risingValues } from '../kit/history.js'
import { readLossless } from '../kit/lossless-json.js'
import { skippingAnchor, skippingPage } from '../kit/timed.js'
import { type Fields, fields, list, WireError } from '../kit/wire.js'
import { chargedEvents } from './derivatives.js'
import { refuseError } from './instruments.js'
import { candleEvents, tradeEvents } from './rows.js'
import { CANDLE_INTERVALS } from './topics.js'

const ROWS = 1000
const RATES = 500

function call(path: string, what: string, read: (rows: readonly Fields[]) => Page): RestCall<Page> {
  return {
    path,
    weight: 1,
    read(body) {
      try {
        const answer = readLossless(body)
        refuseError(answer)
        return read(list(answer, 'the answer').map((row) => fields(row, 'row')))
      } catch (error) {
        if (!(error instanceof WireError)) throw error
        throw new CollectorError('BAD_MESSAGE', `${what}: ${error.message}`, { cause: error })
      }
    },
  }
}

/** Times of requests have milliseconds. */
function iso(time: Nanos): string {
  return encodeURIComponent(`${isoFromNanos(time > 0n ? time : 0n).slice(0, 23)}Z`)
}

/**
 * `GET /trade`: rising by time, inclusive. Equal times are common, also more of them than an answer holds: a page passes over (`start`) those of its first instant
 * that are known.
 * https://www.bitmex.com/api/explorer/#!/Trade/Trade_get
 */
export const bitmexTrades: HistoryFeed = {
  channel: 'trades',
  pageRows: ROWS,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol, until } = request
    const anchor = skippingAnchor(request, cursor)
    // A minute past the end: a trade there shows that the answer reaches it.
    const range = `startTime=${iso(anchor.edge)}&endTime=${iso(until + 60n * SECOND)}&start=${anchor.skip}`
    return call(
      `/api/v1/trade?symbol=${encodeURIComponent(restSymbol)}&count=${ROWS}&${range}`,
      `trades of ${symbol}`,
      (rows) => {
        const trades = rows
          .flatMap((row) => tradeEvents(row, symbol))
          .filter((each): each is Trade => each.kind === 'trade')
        return skippingPage(trades, request, anchor)
      },
    )
  },
}

/** `GET /trade/bucketed`: `timestamp` is the end of a bin. https://www.bitmex.com/api/explorer/#!/Trade/Trade_getBucketed */
export const bitmexCandles: HistoryFeed = {
  channel: 'ohlc',
  intervals: CANDLE_INTERVALS,
  pageRows: ROWS,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol, until, interval = '1m' } = request
    const edge = candleEdge(cursor, request.from)
    const span = BigInt(INTERVALS[interval]) * SECOND
    const range = `startTime=${iso(edge + span)}&endTime=${iso(until + span)}`
    return call(
      `/api/v1/trade/bucketed?binSize=${interval}&partial=false&symbol=${encodeURIComponent(restSymbol)}&count=${ROWS}&${range}`,
      `candles of ${symbol}`,
      (rows) => {
        const bars: MarketData[] = rows.flatMap((row) => candleEvents(row, symbol, interval))
        return risingPoints(pointsOf(bars), request, edge, span)
      },
    )
  },
}

/** `GET /funding`: what was charged. */
export const bitmexFunding: HistoryFeed = {
  channel: 'funding',
  pageRows: RATES,
  order: 'rising',
  page(request, cursor) {
    const { symbol, restSymbol } = request
    const edge = candleEdge(cursor, request.from)
    return call(
      `/api/v1/funding?symbol=${encodeURIComponent(restSymbol)}&count=${RATES}&startTime=${iso(edge)}`,
      `funding of ${symbol}`,
      (rows) =>
        risingValues(
          rows.flatMap((row) => chargedEvents(row, symbol)),
          request,
          edge,
        ),
    )
  },
}
