import { INTERVALS, type Interval, isInterval } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import { candleOpen, type MarketCandle } from '../candles.js'
import { amountText, priceText, valueText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import { toMs } from './feed.js'

/** The four sums of a bar as the market writes them. */
export interface BarSums {
  readonly volume: string
  readonly value: string
  readonly takerBuyVolume: string
  readonly takerBuyValue: string
}

/** Volumes in the base, values in the quote. */
export function usualSums({ spec }: MarketInstrument, candle: MarketCandle): BarSums {
  return {
    volume: amountText(spec, candle.volume),
    value: valueText(spec, candle.value),
    takerBuyVolume: amountText(spec, candle.takerBuyVolume),
    takerBuyValue: valueText(spec, candle.takerBuyValue),
  }
}

export interface KlineOptions {
  readonly pushEveryMs: number
  readonly sums: typeof usualSums
}

const SPOT: KlineOptions = { pushEveryMs: 2000, sums: usualSums }
/** Those of our interval names that Binance has too. */
const OFFERED: readonly Interval[] = [
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
]

export function isKlineInterval(text: string): text is Interval {
  return isInterval(text) && OFFERED.includes(text)
}

/** One `@kline_…` stream with a listener: the open bar every 2 s on spot, each bar once more when it has closed (`x`: true). */
export class KlineStream {
  private readonly instrument: MarketInstrument
  private readonly interval: Interval
  private openTime: Nanos
  private pushed: Nanos = 0n
  private readonly options: KlineOptions

  constructor(instrument: MarketInstrument, interval: Interval, now: Nanos, options = SPOT) {
    this.options = options
    this.instrument = instrument
    this.interval = interval
    this.openTime = candleOpen(interval, now)
  }

  /** The pushes due at `now`. */
  due(now: Nanos): string[] {
    const { candles } = this.instrument
    const texts: string[] = []
    const length = BigInt(INTERVALS[this.interval]) * 1_000_000_000n
    for (; this.openTime + length <= now; this.openTime += length) {
      const closed = candles.at(this.interval, this.openTime)
      if (closed) texts.push(this.frame(closed, true, now))
    }
    if (now - this.pushed >= BigInt(this.options.pushEveryMs) * 1_000_000n) {
      const open = candles.at(this.interval, this.openTime)
      if (open) texts.push(this.frame(open, false, now))
      this.pushed = now
    }
    return texts
  }

  private frame(candle: MarketCandle, closed: boolean, now: Nanos): string {
    const { spec } = this.instrument
    const sums = this.options.sums(this.instrument, candle)
    return JSON.stringify({
      e: 'kline',
      E: toMs(now),
      s: spec.symbol,
      k: {
        t: toMs(candle.openTime),
        T: toMs(candle.closeTime) - 1,
        s: spec.symbol,
        i: this.interval,
        f: candle.firstTradeId,
        L: candle.lastTradeId,
        o: priceText(spec, candle.open),
        c: priceText(spec, candle.close),
        h: priceText(spec, candle.high),
        l: priceText(spec, candle.low),
        v: sums.volume,
        n: candle.trades,
        x: closed,
        q: sums.value,
        V: sums.takerBuyVolume,
        Q: sums.takerBuyValue,
        B: '0',
      },
    })
  }
}

/** A bar as a row of `/api/v3/klines`. */
export function klineRow(instrument: MarketInstrument, candle: MarketCandle, sumsOf = usualSums): unknown[] {
  const { spec } = instrument
  const sums = sumsOf(instrument, candle)
  return [
    toMs(candle.openTime),
    priceText(spec, candle.open),
    priceText(spec, candle.high),
    priceText(spec, candle.low),
    priceText(spec, candle.close),
    sums.volume,
    toMs(candle.closeTime) - 1,
    sums.value,
    candle.trades,
    sums.takerBuyVolume,
    sums.takerBuyValue,
    '0',
  ]
}
