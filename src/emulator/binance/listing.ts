import type { Coin } from '../coins.js'
import { fixedText, type InstrumentSpec } from '../instrument-spec.js'

/** Spot instruments against USDT. Binance writes prices and amounts with 8 digits after the point. */
export function binanceInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  return coins.map((coin) => ({
    pair: `${coin.base}/USDT`,
    symbol: `${coin.base}USDT`,
    base: coin.base,
    quote: 'USDT',
    priceDecimals: coin.price >= 300 ? 2 : coin.price >= 10 ? 3 : coin.price >= 1 ? 4 : 5,
    amountDecimals: coin.price >= 300 ? 5 : coin.price >= 10 ? 3 : 1,
    written: { price: 8, amount: 8 },
    coin,
  }))
}

/** An instrument as `exchangeInfo` lists it. */
export interface ListedSymbol {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly status: 'TRADING' | 'BREAK'
  /** Decimals. */
  readonly price: number
  readonly amount: number
}

/** `GET /api/v3/exchangeInfo`: every instrument, and one that is listed but does not trade. */
export function exchangeInfo(specs: readonly InstrumentSpec[], nowMs: number): unknown {
  const trading = specs.map(({ symbol, base, quote, priceDecimals, amountDecimals }) => {
    return { symbol, base, quote, status: 'TRADING', price: priceDecimals, amount: amountDecimals } as const
  })
  const old = { symbol: 'OLDUSDT', base: 'OLD', quote: 'USDT', status: 'BREAK', price: 4, amount: 1 } as const
  return listing([...trading, old], nowMs)
}

/** The form of `exchangeInfo`. */
export function listing(symbols: readonly ListedSymbol[], nowMs: number): unknown {
  return {
    timezone: 'UTC',
    serverTime: nowMs,
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 300_000 },
    ],
    exchangeFilters: [],
    symbols: symbols.map(listed),
  }
}

function listed({ symbol, base, quote, status, price, amount }: ListedSymbol): unknown {
  return {
    symbol,
    status,
    baseAsset: base,
    baseAssetPrecision: 8,
    quoteAsset: quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
    icebergAllowed: true,
    ocoAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: fixedText(1, price, 8),
        maxPrice: '1000000.00000000',
        tickSize: fixedText(1, price, 8),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: fixedText(1, amount, 8),
        maxQty: '90000.00000000',
        stepSize: fixedText(1, amount, 8),
      },
      {
        filterType: 'NOTIONAL',
        minNotional: '5.00000000',
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
  }
}
