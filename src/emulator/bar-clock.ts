import { INTERVALS, type Interval } from '../model/dataset.js'
import { type Nanos, SECOND } from '../model/time.js'
import { candleOpen, type MarketCandle } from './candles.js'
import type { MarketInstrument } from './market.js'

/** The bars of one interval as a feed tells them: the open one every now and then, each once more when it has closed. */
export class BarClock {
  private readonly instrument: MarketInstrument
  private readonly interval: Interval
  private readonly every: Nanos
  private openTime: Nanos
  private pushed: Nanos = 0n

  constructor(instrument: MarketInstrument, interval: Interval, now: Nanos, every: Nanos = SECOND) {
    this.instrument = instrument
    this.interval = interval
    this.every = every
    this.openTime = candleOpen(interval, now)
  }

  /** What to tell at `now`. A bar without trades is flat at the price before it. */
  due(now: Nanos): { readonly bar: MarketCandle; readonly closed: boolean }[] {
    const { candles } = this.instrument
    const told: { bar: MarketCandle; closed: boolean }[] = []
    const length = BigInt(INTERVALS[this.interval]) * SECOND
    for (; this.openTime + length <= now; this.openTime += length) {
      const bar = candles.at(this.interval, this.openTime)
      if (bar) told.push({ bar, closed: true })
    }
    if (now - this.pushed < this.every) return told
    this.pushed = now
    const bar = candles.at(this.interval, this.openTime)
    if (bar) told.push({ bar, closed: false })
    return told
  }
}
