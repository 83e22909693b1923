import type { Funding } from '../../model/event.js'
import { nanosFromMs } from '../../model/time.js'
import type { HistoryFeed } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { candleEdge, fallingPoints, pointsOf, toMs } from '../kit/history.js'
import { decimal, type Fields } from '../kit/wire.js'
import { rowsOf } from './instruments.js'

const RATES = 400
const QUARTER_MS = 90 * 86_400_000

/** `GET /api/v5/public/funding-rate-history`: what was charged (`realizedRate`), three months, newest first. */
export const okxFunding: HistoryFeed = {
  channel: 'funding',
  pageRows: RATES,
  order: 'falling',
  reach: { ms: QUARTER_MS },
  page(request, cursor) {
    const { symbol, until } = request
    const edge = candleEdge(cursor, until)
    return {
      path: `/api/v5/public/funding-rate-history?instId=${encodeURIComponent(symbol)}&after=${toMs(edge + 999_999n)}&limit=${RATES}`,
      weight: 2,
      read: (body) =>
        readAnswer(body, `funding of ${symbol}`, (answer) =>
          fallingPoints(pointsOf(rowsOf(answer).map((row) => charged(symbol, row))), request, edge),
        ),
    }
  },
}

function charged(symbol: string, row: Fields): Funding {
  const rate = row.realizedRate === undefined || row.realizedRate === '' ? row.fundingRate : row.realizedRate
  return {
    kind: 'funding',
    symbol,
    exchangeTime: nanosFromMs(row.fundingTime),
    rate: decimal(rate, 'realizedRate'),
    predictedRate: undefined,
    nextFundingTime: undefined,
    intervalSeconds: undefined,
    settled: true,
  }
}
