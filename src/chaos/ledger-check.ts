import { z } from 'zod'
import type { Truth } from './truth.js'

/** A gap as the API and `dccd gaps --json` give it. */
export const gapJson = z.object({
  exchange: z.string(),
  kind: z.string(),
  pair: z.string(),
  interval: z.string().nullish(),
  from: z.string(),
  until: z.string(),
  code: z.string(),
})
export type GapJson = z.infer<typeof gapJson>

/** Something that was done to the recording: between these times data of the exchange (`all`: of every one) may be lost. */
export interface Disturbance {
  readonly exchange: string
  readonly from: bigint
  readonly until: bigint
}

/** What the ledger says is missing, beside what was done. */
export interface Judgement {
  /** All gaps, over all datasets. */
  readonly seconds: number
  /** What of it nothing explains. */
  readonly unexplained: number
  readonly problems: readonly string[]
}

const SECOND = 1_000_000_000n
const SLACK = 3n * SECOND
/** A gap reaches back to the last proof before a disturbance, and for a quiet pair that may be a heartbeat ago. */
const HEARTBEAT = 15n * SECOND
/** Where candles of a minute are not to be had, they are of five. */
const CANDLE: Readonly<Record<string, bigint>> = { '1m': 60n * SECOND, '5m': 300n * SECOND }
/** What is polled is polled once a minute: one that is missed costs the time between two others. */
const POLLED: Readonly<Record<string, bigint>> = { open_interest: 120n * SECOND }

/**
 * What the ledger says beyond what the disturbances can explain: a gap that neither follows one within 3 s nor ends within a heartbeat before one, and
 * datasets whose gaps sum up to more than the disturbances and 3 s for each. A candle that a disturbance touches may be missing as a whole, for
 * nobody can vouch for it when nothing more is said of it: its span counts as well. With the truth, only what happened in a gap counts: a gap reaches to the next events on both sides, however long nothing happened.
 */
export function judge(
  gaps: readonly GapJson[],
  disturbances: readonly Disturbance[],
  truths: ReadonlyMap<string, Truth> = new Map(),
): Judgement {
  const problems: string[] = []
  const sums = new Map<string, { gap: bigint; elsewhere: bigint; allowed: bigint }>()
  let seconds = 0n
  let unexplained = 0n
  for (const gap of gaps) {
    const [from, until] = [BigInt(gap.from), BigInt(gap.until)]
    seconds += until - from
    const own = disturbances.filter(({ exchange }) => exchange === 'all' || exchange === gap.exchange)
    const counts = busy(truths.get(`${gap.exchange} ${gap.pair}`), gap.kind, from, until)
    const span = gap.kind === 'ohlc' ? (CANDLE[gap.interval ?? '1m'] ?? 0n) : 0n
    // What is missing of a candle may have its cause anywhere in it.
    const begin = span > 0n ? from - (from % span) : from
    const near = own.some((each) => begin <= each.until + SLACK && until >= each.from - HEARTBEAT)
    if (!near)
      problems.push(
        `${gap.exchange} ${gap.kind} ${gap.pair} ${gap.from}–${gap.until} ${gap.code}: nothing was done then`,
      )
    const key = `${gap.exchange} ${gap.kind} ${gap.pair}`
    const more = span + (POLLED[gap.kind] ?? 0n)
    const allowed = own.reduce((sum, each) => sum + (each.until - each.from) + SLACK + more, 0n)
    const entry = sums.get(key) ?? { gap: 0n, elsewhere: 0n, allowed }
    entry.gap += counts
    if (!near) entry.elsewhere += counts
    sums.set(key, entry)
  }
  for (const [key, { gap, elsewhere, allowed }] of sums) {
    const over = gap > allowed ? gap - allowed : 0n
    unexplained += over > elsewhere ? over : elsewhere
    if (over > 0n) problems.push(`${key}: gaps of ${gap} ns, what was done explains ${allowed}`)
  }
  return { seconds: Number(seconds) / 1e9, unexplained: Number(unexplained) / 1e9, problems }
}

/** From the first to the last thing that happened in a gap: all of it where that is not known. */
function busy(truth: Truth | undefined, kind: string, from: bigint, until: bigint): bigint {
  const times = truth && timesOf(truth, kind)
  if (!times) return until - from
  let first: bigint | undefined
  let last = from
  for (const text of times) {
    const time = BigInt(text)
    if (time <= from || time >= until) continue
    if (first === undefined || time < first) first = time
    if (time > last) last = time
  }
  return first === undefined ? 0n : last - first
}

function timesOf(truth: Truth, kind: string): Iterable<string> | undefined {
  if (kind === 'trades') return [...truth.trades.values()].map(({ exchange_time }) => exchange_time)
  if (kind === 'book_deltas') return truth.books.keys()
  return truth.values?.get(kind)?.map(({ exchange_time }) => exchange_time)
}

/** The problems of `judge` alone. */
export function unexplained(
  gaps: readonly GapJson[],
  disturbances: readonly Disturbance[],
  truths?: ReadonlyMap<string, Truth>,
): readonly string[] {
  return judge(gaps, disturbances, truths).problems
}
