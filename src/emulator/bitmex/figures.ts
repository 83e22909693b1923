import type { Nanos } from '../../model/time.js'
import type { BitmexFeed } from './feed.js'
import { contractOf } from './listing.js'
import { price, stamp } from './rows.js'

/** The fields of `instrument` that move, as they stand at a whole second. */
export function figures({ instrument, contract }: BitmexFeed, time: Nanos) {
  const { spec, bids, asks, trades, candles } = instrument
  const { mark, index, rate, predictedRate, nextFunding } = contract.at(time)
  const openInterest = Number(contract.openInterest(time).amount)
  const day = candles.held('1d').at(-1)
  const last = trades.at(-1)
  const { inverse, perUnit } = contractOf(spec)
  const volume = Number(day?.volume ?? 0n)
  return {
    fundingTimestamp: stamp(nextFunding),
    fundingRate: Number(rate),
    indicativeFundingRate: Number(predictedRate),
    prevPrice24h: day ? price(spec, day.open) : null,
    lastPrice: last ? price(spec, last.price) : null,
    lastTickDirection: last && last.id % 2 ? 'PlusTick' : 'ZeroMinusTick',
    highPrice: day ? price(spec, day.high) : null,
    lowPrice: day ? price(spec, day.low) : null,
    bidPrice: price(spec, bids.priceAt(0) ?? 0),
    askPrice: price(spec, asks.priceAt(0) ?? 0),
    midPrice: (price(spec, bids.priceAt(0) ?? 0) + price(spec, asks.priceAt(0) ?? 0)) / 2,
    markPrice: Number(mark),
    fairPrice: Number(mark),
    indicativeSettlePrice: Number(index),
    openInterest,
    // In satoshi, or millionths of USDT.
    openValue: Math.round(
      inverse ? (openInterest / Number(mark)) * 1e8 : (openInterest / perUnit) * Number(mark) * 1e6,
    ),
    volume24h: volume,
    turnover24h: Number(day?.value ?? 0n),
    homeNotional24h: inverse ? volume / Number(mark) : volume / perUnit,
    foreignNotional24h: inverse ? volume : (volume / perUnit) * Number(mark),
  }
}
