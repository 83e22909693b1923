import type { Nanos } from '../../model/time.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import { type InstrumentSpec, shortestText } from '../instrument-spec.js'

/** Numbers as Bitfinex writes them: as JavaScript prints them, tiny ones with an exponent. */
function written(units: number | bigint, decimals: number): string {
  return String(Number(shortestText(units, decimals)))
}

export function priceNumber(spec: InstrumentSpec, ticks: number): string {
  return written(ticks, spec.priceDecimals)
}

export function amountNumber(spec: InstrumentSpec, lots: number | bigint): string {
  return written(lots, spec.amountDecimals)
}

export function toMs(time: Nanos): number {
  return Number(time / 1_000_000n)
}

/** `[ID, MTS, ±AMOUNT, PRICE]`, positive where the taker bought. */
export function tradeRow(spec: InstrumentSpec, { id, price, amount, takerSide, time }: MarketTrade): string {
  const signed = amountNumber(spec, takerSide === 'buy' ? amount : -amount)
  return `[${id},${toMs(time)},${signed},${priceNumber(spec, price)}]`
}

/** `[MTS, OPEN, CLOSE, HIGH, LOW, VOLUME]`: close before high. */
export function candleRow(spec: InstrumentSpec, bar: MarketCandle): string {
  const prices = [bar.open, bar.close, bar.high, bar.low].map((ticks) => priceNumber(spec, ticks))
  return `[${toMs(bar.openTime)},${prices.join(',')},${amountNumber(spec, bar.volume)}]`
}
