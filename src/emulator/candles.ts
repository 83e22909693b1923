import { INTERVALS, type Interval } from '../model/dataset.js'
import type { TakerSide } from '../model/event.js'
import { type Nanos, SECOND } from '../model/time.js'

/** One execution in an emulated market. */
export interface MarketTrade {
  readonly id: number
  /** Ticks. */
  readonly price: number
  /** Lots. */
  readonly amount: number
  readonly takerSide: TakerSide
  readonly time: Nanos
}

/** A bar over `[openTime, closeTime)`: prices in ticks, volumes in lots, values in ticks × lots. */
export interface MarketCandle {
  readonly interval: Interval
  readonly openTime: Nanos
  readonly closeTime: Nanos
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: bigint
  readonly value: bigint
  readonly takerBuyVolume: bigint
  readonly takerBuyValue: bigint
  readonly trades: number
  /** -1 in a bar without trades. */
  readonly firstTradeId: number
  readonly lastTradeId: number
}

/** Weeks begin on Monday; 1970-01-01 was a Thursday. */
const WEEK_OFFSET = 4n * 86_400n * SECOND

/** Opening time of the bar that holds `time`. */
export function candleOpen(interval: Interval, time: Nanos): Nanos {
  const length = BigInt(INTERVALS[interval]) * SECOND
  const offset = interval === '1w' || interval === '2w' ? WEEK_OFFSET : 0n
  return time - ((time - offset) % length)
}

type Building = { -readonly [K in keyof MarketCandle]: MarketCandle[K] }

/** Bars of one instrument from its trades, the newest `kept` of each interval. Only bars with trades are kept. */
export class Candles {
  private readonly kept: number
  private readonly series = new Map<Interval, Building[]>()

  constructor(kept: number) {
    this.kept = kept
  }

  add(trade: MarketTrade): void {
    for (const interval of Object.keys(INTERVALS) as Interval[]) {
      const bars = this.series.get(interval) ?? []
      if (bars.length === 0) this.series.set(interval, bars)
      const openTime = candleOpen(interval, trade.time)
      let bar = bars.at(-1)
      if (bar?.openTime !== openTime) {
        bar = flatCandle(interval, openTime, trade.price)
        bar.firstTradeId = trade.id
        bars.push(bar)
        if (bars.length > this.kept) bars.shift()
      }
      bar.high = Math.max(bar.high, trade.price)
      bar.low = Math.min(bar.low, trade.price)
      bar.close = trade.price
      bar.trades++
      bar.lastTradeId = trade.id
      const volume = BigInt(trade.amount)
      const value = volume * BigInt(trade.price)
      bar.volume += volume
      bar.value += value
      if (trade.takerSide === 'buy') {
        bar.takerBuyVolume += volume
        bar.takerBuyValue += value
      }
    }
  }

  /** Bars with trades, oldest first. The last one may still be open. */
  held(interval: Interval): readonly MarketCandle[] {
    return this.series.get(interval) ?? []
  }

  /** The bar that opened at `openTime`: a flat one at the price before it when nothing was traded, `undefined` before the first trade. */
  at(interval: Interval, openTime: Nanos): MarketCandle | undefined {
    const bars = this.held(interval)
    for (let i = bars.length - 1; i >= 0; i--) {
      const bar = bars[i]
      if (!bar || bar.openTime > openTime) continue
      return bar.openTime === openTime ? bar : flatCandle(interval, openTime, bar.close)
    }
    return undefined
  }

  /** Every bar that opened in `[from, until)`, oldest first, quiet ones flat; none before the first trade kept. */
  filled(interval: Interval, from: Nanos, until: Nanos): MarketCandle[] {
    const length = BigInt(INTERVALS[interval]) * SECOND
    const bars = this.held(interval)
    const first = bars[0]
    if (!first) return []
    const found: MarketCandle[] = []
    let next = 0
    let close = first.open
    let open = candleOpen(interval, from)
    if (open < from) open += length
    if (open < first.openTime) open = first.openTime
    for (; open < until; open += length) {
      while ((bars[next]?.openTime ?? open) < open) close = bars[next++]?.close ?? close
      const bar = bars[next]
      if (bar?.openTime === open) found.push(bar)
      else found.push(flatCandle(interval, open, close))
    }
    return found
  }
}

/** A bar without trades. */
export function flatCandle(interval: Interval, openTime: Nanos, price: number): Building {
  return {
    interval,
    openTime,
    closeTime: openTime + BigInt(INTERVALS[interval]) * SECOND,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0n,
    value: 0n,
    takerBuyVolume: 0n,
    takerBuyValue: 0n,
    trades: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  }
}
