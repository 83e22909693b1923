import { type Instrument, isPair } from '../../model/instrument.js'
import type { RestCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, integer, isFields, text, WireError } from '../kit/wire.js'
import { resultOf } from './errors.js'

/** AssetPairs keeps names that the v2 feed has given up. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['XBT', 'BTC'],
  ['XDG', 'DOGE'],
])

/** Statuses in which orders rest and change. Without the field (older answers) a pair that is listed trades. */
const TRADING: ReadonlySet<unknown> = new Set(['online', 'post_only', 'limit_only', 'reduce_only', undefined])

/** `GET /0/public/AssetPairs`: everything listed, by keys that mean nothing. */
export const krakenInstruments: RestCall<readonly Instrument[]> = {
  path: '/0/public/AssetPairs',
  weight: 1,
  read: (body) => readAnswer(body, 'AssetPairs of Kraken', readPairs),
}

function readPairs(body: unknown): readonly Instrument[] {
  const result = resultOf(body, 'the list of instruments')
  const found = new Map<string, Instrument>()
  for (const each of Object.values(result)) {
    const instrument = isFields(each) && each.wsname !== undefined ? read(each) : undefined
    if (instrument) found.set(instrument.symbol, instrument)
  }
  return [...found.values()]
}

function read(pair: Fields): Instrument | undefined {
  const [base, quote, more] = text(pair.wsname, 'wsname').split('/')
  if (!base || !quote || more !== undefined) return undefined
  const names = { base: RENAMED.get(base) ?? base, quote: RENAMED.get(quote) ?? quote }
  const symbol = `${names.base}/${names.quote}`
  if (!isPair(symbol)) return undefined
  return {
    exchange: 'kraken',
    symbol,
    restSymbol: text(pair.altname, 'altname'),
    pair: symbol,
    kind: 'spot',
    ...names,
    status: TRADING.has(pair.status) ? 'trading' : 'halted',
    priceIncrement:
      pair.tick_size === undefined
        ? step(integer(pair.pair_decimals, 'pair_decimals'))
        : text(pair.tick_size, 'tick_size'),
    amountIncrement: step(integer(pair.lot_decimals, 'lot_decimals')),
    amountUnit: 'base',
  }
}

/** The smallest number with so many digits after the point. */
function step(decimals: number): string {
  if (decimals < 0 || decimals > 30) throw new WireError(`${decimals} decimals`)
  return decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`
}
