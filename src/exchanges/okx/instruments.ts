import { CollectorError, type ErrorCode } from '../../model/error.js'
import { type Instrument, isPair } from '../../model/instrument.js'
import { isoFromNanos, nanosFromMs } from '../../model/time.js'
import type { ListCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, list, text, WireError } from '../kit/wire.js'

/** https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments */
export const okxInstruments = ['SPOT', 'SWAP', 'FUTURES'].map(
  (type): ListCall<Instrument> => ({
    path: `/api/v5/public/instruments?instType=${type}`,
    weight: 1,
    read: (body) =>
      readAnswer(body, `instruments of OKX ${type}`, (answer) =>
        rowsOf(answer)
          .flatMap((row) => instrument(row) ?? [])
          .filter(({ pair }) => isPair(pair)),
      ),
  }),
)

/** Codes that say more than "refused". */
const MEANINGS: Readonly<Record<string, ErrorCode>> = {
  '50001': 'EXCHANGE_DOWN',
  '50011': 'RATE_LIMITED',
  '51001': 'UNKNOWN_INSTRUMENT',
}

/** The rows of an answer as objects. */
export function rowsOf(answer: unknown): Fields[] {
  return dataOf(answer).map((each) => fields(each, 'data'))
}

/** The `data` of an answer; a 200 may hold an error as well. */
export function dataOf(answer: unknown): readonly unknown[] {
  const { code, msg, data } = fields(answer, 'the answer')
  if (code === '0') return list(data, 'data')
  throw new CollectorError(
    MEANINGS[text(code, 'code')] ?? 'BAD_MESSAGE',
    `OKX answered ${String(code)}: ${String(msg)}`,
  )
}

/** A refusal with a code of its own, where that says more than the status. */
export function refusal(_status: number, body: string): ErrorCode | undefined {
  return MEANINGS[/"code":"(\d+)"/.exec(body)?.[1] ?? '']
}

const STATUS: Readonly<Record<string, Instrument['status']>> = {
  live: 'trading',
  post_only: 'trading',
  expired: 'closed',
}

function iso(value: unknown): string | undefined {
  const nanos = value === '' ? undefined : nanosFromMs(value)
  return nanos === undefined ? undefined : isoFromNanos(nanos)
}

function instrument(row: Fields): Instrument | undefined {
  const symbol = text(row.instId, 'instId')
  const type = text(row.instType, 'instType')
  const [priceIncrement, amountIncrement, contractSize] = [size(row.tickSz), size(row.lotSz), size(row.ctVal)]
  const [listTime, expiryTime] = [iso(row.listTime), iso(row.expTime)]
  const shared = {
    exchange: 'okx',
    symbol,
    // suspend, preopen, rebase, settling, test: listed, and not trading now.
    status: STATUS[text(row.state, 'state')] ?? 'halted',
    ...(priceIncrement === undefined ? {} : { priceIncrement }),
    ...(amountIncrement === undefined ? {} : { amountIncrement }),
    ...(listTime === undefined ? {} : { listTime }),
    ...(expiryTime === undefined ? {} : { expiryTime }),
  } as const
  if (type === 'SPOT') {
    const [base, quote] = [text(row.baseCcy, 'baseCcy'), text(row.quoteCcy, 'quoteCcy')]
    return { ...shared, pair: `${base}/${quote}`, kind: 'spot', base, quote, amountUnit: 'base' }
  }
  // Derivatives leave both currencies empty. A family is an index and how its contracts are settled: `BTC-USD_UM`.
  const [base, quote] = text(row.instFamily ?? row.uly, 'instFamily').split('-')
  if (!base || !quote) return undefined
  if (type === 'FUTURES' && expiryTime === undefined) throw new WireError('expTime should be a time in milliseconds')
  const inverse = row.ctType === 'inverse'
  return {
    ...shared,
    pair: `${base}/${quote}:${type === 'SWAP' ? 'perp' : (expiryTime ?? '').slice(0, 10).replaceAll('-', '')}`,
    kind: type === 'SWAP' ? 'perpetual' : 'future',
    base,
    quote,
    amountUnit: 'contract',
    settle: text(row.settleCcy, 'settleCcy'),
    contract: inverse ? 'inverse' : 'linear',
    ...(contractSize === undefined ? {} : { contractSize }),
    contractUnit: row.ctValCcy === base ? 'base' : 'quote',
  }
}

function size(value: unknown): string | undefined {
  return typeof value === 'string' && Number(value) > 0 ? value : undefined
}
