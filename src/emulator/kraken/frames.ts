import { crc32 } from 'node:zlib'
import { isoFromNanos, type Nanos } from '../../model/time.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import { amountText, type InstrumentSpec, priceText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'
import type { WindowChange } from './depth-window.js'

const CHECKED_LEVELS = 10

/** RFC 3339 with microseconds. */
export function stamp(time: Nanos): string {
  return `${isoFromNanos(time).slice(0, 26)}Z`
}

/** CRC32 (unsigned) over the best ten asks, then the best ten bids: digits of price and amount without point and leading zeros. */
export function bookChecksum({ spec, bids, asks }: MarketInstrument, depth = CHECKED_LEVELS): number {
  const digits = (text: string) => text.replace('.', '').replace(/^0+/, '')
  let text = ''
  for (const side of [asks, bids])
    for (const { price, amount } of side.best(Math.min(depth, CHECKED_LEVELS)))
      text += digits(priceText(spec, price)) + digits(amountText(spec, amount))
  return crc32(text)
}

function levels(spec: InstrumentSpec, list: readonly MarketLevel[]): string {
  const texts = list.map(({ price, amount }) => `{"price":${priceText(spec, price)},"qty":${amountText(spec, amount)}}`)
  return `[${texts.join(',')}]`
}

export function bookFrame(
  type: 'snapshot' | 'update',
  { spec }: MarketInstrument,
  { bids, asks }: WindowChange,
  checksum: number,
  time: Nanos,
): string {
  return `{"channel":"book","type":"${type}","data":[{"symbol":"${spec.symbol}","bids":${levels(spec, bids)},"asks":${levels(spec, asks)},"checksum":${checksum},"timestamp":"${stamp(time)}"}]}`
}

export function tradeFrame(
  type: 'snapshot' | 'update',
  { spec }: MarketInstrument,
  trades: readonly MarketTrade[],
): string {
  const texts = trades.map(
    ({ id, price, amount, takerSide, time }) =>
      `{"symbol":"${spec.symbol}","side":"${takerSide}","price":${priceText(spec, price)},"qty":${amountText(spec, amount)},"ord_type":"${id % 3 === 0 ? 'limit' : 'market'}","trade_id":${id},"timestamp":"${stamp(time)}"}`,
  )
  return `{"channel":"trade","type":"${type}","data":[${texts.join(',')}]}`
}

/** Volume-weighted mean price of a bar in ticks; its close where nothing was traded. */
export function meanPrice({ volume, value, close }: MarketCandle): number {
  return volume === 0n ? close : Number(value / volume)
}

export function tickerFrame(type: 'snapshot' | 'update', instrument: MarketInstrument, time: Nanos): string {
  const { spec, bids, asks } = instrument
  const [bid] = bids.best(1)
  const [ask] = asks.best(1)
  const day = instrument.candles.held('1d').at(-1)
  const price = (ticks: number | undefined) => priceText(spec, ticks ?? 0)
  const change = day ? day.close - day.open : 0
  const percent = day ? ((change / day.open) * 100).toFixed(2) : '0.00'
  return `{"channel":"ticker","type":"${type}","data":[{"symbol":"${spec.symbol}","bid":${price(bid?.price)},"bid_qty":${amountText(spec, bid?.amount ?? 0)},"ask":${price(ask?.price)},"ask_qty":${amountText(spec, ask?.amount ?? 0)},"last":${price(day?.close)},"volume":${amountText(spec, day?.volume ?? 0)},"vwap":${price(day && meanPrice(day))},"low":${price(day?.low)},"high":${price(day?.high)},"change":${price(change)},"change_pct":${percent},"timestamp":"${stamp(time)}"}]}`
}

export function ohlcFrame(
  type: 'snapshot' | 'update',
  { spec }: MarketInstrument,
  minutes: number,
  bars: readonly MarketCandle[],
  now: Nanos,
): string {
  const price = (ticks: number) => priceText(spec, ticks)
  const texts = bars.map(
    (bar) =>
      `{"symbol":"${spec.symbol}","open":${price(bar.open)},"high":${price(bar.high)},"low":${price(bar.low)},"close":${price(bar.close)},"trades":${bar.trades},"volume":${amountText(spec, bar.volume)},"vwap":${price(meanPrice(bar))},"interval_begin":"${isoFromNanos(bar.openTime)}","interval":${minutes},"timestamp":"${stamp(bar.closeTime)}"}`,
  )
  return `{"channel":"ohlc","type":"${type}","timestamp":"${isoFromNanos(now)}","data":[${texts.join(',')}]}`
}
