import type { Coin } from '../coins.js'
import { fixedText, type InstrumentSpec } from '../instrument-spec.js'

/** Spot instruments against USD. Coinbase writes every decimal of a product, zeros too; sizes with eight. */
export function coinbaseInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  return coins.map((coin) => {
    const priceDecimals = coin.price >= 100 ? 2 : coin.price >= 1 ? 3 : 5
    return {
      pair: `${coin.base}/USD`,
      symbol: `${coin.base}-USD`,
      base: coin.base,
      quote: 'USD',
      priceDecimals,
      amountDecimals: 8,
      written: { price: priceDecimals, amount: 8 },
      coin,
    }
  })
}

/** `GET /products`: every instrument, and one that is delisted. */
export function products(specs: readonly InstrumentSpec[]): readonly object[] {
  const gone = { base: 'OLD', quote: 'USD', symbol: 'OLD-USD', priceDecimals: 4, amountDecimals: 1 }
  return [...specs.map((spec) => product(spec, true)), product(gone, false)]
}

/** One entry of `/products`. */
export function product(
  spec: Pick<InstrumentSpec, 'base' | 'quote' | 'symbol' | 'priceDecimals' | 'amountDecimals'>,
  online: boolean,
): object {
  return {
    id: spec.symbol,
    base_currency: spec.base,
    quote_currency: spec.quote,
    quote_increment: fixedText(1, spec.priceDecimals),
    base_increment: fixedText(1, spec.amountDecimals),
    display_name: `${spec.base}-${spec.quote}`,
    min_market_funds: '1',
    margin_enabled: false,
    post_only: false,
    limit_only: false,
    cancel_only: false,
    status: online ? 'online' : 'delisted',
    status_message: '',
    trading_disabled: !online,
    fx_stablecoin: false,
    max_slippage_percentage: '0.02000000',
    auction_mode: false,
    high_bid_limit_percentage: '',
  }
}

/** `GET /currencies`. */
export function currencies(specs: readonly InstrumentSpec[]): readonly object[] {
  const crypto = specs.map(({ base, amountDecimals }) => ({
    id: base,
    type: 'crypto',
    step: fixedText(1, amountDecimals),
  }))
  return [...crypto, { id: 'USD', type: 'fiat', step: '0.01' }].map(({ id, type, step }) => ({
    id,
    name: id,
    min_size: step,
    status: 'online',
    message: '',
    max_precision: step,
    convertible_to: [],
    details: { type, symbol: null, network_confirmations: 0, sort_order: 0, push_payment_methods: [type] },
    default_network: '',
    supported_networks: [],
  }))
}
