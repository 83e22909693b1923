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

/** `GET /api/v3/exchangeInfo`: every instrument, and one that is listed but does not trade. */
export function exchangeInfo(specs: readonly InstrumentSpec[], nowMs: number): unknown {
  return {
    timezone: 'UTC',
    serverTime: nowMs,
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 300_000 },
    ],
    exchangeFilters: [],
    symbols: [
      ...specs.map((spec) =>
        listed(spec.symbol, spec.base, spec.quote, 'TRADING', spec.priceDecimals, spec.amountDecimals),
      ),
      listed('OLDUSDT', 'OLD', 'USDT', 'BREAK', 4, 1),
    ],
  }
}

function listed(symbol: string, base: string, quote: string, status: string, price: number, amount: number): unknown {
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
