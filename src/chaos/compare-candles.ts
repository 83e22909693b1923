import { canonicalDecimal } from '../model/decimal.js'
import type { Comparison, Extent, Interval, Problem, Row } from './compare.js'
import type { Truth } from './truth.js'

interface Candle {
  readonly open: string
  high: string
  low: string
  close: string
  volume: bigint
}

/** Decimals of a volume, as whole numbers. */
const SCALE = 18
const decimal = (value: unknown) => canonicalDecimal(String(value)) ?? String(value)

function scaled(text: string): bigint {
  const [whole = '0', part = ''] = decimal(text).split('.')
  return BigInt(whole + part.padEnd(SCALE, '0').slice(0, SCALE))
}

/** The candles that the trades of an instrument make, by the time at which they open. `span`: their length, nanoseconds. */
function candlesOf(truth: Truth, span: bigint): Map<bigint, Candle> {
  const candles = new Map<bigint, Candle>()
  for (const { exchange_time, price, amount } of truth.trades.values()) {
    const time = BigInt(exchange_time)
    const at = time - (time % span)
    const candle = candles.get(at)
    if (!candle) {
      candles.set(at, { open: price, high: price, low: price, close: price, volume: scaled(amount) })
      continue
    }
    if (Number(price) > Number(candle.high)) candle.high = price
    if (Number(price) < Number(candle.low)) candle.low = price
    candle.close = price
    candle.volume += scaled(amount)
  }
  return candles
}

/**
 * Differences between the stored candles of one instrument and those that its trades make: each once, none with other values, and none missing outside the
 * gaps. One in which nothing was traded may be stored, flat, or left out.
 */
export async function compareCandles(
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
  span: bigint,
  { reach }: Extent = {},
): Promise<Comparison> {
  const problems: Problem[] = []
  const candles = candlesOf(truth, span)
  const seen = new Set<bigint>()
  let count = 0
  for await (const row of rows) {
    count++
    const at = row.open_time
    if (typeof at !== 'bigint') continue
    if (seen.has(at)) problems.push({ what: 'doubled', detail: `the candle at ${at} stands twice` })
    seen.add(at)
    const real = candles.get(at)
    // BitMEX opens a candle with the close of the one before.
    const before = candles.get(at - span)?.close
    const open = before !== undefined && decimal(row.open) === decimal(before) ? before : real?.open
    const theirs = real
      ? [open, real.high, real.low, real.close].map(decimal).join(' ')
      : Array(4).fill(decimal(row.close)).join(' ')
    const mine = [row.open, row.high, row.low, row.close].map(decimal).join(' ')
    if (mine !== theirs || scaled(String(row.volume)) !== (real?.volume ?? 0n))
      problems.push({
        what: 'wrong',
        detail: `the candle at ${at} is ${mine} of ${row.volume} and was ${theirs} of ${real?.volume ?? 0} e-${SCALE}`,
      })
  }
  const opens = [...seen, ...(reach ? [reach.from, reach.until - span] : [])]
  const [first, last] = [
    opens.reduce((a, b) => (b < a ? b : a), opens[0] ?? 0n),
    opens.reduce((a, b) => (b > a ? b : a), 0n),
  ]
  let expected = 0
  let excused = 0
  for (const at of candles.keys()) {
    if (!opens.length || at < first || at > last) continue
    const said = gaps.some(({ from, until }) => from < at + span && until > at)
    if (!said) expected++
    else if (!seen.has(at)) excused++
    if (!said && !seen.has(at))
      problems.push({ what: 'lost', detail: `the candle at ${at} is missing and no gap says so` })
  }
  return { rows: count, expected, excused, problems }
}
