import type { Coin } from '../coins.js'
import { fixedText, type InstrumentSpec } from '../instrument-spec.js'

/** One of the two markets; times and words differ little. */
export interface FuturesMarket {
  readonly exchange: 'binance_usdm' | 'binance_coinm'
  readonly api: '/fapi/v1' | '/dapi/v1'
  /** 1: USD-M, 2: COIN-M, as `st` tells since 2026-06-30. */
  readonly number: 1 | 2
  readonly inverse: boolean
}

export const USDM: FuturesMarket = { exchange: 'binance_usdm', api: '/fapi/v1', number: 1, inverse: false }
export const COINM: FuturesMarket = { exchange: 'binance_coinm', api: '/dapi/v1', number: 2, inverse: true }

/** The end of the dated contracts: a last Friday of a quarter, far off. */
const DELIVERY = { day: '20351228', short: '351228', ms: Date.UTC(2035, 11, 28, 8) }
const NEVER_MS = 4_133_404_800_000
const ONBOARD_MS = Date.UTC(2019, 8, 25, 8)

/** Perpetuals of every coin, and a dated contract of the first. */
export function futuresInstruments({ inverse }: FuturesMarket, coins: readonly Coin[]): readonly InstrumentSpec[] {
  const quote = inverse ? 'USD' : 'USDT'
  const contract = (coin: Coin, dated: boolean): InstrumentSpec => ({
    pair: `${coin.base}/${quote}:${dated ? DELIVERY.day : 'perp'}`,
    symbol: `${coin.base}${quote}${dated ? `_${DELIVERY.short}` : inverse ? '_PERP' : ''}`,
    base: coin.base,
    quote,
    priceDecimals: coin.price >= 300 ? 2 : coin.price >= 10 ? 3 : coin.price >= 1 ? 4 : 5,
    amountDecimals: inverse ? 0 : coin.price >= 300 ? 3 : coin.price >= 10 ? 1 : 0,
    written: {
      price: coin.price >= 300 ? 2 : coin.price >= 10 ? 3 : coin.price >= 1 ? 4 : 5,
      amount: inverse ? 0 : coin.price >= 300 ? 3 : coin.price >= 10 ? 1 : 0,
    },
    coin,
  })
  return [...coins.map((coin) => contract(coin, false)), ...coins.slice(0, 1).map((coin) => contract(coin, true))]
}

export function isDated({ symbol }: InstrumentSpec): boolean {
  return symbol.endsWith(`_${DELIVERY.short}`)
}

/** The pair as the venue calls it: `BTCUSD` of `BTCUSD_PERP`. */
export function pairOf({ base, quote }: InstrumentSpec): string {
  return `${base}${quote}`
}

/** Dollars that a COIN-M contract is of. */
export function contractSize({ base }: InstrumentSpec): number {
  return base === 'BTC' ? 100 : 10
}

/** `GET …/exchangeInfo`: every contract, and one that is listed but over. */
export function exchangeInfo(market: FuturesMarket, specs: readonly InstrumentSpec[], nowMs: number): unknown {
  const [first] = specs
  const over = first
    ? [
        {
          ...listed(market, first),
          symbol: `OLD${first.quote}`,
          pair: `OLD${first.quote}`,
          baseAsset: 'OLD',
          ...status(market, 'SETTLING'),
        },
      ]
    : []
  return {
    timezone: 'UTC',
    serverTime: nowMs,
    ...(market.inverse ? {} : { futuresType: 'U_MARGINED' }),
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2400 },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 1200 },
    ],
    exchangeFilters: [],
    symbols: [...specs.map((spec) => listed(market, spec)), ...over],
  }
}

function status({ inverse }: FuturesMarket, word: string): object {
  return inverse ? { contractStatus: word } : { status: word }
}

function listed(market: FuturesMarket, spec: InstrumentSpec) {
  const { symbol, base, quote, priceDecimals, amountDecimals } = spec
  const dated = isDated(spec)
  return {
    symbol,
    pair: pairOf(spec),
    contractType: dated ? 'CURRENT_QUARTER' : 'PERPETUAL',
    deliveryDate: dated ? DELIVERY.ms : NEVER_MS,
    onboardDate: ONBOARD_MS,
    ...status(market, 'TRADING'),
    ...(market.inverse ? { contractSize: contractSize(spec), equalQtyPrecision: 4 } : {}),
    baseAsset: base,
    quoteAsset: quote,
    marginAsset: market.inverse ? base : quote,
    pricePrecision: priceDecimals,
    quantityPrecision: amountDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    triggerProtect: '0.0500',
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: fixedText(1, priceDecimals),
        maxPrice: '4529764',
        tickSize: fixedText(1, priceDecimals),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: fixedText(1, amountDecimals),
        maxQty: '1000000',
        stepSize: fixedText(1, amountDecimals),
      },
    ],
    orderTypes: ['LIMIT', 'MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
  }
}
