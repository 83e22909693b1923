import { INTERVALS, type Interval } from '../model/dataset.js'
import { DAY, SECOND } from '../model/time.js'
import { fileOrder } from './canonical.js'

/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY = 4n * DAY

/**
 * How trades are cut into bars: by time, or each time so many trades, so much volume or so much value (price times amount) has been traded since the
 * first trade of the range.
 */
export type BarRule =
  | { readonly by: 'time'; readonly interval: Interval }
  | { readonly by: 'tick' | 'volume' | 'dollar'; readonly size: number }

/** A query for bars made from a query for trades, in the order of time. A bar without trades does not exist. */
export function barsOf(trades: string, rule: BarRule): string {
  if (rule.by === 'time') return candlesOf(trades, rule.interval)
  const measure = { tick: '1', volume: 'amount', dollar: 'price * amount' }[rule.by]
  // What was traded before this trade: the trade that reaches a border ends its bar.
  const before = `coalesce(sum(${measure}) OVER (ORDER BY ${fileOrder('trades')} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)`
  const numbered = `SELECT *, floor(${before} / ${rule.size}) AS bar FROM (${trades}) WHERE exchange_time IS NOT NULL`
  return `SELECT min(epoch_ns(exchange_time)) AS open_time, ${VALUES} FROM (${numbered}) GROUP BY bar ORDER BY bar`
}

const BUYS = "FILTER (WHERE taker_side = 'buy')"
const VALUES = `first(price ORDER BY ${fileOrder('trades')}) AS open, max(price) AS high, min(price) AS low,
      last(price ORDER BY ${fileOrder('trades')}) AS close, fsum(amount) AS volume, fsum(price * amount) AS quote_volume,
      count(*) AS trades, coalesce(fsum(amount) ${BUYS}, 0) AS taker_buy_volume, fsum(price * amount) / nullif(fsum(amount), 0) AS vwap`

function candlesOf(trades: string, interval: Interval): string {
  const span = BigInt(INTERVALS[interval]) * SECOND
  const offset = interval.endsWith('w') ? MONDAY : 0n
  const bucket = `(epoch_ns(exchange_time) - ${offset}) // ${span} * ${span} + ${offset}`
  return `SELECT ${bucket} AS open_time, ${VALUES} FROM (${trades}) WHERE exchange_time IS NOT NULL GROUP BY 1 ORDER BY 1`
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
    volume: total(volume),
    quote_volume: total(quoteVolume),
    trades: whole(trades),
    taker_buy_volume: total(buys),
    vwap: vwap === null ? null : total(vwap),
  }
}

/**
 * A sum of doubles with the 15 digits that a double holds of any decimal. The compensated sum of DuckDB is exact on one thread; where threads add up
 * their parts, the last bit depends on which thread had which rows.
 */
function total(value: unknown): number {
  return Number(Number(value).toPrecision(15))
}
