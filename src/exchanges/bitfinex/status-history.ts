import type { HistoryFeed } from '../exchange.js'
import { candleEdge, risingPoints, toMs } from '../kit/history.js'
import { list, milliseconds } from '../kit/wire.js'
import { rateAfter, statusEvents } from './derivatives.js'
import { readRows } from './history.js'

const ROWS = 5000
/** The status of a derivative is kept about once a minute. */
const BEYOND_MS = 300_000n
const MS = 1_000_000n

/**
 * `GET /v2/status/deriv/{symbol}/hist`: rows as the live channel has them, times in milliseconds, inclusive. Mark and index prices stand there too, but once a minute
 * only: that is no past of what changes each second.
 * https://docs.bitfinex.com/reference/rest-public-derivatives-status-history
 */
function statusHistory(kind: 'funding' | 'open_interest'): HistoryFeed {
  return {
    channel: kind,
    pageRows: ROWS,
    order: 'rising',
    page(request, cursor) {
      const { symbol, restSymbol, until } = request
      const edge = candleEdge(cursor, request.from)
      const query = `start=${toMs(edge)}&end=${toMs(until) + BEYOND_MS}&limit=${ROWS}&sort=1`
      return {
        path: `/v2/status/deriv/${encodeURIComponent(restSymbol)}/hist?${query}`,
        weight: 1,
        read: (body) =>
          readRows(body, `status of ${symbol}`, (rows) => {
            const points = rows.map((row) => {
              const status = list(row, 'status')
              const event = statusEvents(status, rateAfter({}, status), symbol).find((each) => each.kind === kind)
              return { at: milliseconds(status[0], 'MTS'), event }
            })
            return risingPoints(points, request, edge, MS)
          }),
      }
    },
  }
}

export const bitfinexFunding = statusHistory('funding')
export const bitfinexOpenInterest = statusHistory('open_interest')
