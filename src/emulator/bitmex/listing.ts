import type { Coin } from '../coins.js'
import type { InstrumentSpec } from '../instrument-spec.js'

/** BitMEX's own names of assets. */
const OWN_NAMES: Readonly<Record<string, string>> = { BTC: 'XBT' }
export const nativeName = (asset: string): string => OWN_NAMES[asset] ?? asset

/** What a contract is worth. */
export interface Contract {
  /** Inverse: one dollar. Linear: 1 / `perUnit` of the base. */
  readonly inverse: boolean
  readonly perUnit: number
}

export function contractOf({ quote, coin }: Pick<InstrumentSpec, 'quote' | 'coin'>): Contract {
  if (quote === 'USD') return { inverse: true, perUnit: 1 }
  return { inverse: false, perUnit: coin.price >= 1000 ? 1_000_000 : coin.price >= 1 ? 10_000 : 100 }
}

/** Perpetuals: Bitcoin inverse against dollars, all others linear against USDT. Amounts are whole contracts. */
export function bitmexInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  return coins.map((coin) => {
    const quote = coin.base === 'BTC' ? 'USD' : 'USDT'
    const { inverse, perUnit } = contractOf({ quote, coin })
    return {
      pair: `${coin.base}/${quote}:perp`,
      symbol: `${nativeName(coin.base)}${quote}`,
      base: coin.base,
      quote,
      priceDecimals: coin.price >= 10_000 ? 1 : coin.price >= 100 ? 2 : coin.price >= 1 ? 4 : 5,
      amountDecimals: 0,
      usualLots: inverse ? 2000 : (2000 / coin.price) * perUnit,
      written: 'shortest',
      coin,
    }
  })
}

/** A row of `/instrument` without what moves. */
export function listed(spec: InstrumentSpec): Readonly<Record<string, unknown>> {
  const { inverse, perUnit } = contractOf(spec)
  return {
    symbol: spec.symbol,
    rootSymbol: nativeName(spec.base),
    state: 'Open',
    typ: 'FFWCSX',
    listing: '2016-05-13T12:00:00.000Z',
    front: '2016-05-13T12:00:00.000Z',
    expiry: null,
    settle: null,
    positionCurrency: inverse ? 'USD' : nativeName(spec.base),
    underlying: nativeName(spec.base),
    quoteCurrency: spec.quote,
    underlyingSymbol: `${nativeName(spec.base)}=`,
    reference: 'BMEX',
    referenceSymbol: `.B${nativeName(spec.base)}`,
    maxOrderQty: 10_000_000,
    maxPrice: 1_000_000,
    lotSize: 1,
    tickSize: Number((10 ** -spec.priceDecimals).toFixed(spec.priceDecimals)),
    multiplier: inverse ? -100_000_000 : 1,
    settlCurrency: inverse ? 'XBt' : 'USDt',
    underlyingToPositionMultiplier: inverse ? null : perUnit,
    underlyingToSettleMultiplier: inverse ? -100_000_000 : null,
    quoteToSettleMultiplier: inverse ? null : 1_000_000,
    isQuanto: false,
    isInverse: inverse,
    initMargin: 0.01,
    maintMargin: 0.005,
    riskLimit: 20_000_000_000,
    taxed: true,
    deleverage: true,
    makerFee: 0.0002,
    takerFee: 0.00075,
    settlementFee: 0,
    fundingBaseSymbol: `.${nativeName(spec.base)}BON8H`,
    fundingInterval: '2000-01-01T08:00:00.000Z',
    markMethod: 'FairPrice',
  }
}

/** What is listed beside what trades: an index, and a spread of two futures. */
export const BESIDES: readonly Readonly<Record<string, unknown>>[] = [
  { symbol: '.BXBT', rootSymbol: 'XBT', state: 'Unlisted', typ: 'MRCXXX', underlying: 'XBT', quoteCurrency: 'USD' },
  {
    symbol: 'XBTM26-XBTU26',
    rootSymbol: 'XBT',
    state: 'Settled',
    typ: 'FFMCSX',
    underlying: 'XBT',
    quoteCurrency: 'USD',
    settlCurrency: 'XBt',
    expiry: '2026-06-26T12:00:00.000Z',
    tickSize: 0.5,
    lotSize: 100,
    multiplier: 1,
    isInverse: false,
    isQuanto: false,
  },
]
