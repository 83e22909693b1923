import type { DecimalText } from '../model/decimal.js'
import type { Coin } from './coins.js'

/**
 * An instrument as its emulated venue lists it. Inside the market a price is a whole number of ticks (10^-priceDecimals) and an
 * amount a whole number of lots (10^-amountDecimals); texts are made by `priceText` and `amountText` alone.
 */
export interface InstrumentSpec {
  readonly pair: string
  /** The venue's name in its live feed. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly priceDecimals: number
  readonly amountDecimals: number
  /** Digits the venue writes after the point (at least the decimals above), or `shortest`: no trailing zeros. */
  readonly written: { readonly price: number; readonly amount: number } | 'shortest'
  readonly coin: Coin
  /** Lots that rest on a usual level, where they are no coins: contracts. About 2000 dollars of coins otherwise. */
  readonly usualLots?: number
}

/** `units` × 10^-decimals with exactly `places` ≥ decimals digits after the point: 12345, 2, 4 → `123.4500`. */
export function fixedText(units: number | bigint, decimals: number, places = decimals): DecimalText {
  const negative = units < 0
  const digits = String(negative ? -units : units).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).padEnd(places, '0')
  return `${negative ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`
}

/** The same without trailing zeros: 12340, 2 → `123.4`. */
export function shortestText(units: number | bigint, decimals: number): DecimalText {
  const text = fixedText(units, decimals)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** A price in ticks as the venue writes it. */
export function priceText(spec: InstrumentSpec, ticks: number): DecimalText {
  if (spec.written === 'shortest') return shortestText(ticks, spec.priceDecimals)
  return fixedText(ticks, spec.priceDecimals, spec.written.price)
}

/** An amount in lots as the venue writes it. */
export function amountText(spec: InstrumentSpec, lots: number | bigint): DecimalText {
  if (spec.written === 'shortest') return shortestText(lots, spec.amountDecimals)
  return fixedText(lots, spec.amountDecimals, spec.written.amount)
}

/** A price times an amount (or a sum of such) in ticks × lots, as the venue writes it. */
export function valueText(spec: InstrumentSpec, tickLots: bigint): DecimalText {
  const decimals = spec.priceDecimals + spec.amountDecimals
  if (spec.written === 'shortest') return shortestText(tickLots, decimals)
  const places = spec.written.price
  // Venues round sums in quote currency to their usual number of digits.
  if (places < decimals) return fixedText(tickLots / 10n ** BigInt(decimals - places), places)
  return fixedText(tickLots, decimals, places)
}
