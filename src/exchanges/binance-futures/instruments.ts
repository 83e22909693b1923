import { type Instrument, isPair } from '../../model/instrument.js'
import { isoFromNanos } from '../../model/time.js'
import { readAnswer } from '../kit/answer.js'
import { filterSize } from '../kit/symbol-filters.js'
import { decimal, type Fields, fields, list, milliseconds, text } from '../kit/wire.js'
import { errors, type Market } from './market.js'

/** What stands as the end of contracts that have none: the year 2100. */
const NEVER_MS = 4_133_404_800_000
/** Statuses after which nothing comes. */
const OVER: readonly unknown[] = ['DELIVERED', 'SETTLING', 'CLOSE']

/** `GET …/exchangeInfo`. Names that cannot stand in a pair are left out. Throws BAD_MESSAGE. */
export function readInstruments(market: Market, body: string): Instrument[] {
  return readAnswer(body, 'exchangeInfo', (answer) => {
    errors.refuse(answer)
    const symbols = list(fields(answer, 'the answer').symbols, 'symbols')
    return symbols.map((each) => instrument(market, fields(each, 'symbols'))).filter(({ pair }) => isPair(pair))
  })
}

function instrument(market: Market, of: Fields): Instrument {
  const base = text(of.baseAsset, 'baseAsset')
  const quote = text(of.quoteAsset, 'quoteAsset')
  const settle = text(of.marginAsset, 'marginAsset')
  const expiry = of.deliveryDate === NEVER_MS ? undefined : milliseconds(of.deliveryDate, 'deliveryDate')
  const begin = of.onboardDate === undefined ? undefined : milliseconds(of.onboardDate, 'onboardDate')
  const end = expiry === undefined ? undefined : isoFromNanos(expiry)
  const perpetual = isPerpetual(of)
  const priceIncrement = filterSize(of, 'PRICE_FILTER', 'tickSize')
  const amountIncrement = filterSize(of, 'LOT_SIZE', 'stepSize')
  const status = of.contractStatus ?? of.status
  return {
    exchange: market.id,
    symbol: text(of.symbol, 'symbol'),
    pair: `${base}/${quote}:${perpetual ? 'perp' : (end?.slice(0, 10).replaceAll('-', '') ?? 'future')}`,
    kind: perpetual ? 'perpetual' : 'future',
    base,
    quote,
    settle,
    contract: settle === quote ? 'linear' : settle === base ? 'inverse' : 'quanto',
    status: status === 'TRADING' ? 'trading' : OVER.includes(status) ? 'closed' : 'halted',
    ...(priceIncrement === undefined ? {} : { priceIncrement }),
    ...(amountIncrement === undefined ? {} : { amountIncrement }),
    amountUnit: market.amountUnit,
    // COIN-M only: dollars per contract.
    ...(of.contractSize === undefined
      ? {}
      : { contractSize: decimal(String(of.contractSize), 'contractSize'), contractUnit: 'quote' as const }),
    ...(begin === undefined ? {} : { listTime: isoFromNanos(begin) }),
    ...(end === undefined ? {} : { expiryTime: end }),
  }
}

/** `PERPETUAL`, `TRADIFI_PERPETUAL`, `PERPETUAL DELIVERING` (delisted); other contracts are named by their quarter or month. */
function isPerpetual({ contractType, deliveryDate }: Fields): boolean {
  return contractType === '' ? deliveryDate === NEVER_MS : text(contractType, 'contractType').includes('PERPETUAL')
}
