import { INTERVALS, type Interval } from '../model/dataset.js'
import { DAY, SECOND } from '../model/time.js'
import { fileOrder } from './canonical.js'

/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY = 4n * DAY

/** A query for candles made from a query for trades, in the order of time. A candle without trades does not exist. */
export function candlesOf(trades: string, interval: Interval): string {
  const span = BigInt(INTERVALS[interval]) * SECOND
  const offset = interval.endsWith('w') ? MONDAY : 0n
  const bucket = `(epoch_ns(exchange_time) - ${offset}) // ${span} * ${span} + ${offset}`
  const buys = "FILTER (WHERE taker_side = 'buy')"
  return `SELECT ${bucket} AS open_time, first(price ORDER BY ${fileOrder('trades')}) AS open, max(price) AS high, min(price) AS low,
      last(price ORDER BY ${fileOrder('trades')}) AS close, sum(amount) AS volume, sum(price * amount) AS quote_volume,
      count(*) AS trades, coalesce(sum(amount) ${buys}, 0) AS taker_buy_volume, sum(price * amount) / nullif(sum(amount), 0) AS vwap
    FROM (${trades}) WHERE exchange_time IS NOT NULL GROUP BY 1 ORDER BY 1`
}

export interface DerivedCandle {
  readonly open_time: bigint
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly quote_volume: number
  readonly trades: bigint
  readonly taker_buy_volume: number
  readonly vwap: number | null
}

export const CANDLE_FIELDS = 10

export function decodeCandle(values: readonly unknown[]): DerivedCandle {
  const [openTime, open, high, low, close, volume, quoteVolume, trades, buys, vwap] = values
  const whole = (value: unknown) => (typeof value === 'bigint' ? value : BigInt(Number(value)))
  return {
    open_time: whole(openTime),
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
    quote_volume: Number(quoteVolume),
    trades: whole(trades),
    taker_buy_volume: Number(buys),
    vwap: vwap === null ? null : Number(vwap),
  }
}
