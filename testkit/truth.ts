import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { canonicalDecimal } from '../src/model/decimal.js'
import { readDataset } from './parquet.js'

const levels = z.array(z.tuple([z.string(), z.string()]))
const line = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('trade'),
    exchange: z.string(),
    pair: z.string(),
    symbol: z.string(),
    trade_id: z.string(),
    price: z.string(),
    amount: z.string(),
    taker_side: z.string(),
    exchange_time: z.string(),
  }),
  z.object({
    kind: z.literal('book'),
    exchange: z.string(),
    pair: z.string(),
    sequence: z.string().nullable(),
    exchange_time: z.string(),
    bids: levels,
    asks: levels,
  }),
])
type TruthLine = z.infer<typeof line>
type TruthTrade = Extract<TruthLine, { kind: 'trade' }>
type TruthBook = Extract<TruthLine, { kind: 'book' }>

/** What an emulated exchange did with one instrument. */
export interface Truth {
  readonly trades: Map<string, TruthTrade>
  /** By exchange time. */
  readonly books: Map<string, TruthBook>
}

/** Reads a truth file, by `exchange pair`. */
export async function readTruth(path: string): Promise<Map<string, Truth>> {
  const all = new Map<string, Truth>()
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text === '') continue
    const entry = line.parse(JSON.parse(text))
    const key = `${entry.exchange} ${entry.pair}`
    const truth = all.get(key) ?? { trades: new Map(), books: new Map() }
    all.set(key, truth)
    if (entry.kind === 'trade') truth.trades.set(entry.trade_id, entry)
    else truth.books.set(entry.exchange_time, entry)
  }
  return all
}

/** An interval of possible loss as `dccd gaps --json` gives it. */
export interface Interval {
  readonly from: bigint
  readonly until: bigint
}

const inside = (time: bigint, gaps: readonly Interval[]) =>
  gaps.some(({ from, until }) => time >= from && time <= until)
const text = (value: unknown) =>
  typeof value === 'number' || typeof value === 'bigint' ? (canonicalDecimal(String(value)) ?? '') : String(value)
/** The exact value of a numeric column. */
export const exact = (row: Record<string, unknown>, name: string) => text(row[`${name}_text`] ?? row[name])

/**
 * Differences between the stored trades of one instrument and what happened: every trade outside the gaps once, none invented, all
 * values equal. Looks at the stretch from the first to the last stored trade.
 */
export async function compareTrades(
  data: string,
  exchange: string,
  pair: string,
  truth: Truth,
  gaps: readonly Interval[],
) {
  const problems: string[] = []
  const rows = await readDataset(data, exchange, 'trades', pair)
  const seen = new Set<string>()
  let first: bigint | undefined
  let last = 0n
  for (const row of rows) {
    const id = String(row.trade_id)
    const time = row.exchange_time
    if (seen.has(id)) problems.push(`trade ${id} stands twice`)
    seen.add(id)
    const real = truth.trades.get(id)
    if (!real) {
      problems.push(`trade ${id} never happened`)
      continue
    }
    const mine = [exact(row, 'price'), exact(row, 'amount'), row.taker_side, String(time)]
    const theirs = [canonicalDecimal(real.price), canonicalDecimal(real.amount), real.taker_side, real.exchange_time]
    if (mine.join() !== theirs.join()) problems.push(`trade ${id} is ${mine.join()} and was ${theirs.join()}`)
    if (typeof time !== 'bigint') continue
    if (first === undefined || time < first) first = time
    if (time > last) last = time
  }
  let expected = 0
  for (const real of truth.trades.values()) {
    const time = BigInt(real.exchange_time)
    if (first === undefined || time < first || time > last || inside(time, gaps)) continue
    expected++
    if (!seen.has(real.trade_id)) problems.push(`trade ${real.trade_id} at ${time} is missing and no gap says so`)
  }
  return { rows: rows.length, expected, problems }
}

/** Rebuilds the book from the stored rows and compares it, after each frame, with the book that the exchange had at that time. */
export async function compareBooks(
  data: string,
  exchange: string,
  pair: string,
  truth: Truth,
  gaps: readonly Interval[],
  depth = 25,
) {
  const problems: string[] = []
  const rows = await readDataset(data, exchange, 'book_deltas', pair)
  rows.sort((a, b) => {
    const [x, y] = [BigInt(String(a.frame)), BigInt(String(b.frame))]
    return x < y ? -1 : x > y ? 1 : Number(a.row) - Number(b.row)
  })
  const sides = { bid: new Map<number, string>(), ask: new Map<number, string>() }
  let compared = 0
  let unknown = 0
  const keys = new Set<string>()
  const check = (row: Record<string, unknown>) => {
    const real = truth.books.get(String(row.exchange_time))
    if (!real) {
      // Whole books are not states of their own: the exchange may give them no time.
      if (row.is_snapshot !== true) unknown++
      return
    }
    compared++
    const best = (side: Map<number, string>, sign: number) =>
      [...side]
        .sort((a, b) => sign * (a[0] - b[0]))
        .slice(0, depth)
        .map(([price, amount]) => `${canonicalDecimal(String(price))}x${amount}`)
        .join(' ')
    const truly = (levels: readonly (readonly [string, string])[]) =>
      levels
        .slice(0, depth)
        .map(([price, amount]) => `${canonicalDecimal(price)}x${canonicalDecimal(amount)}`)
        .join(' ')
    if (best(sides.bid, -1) !== truly(real.bids) || best(sides.ask, 1) !== truly(real.asks)) {
      problems.push(
        `book at ${row.exchange_time} (frame ${row.frame}) differs: ${best(sides.bid, -1).slice(0, 80)} | ${truly(real.bids).slice(0, 80)}`,
      )
    }
  }
  let previous: Record<string, unknown> | undefined
  for (const row of rows) {
    const key = `${row.frame} ${row.row}`
    if (keys.has(key)) problems.push(`row ${key} stands twice`)
    keys.add(key)
    const opens = row.is_snapshot === true && (previous?.frame !== row.frame || previous?.is_snapshot !== true)
    if (previous && (previous.frame !== row.frame || opens)) check(previous)
    if (opens) {
      sides.bid.clear()
      sides.ask.clear()
    }
    const side = row.side === 'bid' ? sides.bid : sides.ask
    const amount = exact(row, 'amount')
    if (amount === '0') side.delete(Number(row.price))
    else side.set(Number(row.price), amount)
    previous = row
  }
  if (previous) check(previous)
  // Every state that the exchange had between the first and the last stored one is stored, or a gap says so.
  const stored = new Set(rows.map((row) => String(row.exchange_time)))
  const times = rows.flatMap((row) => (typeof row.exchange_time === 'bigint' ? [row.exchange_time] : []))
  const from = times.reduce((a, b) => (b < a ? b : a), times[0] ?? 0n)
  const until = times.reduce((a, b) => (b > a ? b : a), 0n)
  for (const time of truth.books.keys()) {
    const at = BigInt(time)
    if (at >= from && at <= until && !stored.has(time) && !inside(at, gaps))
      problems.push(`book state at ${time} is missing and no gap says so`)
  }
  return { rows: rows.length, compared, unknown, problems }
}
