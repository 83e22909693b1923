import type { Coin } from '../coins.js'
import { fixedText, type InstrumentSpec } from '../instrument-spec.js'

export const CATEGORIES = ['spot', 'linear', 'inverse'] as const
export type Category = (typeof CATEGORIES)[number]

/** So many of the first coins have a linear contract too, and an inverse one. */
const LINEAR = 2
const INVERSE = 1

/** The market of an instrument; its symbol begins with it, as `BTCUSDT` is listed twice. */
export function categoryOf({ symbol }: InstrumentSpec): Category {
  return CATEGORIES.find((each) => symbol.startsWith(`${each}/`)) ?? 'spot'
}

/** The venue's own name. */
export function nameOf({ symbol }: InstrumentSpec): string {
  return symbol.slice(symbol.indexOf('/') + 1)
}

/** Every coin against USDT, and perpetuals of the first ones. Bybit writes the digits of the tick. */
export function bybitInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  const spec = (category: Category, coin: Coin, quote: string, amountDecimals: number): InstrumentSpec => {
    const priceDecimals = coin.price >= 1000 ? 2 : coin.price >= 10 ? 3 : coin.price >= 1 ? 4 : 5
    return {
      pair: `${coin.base}/${quote}${category === 'spot' ? '' : ':perp'}`,
      symbol: `${category}/${coin.base}${quote}`,
      base: coin.base,
      quote,
      priceDecimals,
      amountDecimals,
      written: { price: priceDecimals, amount: amountDecimals },
      coin,
      // Inverse contracts are dollars.
      ...(category === 'inverse' ? { usualLots: 2000 } : {}),
    }
  }
  return [
    ...coins.map((coin) => spec('spot', coin, 'USDT', coin.price >= 1000 ? 6 : 3)),
    ...coins.slice(0, LINEAR).map((coin) => spec('linear', coin, 'USDT', coin.price >= 1000 ? 3 : 1)),
    ...coins.slice(0, INVERSE).map((coin) => spec('inverse', coin, 'USD', 0)),
  ]
}

/** A row of `instruments-info`. */
export function listed(spec: InstrumentSpec): object {
  const tickSize = fixedText(1, spec.priceDecimals)
  const step = fixedText(1, spec.amountDecimals)
  const [symbol, category] = [nameOf(spec), categoryOf(spec)]
  const shared = { symbol, baseCoin: spec.base, quoteCoin: spec.quote, status: 'Trading' }
  if (category === 'spot')
    return {
      ...shared,
      innovation: '0',
      marginTrading: 'utaOnly',
      stTag: '0',
      lotSizeFilter: {
        basePrecision: step,
        quotePrecision: '0.00000001',
        minOrderQty: step,
        maxOrderQty: '71.73956243',
        minOrderAmt: '1',
        maxOrderAmt: '4000000',
      },
      priceFilter: { tickSize },
      riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
    }
  return {
    ...shared,
    contractType: category === 'linear' ? 'LinearPerpetual' : 'InversePerpetual',
    launchTime: '1584230400000',
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(spec.priceDecimals),
    leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
    priceFilter: { minPrice: tickSize, maxPrice: '1999999.80', tickSize },
    lotSizeFilter: { maxOrderQty: '1190.000', minOrderQty: step, qtyStep: step, minNotionalValue: '5' },
    unifiedMarginTrade: true,
    fundingInterval: 480,
    settleCoin: category === 'linear' ? 'USDT' : spec.base,
    copyTrading: 'both',
    upperFundingRate: '0.00375',
    lowerFundingRate: '-0.00375',
    isPreListing: false,
    preListingInfo: null,
  }
}
