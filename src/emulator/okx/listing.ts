import type { Coin } from '../coins.js'
import { fixedText, type InstrumentSpec } from '../instrument-spec.js'

/** So many of the first coins have a linear swap too, and an inverse one. */
const LINEAR = 2
const INVERSE = 1
/** Dollars of one inverse contract. */
const INVERSE_VALUE = 100
/** Dollars that rest on a usual level. */
const USUAL = 2000

export const INST_TYPES = ['SPOT', 'SWAP', 'FUTURES', 'OPTION'] as const
export type InstType = (typeof INST_TYPES)[number]

export function typeOf({ symbol }: InstrumentSpec): InstType {
  return symbol.endsWith('-SWAP') ? 'SWAP' : 'SPOT'
}

/** Of swaps: the index that they follow. */
export function indexOf({ base, quote }: InstrumentSpec): string {
  return `${base}-${quote}`
}

export function isInverse(spec: InstrumentSpec): boolean {
  return typeOf(spec) === 'SWAP' && spec.quote === 'USD'
}

/** How much one contract is: of the coin, of dollars where the contract is inverse, and 1 on spot. Decimal places and units. */
export function contractValue(spec: InstrumentSpec): { readonly units: bigint; readonly places: number } {
  if (typeOf(spec) === 'SPOT') return { units: 1n, places: 0 }
  if (isInverse(spec)) return { units: BigInt(INVERSE_VALUE), places: 0 }
  return { units: 1n, places: spec.coin.price >= 10_000 ? 2 : 1 }
}

/** Every coin against USDT, and swaps of the first ones. OKX writes numbers without trailing zeros. */
export function okxInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  const spec = (coin: Coin, symbol: string, quote: string, amountDecimals: number): InstrumentSpec => ({
    pair: `${coin.base}/${quote}${symbol.endsWith('-SWAP') ? ':perp' : ''}`,
    symbol,
    base: coin.base,
    quote,
    priceDecimals: coin.price >= 1000 ? 1 : coin.price >= 10 ? 3 : coin.price >= 1 ? 4 : 5,
    amountDecimals,
    written: 'shortest',
    coin,
  })
  const linear = (coin: Coin): InstrumentSpec => {
    const made = spec(coin, `${coin.base}-USDT-SWAP`, 'USDT', 2)
    const { places } = contractValue(made)
    return { ...made, usualLots: Math.max(1, (USUAL / coin.price) * 10 ** (places + made.amountDecimals)) }
  }
  const inverse = (coin: Coin): InstrumentSpec => ({
    ...spec(coin, `${coin.base}-USD-SWAP`, 'USD', 0),
    usualLots: USUAL / INVERSE_VALUE,
  })
  return [
    ...coins.map((coin) => spec(coin, `${coin.base}-USDT`, 'USDT', coin.price >= 10 ? 8 : 6)),
    ...coins.slice(0, LINEAR).map(linear),
    ...coins.slice(0, INVERSE).map(inverse),
  ]
}

/** A row of `instruments`, and of one that is listed but does not trade. */
export function listed(spec: InstrumentSpec): object {
  const swap = typeOf(spec) === 'SWAP'
  const { units, places } = contractValue(spec)
  const step = fixedText(1, spec.amountDecimals)
  return {
    alias: '',
    baseCcy: swap ? '' : spec.base,
    category: '1',
    contTdSwTime: '',
    ctMult: swap ? '1' : '',
    ctType: swap ? (isInverse(spec) ? 'inverse' : 'linear') : '',
    ctVal: swap ? fixedText(units, places) : '',
    ctValCcy: swap ? (isInverse(spec) ? 'USD' : spec.base) : '',
    expTime: '',
    futureSettlement: false,
    instCategory: '1',
    instFamily: swap ? indexOf(spec) : '',
    instId: spec.symbol,
    instType: typeOf(spec),
    lever: swap ? '100' : '10',
    listTime: '1606468572000',
    lotSz: step,
    maxIcebergSz: '9999999999.0000000000000000',
    maxLmtAmt: '20000000',
    maxLmtSz: '9999999999',
    maxMktAmt: '1000000',
    maxMktSz: '1000000',
    minSz: step,
    optType: '',
    quoteCcy: swap ? '' : spec.quote,
    ruleType: 'normal',
    settleCcy: swap ? (isInverse(spec) ? spec.base : spec.quote) : '',
    state: 'live',
    stk: '',
    tickSz: fixedText(1, spec.priceDecimals),
    uly: swap ? indexOf(spec) : '',
    upcChg: [],
  }
}
