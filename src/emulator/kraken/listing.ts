import type { Coin } from '../coins.js'
import { fixedText, type InstrumentSpec } from '../instrument-spec.js'

/** Kraken's own names of assets, in the REST API and WS v1; WS v2 uses the usual ones. */
const OWN_NAMES: Readonly<Record<string, string>> = { BTC: 'XBT', DOGE: 'XDG' }
/** Assets of the first years: their REST names carry an X, currencies a Z. */
const FIRST_YEARS: readonly string[] = ['XBT', 'XDG', 'ETH', 'LTC', 'XRP', 'XLM', 'ETC', 'ZEC', 'REP', 'XMR', 'MLN']

/** Names that Kraken has for one pair beside the one of WS v2. */
export interface PairNames {
  /** What the REST API takes: `XBTUSD`. */
  readonly altname: string
  /** WS v1: `XBT/USD`. */
  readonly wsname: string
  /** What the REST API answers with: `XXBTZUSD` or the altname. */
  readonly key: string
  readonly base: string
  readonly quote: string
}

export function pairNames(base: string, quote: string): PairNames {
  const own = OWN_NAMES[base] ?? base
  const old = FIRST_YEARS.includes(own)
  const baseAsset = old ? `X${own}` : own
  const quoteAsset = `Z${quote}`
  return {
    altname: own + quote,
    wsname: `${own}/${quote}`,
    key: old ? baseAsset + quoteAsset : own + quote,
    base: baseAsset,
    quote: quoteAsset,
  }
}

/** Spot instruments against USD. Kraken writes every decimal of the pair, zeros too. */
export function krakenInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  return coins.map((coin) => {
    const priceDecimals =
      coin.price >= 10_000 ? 1 : coin.price >= 100 ? 2 : coin.price >= 10 ? 3 : coin.price >= 1 ? 4 : 5
    return {
      pair: `${coin.base}/USD`,
      symbol: `${coin.base}/USD`,
      base: coin.base,
      quote: 'USD',
      priceDecimals,
      amountDecimals: 8,
      written: { price: priceDecimals, amount: 8 },
      coin,
    }
  })
}

/** The `result` of `AssetPairs`: every instrument, and one that is listed but does not trade. */
export function assetPairs(specs: readonly InstrumentSpec[]): Record<string, unknown> {
  const all = [
    ...specs.map((spec) => ({ ...spec, status: 'online' })),
    { base: 'OLD', quote: 'USD', priceDecimals: 4, amountDecimals: 8, status: 'cancel_only' },
  ]
  return Object.fromEntries(
    all.map(({ base, quote, priceDecimals, amountDecimals, status }) => {
      const names = pairNames(base, quote)
      return [
        names.key,
        {
          altname: names.altname,
          wsname: names.wsname,
          aclass_base: 'currency',
          base: names.base,
          aclass_quote: 'currency',
          quote: names.quote,
          lot: 'unit',
          cost_decimals: 5,
          pair_decimals: priceDecimals,
          lot_decimals: amountDecimals,
          lot_multiplier: 1,
          leverage_buy: [],
          leverage_sell: [],
          fees: [[0, 0.4]],
          fees_maker: [[0, 0.25]],
          fee_volume_currency: 'ZUSD',
          margin_call: 80,
          margin_stop: 40,
          ordermin: fixedText(1, 4),
          costmin: '0.5',
          tick_size: fixedText(1, priceDecimals),
          status,
        },
      ]
    }),
  )
}

/** The `result` of `Assets`: every asset of the instruments, by the REST API's own name. */
export function assets(specs: readonly InstrumentSpec[]): Record<string, unknown> {
  const named = specs.flatMap(({ base, quote, amountDecimals }) => {
    const names = pairNames(base, quote)
    return [
      [names.base, { altname: OWN_NAMES[base] ?? base, decimals: amountDecimals + 2, shown: 5 }],
      [names.quote, { altname: quote, decimals: 4, shown: 2 }],
    ] as const
  })
  return Object.fromEntries(
    named.map(([key, { altname, decimals, shown }]) => [
      key,
      { aclass: 'currency', altname, decimals, display_decimals: shown, status: 'enabled' },
    ]),
  )
}
