import type { DecimalText } from '../../model/decimal.js'
import type { Funding, OpenInterest } from '../../model/event.js'
import type { HistoryFeed, HistoryRequest } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { candleEdge, fallingPoints, pointsOf, toMs } from '../kit/history.js'
import { decimal, fields, list, milliseconds, unsignedDecimal, WireError } from '../kit/wire.js'
import { resultOf } from './instruments.js'
import { categoryOf } from './topics.js'

const POINTS = 200
const DAY_MS = 86_400_000

function market({ symbol, restSymbol }: HistoryRequest): string {
  return `category=${categoryOf(symbol) ?? 'linear'}&symbol=${encodeURIComponent(restSymbol)}`
}

function readList<T>(body: string, what: string, read: (rows: readonly unknown[]) => T): T {
  return readAnswer(body, what, (answer) => read(list(resultOf(answer).list, 'list')))
}

/** `GET /v5/market/funding/history`: what was charged, newest first; a start alone is refused. */
export const bybitFunding: HistoryFeed = {
  channel: 'funding',
  pageRows: POINTS,
  order: 'falling',
  page(request, cursor) {
    const edge = candleEdge(cursor, request.until)
    // A day before the start: a rate there shows that the answer reaches it.
    const range = `startTime=${before(request)}&endTime=${toMs(edge - 1n)}`
    return {
      path: `/v5/market/funding/history?${market(request)}&${range}&limit=${POINTS}`,
      weight: 1,
      read: (body) =>
        readList(body, `funding of ${request.symbol}`, (rows) =>
          fallingPoints(pointsOf(rows.map((row) => charged(request.symbol, row))), request, edge),
        ),
    }
  },
}

function before({ from }: HistoryRequest): bigint {
  const start = toMs(from) - BigInt(DAY_MS)
  return start > 0n ? start : 0n
}

function charged(symbol: string, row: unknown): Funding {
  const of = fields(row, 'rate')
  return {
    kind: 'funding',
    symbol,
    exchangeTime: milliseconds(of.fundingRateTimestamp, 'fundingRateTimestamp'),
    rate: decimal(of.fundingRate, 'fundingRate'),
    predictedRate: undefined,
    nextFundingTime: undefined,
    intervalSeconds: undefined,
    settled: true,
  }
}

/**
 * `GET /v5/market/open-interest`: one value each five minutes, newest first. `openInterest` is the sum of both sides, the stream's is that of one: it has a field of its own, and is the
 * half where a row lacks that.
 * https://bybit-exchange.github.io/docs/v5/market/open-interest
 */
export const bybitOpenInterest: HistoryFeed = {
  channel: 'open_interest',
  pageRows: POINTS,
  order: 'falling',
  page(request, cursor) {
    const edge = candleEdge(cursor, request.until)
    const range = `intervalTime=5min&startTime=${before(request)}&endTime=${toMs(edge - 1n)}`
    return {
      path: `/v5/market/open-interest?${market(request)}&${range}&limit=${POINTS}`,
      weight: 1,
      read: (body) =>
        readList(body, `open interest of ${request.symbol}`, (rows) =>
          fallingPoints(pointsOf(rows.map((row) => openInterest(request.symbol, row))), request, edge),
        ),
    }
  },
}

function openInterest(symbol: string, row: unknown): OpenInterest {
  const of = fields(row, 'open interest')
  return {
    kind: 'open_interest',
    symbol,
    exchangeTime: milliseconds(of.timestamp, 'timestamp'),
    amount:
      of.singleOpenInterest === undefined
        ? half(unsignedDecimal(of.openInterest, 'openInterest'))
        : unsignedDecimal(of.singleOpenInterest, 'singleOpenInterest'),
    value: undefined,
  }
}

function half(text: DecimalText): DecimalText {
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === '') throw new WireError(`openInterest should have plain digits, is ${text}`)
  const digits = (BigInt(whole + fraction) * 5n).toString().padStart(fraction.length + 2, '0')
  const point = digits.length - fraction.length - 1
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}
