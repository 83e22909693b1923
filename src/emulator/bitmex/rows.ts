import type { Interval } from '../../model/dataset.js'
import { isoFromNanos, type Nanos } from '../../model/time.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import { type InstrumentSpec, priceText } from '../instrument-spec.js'
import type { Action, BitmexFeed, BookMessage } from './feed.js'
import { contractOf } from './listing.js'

/** ISO 8601 with milliseconds. */
export function stamp(time: Nanos): string {
  return `${isoFromNanos(time).slice(0, 23)}Z`
}

export function price(spec: InstrumentSpec, ticks: number): number {
  return Number(priceText(spec, ticks))
}

export function tradeId(spec: InstrumentSpec, id: number): string {
  const coin = spec.coin.base.padEnd(4, 'x')
  return `${Buffer.from(coin).toString('hex').slice(0, 8)}-0000-4000-8000-${String(id).padStart(12, '0')}`
}

/** What a number of contracts is in base and quote at a price, and in the minor unit of the settlement currency. */
function worth(spec: InstrumentSpec, contracts: number, at: number) {
  const { inverse, perUnit } = contractOf(spec)
  const homeNotional = inverse ? contracts / at : contracts / perUnit
  const foreignNotional = inverse ? contracts : homeNotional * at
  return { homeNotional, foreignNotional, gross: Math.round(inverse ? homeNotional * 1e8 : foreignNotional * 1e6) }
}

export function tradeRow(spec: InstrumentSpec, { id, price: ticks, amount, takerSide, time }: MarketTrade) {
  const { homeNotional, foreignNotional, gross } = worth(spec, amount, price(spec, ticks))
  return {
    timestamp: stamp(time),
    symbol: spec.symbol,
    side: takerSide === 'buy' ? 'Buy' : 'Sell',
    size: amount,
    price: price(spec, ticks),
    tickDirection: id % 2 ? 'PlusTick' : 'ZeroMinusTick',
    trdMatchID: tradeId(spec, id),
    grossValue: gross,
    homeNotional,
    foreignNotional,
    trdType: 'Regular',
  }
}

/** Rows are known by an id that follows from the price. */
function rowId(spec: InstrumentSpec, ticks: number): number {
  return (88 + (spec.symbol.length % 7)) * 1_000_000_000 - ticks
}

type LevelEntry = BookMessage['levels'][number]

/**
 * A row of a book. Since 2023 every action may carry price and size; recordings of before have neither the price in an update nor the size in a
 * delete. Both happen here, so that a reader must go by id and action.
 */
export function bookRow(spec: InstrumentSpec, action: Action | 'partial', { side, level }: LevelEntry, time: Nanos) {
  const id = rowId(spec, level.price)
  const bare = level.price % 2 === 1
  return {
    symbol: spec.symbol,
    id,
    side: side === 'bid' ? 'Buy' : 'Sell',
    ...(action === 'delete' && bare ? {} : { size: level.amount }),
    ...((action === 'delete' || action === 'update') && bare ? {} : { price: price(spec, level.price) }),
    timestamp: stamp(time),
    transactTime: stamp(time),
  }
}

export function topTenRow(feed: BitmexFeed) {
  const { spec } = feed.instrument
  const side = (levels: readonly { readonly price: number; readonly amount: number }[]) =>
    levels.map(({ price: ticks, amount }) => [price(spec, ticks), amount])
  const [bids, asks] = [side(feed.best('bid', 10)), side(feed.best('ask', 10))]
  return { symbol: spec.symbol, bids, asks, timestamp: stamp(feed.told) }
}

export function quoteRow(feed: BitmexFeed) {
  const { spec } = feed.instrument
  const [[bid], [ask]] = [feed.best('bid', 1), feed.best('ask', 1)]
  return {
    timestamp: stamp(feed.told),
    symbol: spec.symbol,
    bidSize: bid?.amount ?? null,
    bidPrice: bid ? price(spec, bid.price) : null,
    askPrice: ask ? price(spec, ask.price) : null,
    askSize: ask?.amount ?? null,
  }
}

/** A closed bar: its time is its END, its open the close of the bar before. */
export function binRow(spec: InstrumentSpec, bar: MarketCandle, before: MarketCandle | undefined) {
  const at = (ticks: number) => price(spec, ticks)
  const volume = Number(bar.volume)
  const mean = volume === 0 ? null : Number((Number(bar.value) / volume / 10 ** spec.priceDecimals).toFixed(4))
  const { homeNotional, foreignNotional, gross } = worth(spec, volume, mean ?? at(bar.close))
  return {
    timestamp: stamp(bar.closeTime),
    symbol: spec.symbol,
    open: at(before?.close ?? bar.open),
    high: at(bar.high),
    low: at(bar.low),
    close: at(bar.close),
    trades: bar.trades,
    volume,
    vwap: mean,
    lastSize: volume === 0 ? null : 1,
    turnover: gross,
    homeNotional,
    foreignNotional,
  }
}

export const BINS: ReadonlyMap<string, Interval> = new Map([
  ['1m', '1m'],
  ['5m', '5m'],
  ['1h', '1h'],
  ['1d', '1d'],
])
