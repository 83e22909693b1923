import { canonicalDecimal } from '../../model/decimal.js'
import { CollectorError } from '../../model/error.js'
import { type Instrument, isPair } from '../../model/instrument.js'
import type { ListCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, isFields, list, text, WireError } from '../kit/wire.js'
import { meaningOf } from './errors.js'

/** What trades, by `typ`: perpetuals (crypto, currencies, stocks), dated futures, spot. Spreads, indices and prediction markets are left out. */
const KINDS: ReadonlyMap<unknown, Instrument['kind']> = new Map([
  ['FFWCSX', 'perpetual'],
  ['FFWCSF', 'perpetual'],
  ['FFSCSX', 'perpetual'],
  ['FFCCSX', 'future'],
  ['IFXXXP', 'spot'],
])

/** `GET /instrument/active`: all that is listed, a page of megabytes. */
export const bitmexInstruments: ListCall<Instrument> = {
  path: '/api/v1/instrument/active',
  weight: 1,
  read: (body) => readAnswer(body, 'instruments of BitMEX', readList),
}

/** `{"error":{"message":…,"name":"HTTPError"}}`, whatever the HTTP status. */
export function refuseError(answer: unknown): void {
  if (!isFields(answer) || !isFields(answer.error)) return
  const said = String(answer.error.message)
  throw new CollectorError(meaningOf(said) ?? 'BAD_MESSAGE', `BitMEX answered: ${said}`)
}

function readList(answer: unknown): readonly Instrument[] {
  refuseError(answer)
  const rows = list(answer, 'instruments')
  if (!rows.length) throw new WireError('no instruments')
  const found = new Map<string, Instrument>()
  for (const each of rows) {
    const instrument = read(fields(each, 'instrument'))
    if (!instrument) continue
    // Two symbols of one pair: what trades is ours, the other has no name here.
    const known = found.get(instrument.pair)
    if (!known || (known.status !== 'trading' && instrument.status === 'trading'))
      found.set(instrument.pair, instrument)
  }
  return [...found.values()]
}

function currency(value: unknown, name: string): string {
  const native = text(value, name)
  return native === 'XBT' ? 'BTC' : native
}

function status(state: unknown): Instrument['status'] {
  if (state === 'Open') return 'trading'
  // `Closed` is listed, outside of its hours.
  return state === 'Closed' ? 'halted' : 'closed'
}

function step(value: unknown): string | undefined {
  return typeof value === 'number' && value > 0 ? canonicalDecimal(String(value)) : undefined
}

function market(kind: Instrument['kind'], expiry: unknown): string | undefined {
  if (kind === 'spot') return ''
  if (kind === 'perpetual') return ':perp'
  return typeof expiry === 'string' && expiry.length >= 10 ? `:${expiry.slice(0, 10).replaceAll('-', '')}` : undefined
}

function read(row: Fields): Instrument | undefined {
  const kind = KINDS.get(row.typ)
  if (!kind) return undefined
  const symbol = text(row.symbol, 'symbol')
  const base = currency(row.underlying, 'underlying')
  const quote = currency(row.quoteCurrency, 'quoteCurrency')
  const end = market(kind, row.expiry)
  const pair = `${base}/${quote}${end}`
  if (end === undefined || !isPair(pair)) return undefined
  const priceIncrement = step(row.tickSize)
  const amountIncrement = step(row.lotSize)
  return {
    exchange: 'bitmex',
    symbol,
    pair,
    kind,
    base,
    quote,
    status: status(row.state),
    ...(priceIncrement ? { priceIncrement } : {}),
    ...(amountIncrement ? { amountIncrement } : {}),
    // Sizes are contracts everywhere, of spot too.
    amountUnit: 'contract',
    ...terms(row, kind),
    ...(typeof row.listing === 'string' ? { listTime: row.listing } : {}),
    ...(typeof row.expiry === 'string' ? { expiryTime: row.expiry } : {}),
  }
}

/** Money is settled in minor units: satoshi, millionths of USDT. */
const SETTLES: ReadonlyMap<unknown, string> = new Map([
  ['XBt', 'BTC'],
  ['USDt', 'USDT'],
])

type Terms = Pick<Instrument, 'settle' | 'contract' | 'contractSize' | 'contractUnit'>

/** A contract of an inverse market is worth an amount of the quote, one of a linear market an amount of the base; of a quanto neither is fixed. */
function terms(row: Fields, kind: Instrument['kind']): Terms {
  const settle = SETTLES.get(row.settlCurrency)
  const paid = kind === 'spot' || settle === undefined ? {} : { settle }
  if (row.isQuanto === true) return { ...paid, contract: 'quanto' }
  if (row.isInverse === true) {
    const size = ratio(row.multiplier, row.underlyingToSettleMultiplier)
    return { ...paid, contract: 'inverse', ...(size ? { contractSize: size, contractUnit: 'quote' } : {}) }
  }
  const size = ratio(1, row.underlyingToPositionMultiplier)
  const sized: Terms = size ? { contractSize: size, contractUnit: 'base' } : {}
  return kind === 'spot' ? sized : { ...paid, contract: 'linear', ...sized }
}

function ratio(of: unknown, by: unknown): string | undefined {
  return typeof of === 'number' && typeof by === 'number' && by !== 0 ? step(of / by) : undefined
}
