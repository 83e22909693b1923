import type { Coin } from '../coins.js'
import type { InstrumentSpec } from '../instrument-spec.js'

/** Bitfinex's own names of currencies, with the usual ones. */
export const ALIASES: readonly (readonly [own: string, usual: string])[] = [
  ['ALG', 'ALGO'],
  ['DSH', 'DASH'],
  ['MNA', 'MANA'],
  ['UDC', 'USDC'],
  ['UST', 'USDt'],
]

/** `BTCUSD`, or `LINK:USD` where a side has more than three letters. */
export function pairName(base: string, quote: string): string {
  const own = ALIASES.find(([, usual]) => usual === base)?.[0] ?? base
  return own.length > 3 || quote.length > 3 ? `${own}:${quote}` : own + quote
}

/** Coins that have a perpetual beside their spot market. */
const PERPETUALS = 2

/** Whether it is a perpetual. */
export function isPerpetual({ symbol }: InstrumentSpec): boolean {
  return symbol.includes('F0:')
}

/**
 * Spot instruments against USD, and perpetuals of the first coins against USDT. Prices have five significant digits, amounts eight decimals; no number
 * has trailing zeros.
 */
export function bitfinexInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  const spot = spotInstruments(coins)
  const perpetuals = spot.slice(0, PERPETUALS).map((spec) => ({
    ...spec,
    pair: `${spec.base}/USDT:perp`,
    symbol: `t${spec.base}F0:USTF0`,
    quote: 'USDT',
  }))
  return [...spot, ...perpetuals]
}

function spotInstruments(coins: readonly Coin[]): readonly InstrumentSpec[] {
  return coins.map((coin) => ({
    pair: `${coin.base}/USD`,
    symbol: `t${pairName(coin.base, 'USD')}`,
    base: coin.base,
    quote: 'USD',
    // Room for the price to rise by half before it would need a sixth digit.
    priceDecimals: Math.max(0, 4 - Math.floor(Math.log10(coin.price * 1.5))),
    amountDecimals: 8,
    written: 'shortest',
    coin,
  }))
}

/** One part of `GET /v2/conf/…`; empty for what this venue has nothing of. */
export function confPart(key: string, specs: readonly InstrumentSpec[]): unknown[] {
  const named = (some: readonly InstrumentSpec[]) => some.map((spec) => spec.symbol.slice(1))
  const pairs = named(specs.filter((spec) => !isPerpetual(spec)))
  switch (key) {
    case 'pub:list:pair:futures':
      return named(specs.filter(isPerpetual))
    case 'pub:list:pair:exchange':
      return pairs
    case 'pub:info:pair':
      return pairs.map((pair) => [
        pair,
        [null, null, null, '0.0002', '2000.0', null, null, null, null, null, null, null],
      ])
    case 'pub:map:currency:sym':
      return ALIASES.map((alias) => [...alias])
    case 'pub:list:currency':
      return [
        ...new Set([
          ...specs.map(({ base }) => ALIASES.find(([, usual]) => usual === base)?.[0] ?? base),
          'USD',
          'UST',
        ]),
      ]
    default:
      return []
  }
}
