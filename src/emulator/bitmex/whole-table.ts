import type { Nanos } from '../../model/time.js'
import { candleOpen, flatCandle } from '../candles.js'
import { type BitmexFeed, WINDOW } from './feed.js'
import { figures } from './figures.js'
import { listed } from './listing.js'
import { BINS, binRow, bookRow, quoteRow, stamp, topTenRow, tradeRow } from './rows.js'

/** A table of one symbol as it stands. `now`: for what was charged last; `closed`: when the last bar of a length closed. */
export function wholeTable(
  table: string,
  feed: BitmexFeed,
  now: Nanos,
  closed: ReadonlyMap<string, Nanos>,
): readonly object[] {
  const { instrument, told } = feed
  const { spec, trades } = instrument
  switch (table) {
    case 'trade':
      return trades.slice(-1).map((trade) => tradeRow(spec, trade))
    case 'orderBookL2':
    case 'orderBookL2_25': {
      const levels = feed.levels(table === 'orderBookL2' ? Number.MAX_SAFE_INTEGER : WINDOW)
      return levels.map((entry) => bookRow(spec, 'partial', entry, told))
    }
    case 'orderBook10':
      return [topTenRow(feed)]
    case 'quote':
      return [quoteRow(feed)]
    case 'instrument':
      return [{ ...listed(spec), ...figures(feed, feed.instrumentTime), timestamp: stamp(feed.instrumentTime) }]
    case 'funding': {
      const interval = feed.contract.fundingInterval
      const time = (now / interval) * interval
      return [fundingRow(spec.symbol, time, feed.contract.charged(time))]
    }
    default:
      return lastBin(table, feed, closed)
  }
}

/** The last bar that has closed; before the first trade one without trades. */
function lastBin(table: string, { instrument }: BitmexFeed, closed: ReadonlyMap<string, Nanos>): readonly object[] {
  const name = table.slice('tradeBin'.length)
  const interval = BINS.get(name)
  const closeTime = closed.get(name)
  if (!interval || closeTime === undefined) return []
  const { spec, candles, bids } = instrument
  const openTime = candleOpen(interval, closeTime - 1n)
  const bar = candles.at(interval, openTime) ?? flatCandle(interval, openTime, bids.priceAt(0) ?? 0)
  return [binRow(spec, bar, candles.at(interval, candleOpen(interval, openTime - 1n)))]
}

/** A row of `funding`: the rate as it was charged. */
export function fundingRow(symbol: string, time: Nanos, rate: string) {
  return {
    timestamp: stamp(time),
    symbol,
    fundingInterval: '2000-01-01T08:00:00.000Z',
    fundingRate: Number(rate),
    fundingRateDaily: Number((Number(rate) * 3).toFixed(8)),
  }
}
