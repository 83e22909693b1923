import type { DecimalText } from './decimal.js'

/**
 * A tradable thing on one exchange. `pair` is our name (`BTC/USDT`, perpetual `BTC/USDT:perp`); `symbol` is the exchange's own
 * name in its live feed, verbatim, case kept; `restSymbol` its name in REST paths where that differs. Where a venue has one name for instruments
 * of several markets, `symbol` begins with its name of the market: `linear/BTCUSDT`. It is unique on the exchange.
 */
export interface Instrument {
  readonly exchange: string
  readonly symbol: string
  readonly restSymbol?: string
  readonly pair: string
  readonly kind: 'spot' | 'perpetual' | 'future'
  readonly base: string
  readonly quote: string
  /** `trading`: data is expected; `halted`: listed but not trading now; `closed`: delisted. */
  readonly status: 'trading' | 'halted' | 'closed'
  readonly priceIncrement?: DecimalText
  readonly amountIncrement?: DecimalText
  readonly amountUnit: 'base' | 'quote' | 'contract'
  /** Of derivatives: what profit and loss are paid in. */
  readonly settle?: string
  /** Of derivatives: paid in the quote (`linear`), in the base (`inverse`), or in neither (`quanto`). */
  readonly contract?: 'linear' | 'inverse' | 'quanto'
  /** One contract is this much of the base or of the quote. */
  readonly contractSize?: DecimalText
  readonly contractUnit?: 'base' | 'quote'
  /** When trading began and when the contract ends, ISO 8601 in UTC, where the venue tells. */
  readonly listTime?: string
  readonly expiryTime?: string
}

const PAIR = /^[^\s/:]+\/[^\s/:]+(?::[^\s/:]+)?$/u

/** Whether `text` has the form `BASE/QUOTE` or `BASE/QUOTE:market`. */
export function isPair(text: string): boolean {
  return PAIR.test(text)
}

/** The pair as it stands in a path: `/` and `:` replaced by `-` (`BTC-USDT-perp`). */
export function pairInPath(pair: string): string {
  return pair.replace(/[/:]/g, '-')
}
