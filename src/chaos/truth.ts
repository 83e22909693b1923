import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { canonicalDecimal } from '../model/decimal.js'
import type { Level } from '../model/event.js'

const levels = z.array(z.tuple([z.string(), z.string()]))
const trade = z.object({
  kind: z.literal('trade'),
  exchange: z.string(),
  pair: z.string(),
  trade_id: z.string(),
  price: z.string(),
  amount: z.string(),
  taker_side: z.string(),
  exchange_time: z.string(),
})
const book = z.object({
  kind: z.literal('book'),
  exchange: z.string(),
  pair: z.string(),
  exchange_time: z.string(),
  bids: levels,
  asks: levels,
})
const value = z.object({
  kind: z.enum(['funding', 'mark_price', 'index_price', 'open_interest', 'liquidation']),
  exchange: z.string(),
  pair: z.string(),
  exchange_time: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])),
})
const line = z.discriminatedUnion('kind', [trade, book, value])
/** What an exchange said of a contract at one instant. */
export type TrueValue = Pick<z.infer<typeof value>, 'exchange_time' | 'values'>
export type TrueTrade = Pick<z.infer<typeof trade>, 'trade_id' | 'price' | 'amount' | 'taker_side' | 'exchange_time'>

/**
 * What an exchange did with one instrument: trades by id; by exchange time the fingerprint of the book as it then stood; and by kind what it said of a
 * contract (funding, mark and index price, open interest, liquidations).
 */
export interface Truth {
  readonly trades: Map<string, TrueTrade>
  readonly books: Map<string, string>
  readonly values?: Map<string, TrueValue[]>
}

/** Levels a side that a fingerprint covers. */
const DEPTH = 25

/** A short text that two books share when their best levels are equal in price and amount. Levels come best first. */
export function fingerprint(bids: readonly Level[], asks: readonly Level[]): string {
  const text = (side: readonly Level[]) =>
    side
      .slice(0, DEPTH)
      .map(([price, amount]) => `${canonicalDecimal(price)}x${canonicalDecimal(amount)}`)
      .join(' ')
  return createHash('sha1')
    .update(`${text(bids)}|${text(asks)}`)
    .digest('base64')
}

/** Reads a truth file as `dccd emulate --truth` writes it, by `exchange pair`. A last line that was cut is left out. */
export async function readTruth(path: string): Promise<Map<string, Truth>> {
  const all = new Map<string, Truth>()
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!text.endsWith('}')) continue
    const entry = line.parse(JSON.parse(text))
    const key = `${entry.exchange} ${entry.pair}`
    const truth = all.get(key) ?? { trades: new Map(), books: new Map(), values: new Map<string, TrueValue[]>() }
    all.set(key, truth)
    if (entry.kind === 'trade') truth.trades.set(entry.trade_id, entry)
    else if (entry.kind !== 'book') {
      const kind = entry.kind === 'liquidation' ? 'liquidations' : entry.kind
      truth.values?.set(kind, [...(truth.values.get(kind) ?? []), entry])
    } else truth.books.set(entry.exchange_time, fingerprint(entry.bids, entry.asks))
  }
  return all
}

/** An interval of possible loss: a gap of the ledger. */
export interface Interval {
  readonly from: bigint
  readonly until: bigint
}

/** A row as the store's reader gives it: numbers as exact decimal text, times in nanoseconds. */
export type Row = Readonly<Record<string, unknown>>

export interface Comparison {
  readonly rows: number
  /** Trades, or states of the book, that happened between the first and the last stored one and that no gap excuses. */
  readonly expected: number
  readonly problems: readonly Problem[]
}

export interface Problem {
  readonly what: 'lost' | 'doubled' | 'wrong'
  readonly detail: string
}

const inside = (time: bigint, gaps: readonly Interval[]) =>
  gaps.some(({ from, until }) => time >= from && time <= until)
const decimal = (value: unknown) => canonicalDecimal(String(value))

/**
 * Differences between the stored trades of one instrument and what happened: every trade outside the gaps once, none invented, all values
 * equal. Looks at the stretch from the first to the last stored trade.
 */
export async function compareTrades(
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
): Promise<Comparison> {
  const problems: Problem[] = []
  const seen = new Set<string>()
  let count = 0
  let first: bigint | undefined
  let last = 0n
  for await (const row of rows) {
    count++
    const id = String(row.trade_id)
    if (seen.has(id)) problems.push({ what: 'doubled', detail: `trade ${id} stands twice` })
    seen.add(id)
    const real = truth.trades.get(id)
    const mine = [decimal(row.price), decimal(row.amount), row.taker_side, String(row.exchange_time)].join(' ')
    const theirs = real && [decimal(real.price), decimal(real.amount), real.taker_side, real.exchange_time].join(' ')
    if (mine !== theirs) problems.push({ what: 'wrong', detail: `trade ${id} is ${mine} and was ${theirs ?? 'none'}` })
    const time = row.exchange_time
    if (typeof time !== 'bigint') continue
    if (first === undefined || time < first) first = time
    if (time > last) last = time
  }
  let expected = 0
  for (const { trade_id, exchange_time } of truth.trades.values()) {
    const time = BigInt(exchange_time)
    if (first === undefined || time < first || time > last || inside(time, gaps)) continue
    expected++
    if (!seen.has(trade_id))
      problems.push({ what: 'lost', detail: `trade ${trade_id} at ${time} is missing and no gap says so` })
  }
  return { rows: count, expected, problems }
}

/**
 * Rebuilds the book from the stored rows, which come in the order of frame and row, and compares it after each frame with the book that the
 * exchange had at that time; then looks whether every state outside the gaps is stored.
 */
export async function compareBooks(
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
): Promise<Comparison & { readonly compared: number; readonly unknown: number }> {
  const problems: Problem[] = []
  const sides = { bid: new Map<string, string>(), ask: new Map<string, string>() }
  const best = (side: ReadonlyMap<string, string>, sign: number): Level[] =>
    [...side].sort(([a], [b]) => sign * (Number(a) - Number(b))).slice(0, DEPTH)
  const stored = new Set<string>()
  let compared = 0
  let unknown = 0
  let count = 0
  let from: bigint | undefined
  let until = 0n
  // Where the exchange gives changes no time (BitMEX, Bitfinex), none can be asked for by its time.
  let timed = false
  const check = (row: Row) => {
    const real = truth.books.get(String(row.exchange_time))
    if (real === undefined) {
      // Whole books are not states of their own: the exchange may give them no time.
      if (row.is_snapshot !== true) unknown++
      return
    }
    compared++
    if (fingerprint(best(sides.bid, -1), best(sides.ask, 1)) !== real)
      problems.push({ what: 'wrong', detail: `the book at ${row.exchange_time} (frame ${row.frame}) differs` })
  }
  let previous: Row | undefined
  for await (const row of rows) {
    count++
    if (previous && previous.frame === row.frame && Number(previous.row) >= Number(row.row))
      problems.push({ what: 'doubled', detail: `row ${row.frame} ${row.row} stands twice` })
    const opens = row.is_snapshot === true && (previous?.frame !== row.frame || previous?.is_snapshot !== true)
    if (previous && (previous.frame !== row.frame || opens)) check(previous)
    if (opens) {
      sides.bid.clear()
      sides.ask.clear()
    }
    const side = row.side === 'bid' ? sides.bid : sides.ask
    const price = decimal(row.price) ?? ''
    const amount = decimal(row.amount) ?? ''
    if (amount === '0') side.delete(price)
    else side.set(price, amount)
    previous = row
    const time = row.exchange_time
    if (typeof time !== 'bigint') continue
    stored.add(String(time))
    timed ||= row.is_snapshot !== true
    if (from === undefined || time < from) from = time
    if (time > until) until = time
  }
  if (previous) check(previous)
  let expected = 0
  for (const time of truth.books.keys()) {
    const at = BigInt(time)
    if (!timed || from === undefined || at < from || at > until || inside(at, gaps)) continue
    expected++
    if (!stored.has(time))
      problems.push({ what: 'lost', detail: `the state of the book at ${time} is missing and no gap says so` })
  }
  return { rows: count, expected, compared, unknown, problems }
}

/** Kinds of which a row is stored when something changes, or when it was asked for: not everything that was said. */
const STANDING: ReadonlySet<string> = new Set(['funding', 'open_interest'])

/**
 * Differences between the stored values of a contract and what the exchange said: none invented, each stored once as it was said; and of what is stored
 * each time it is said, none missing outside the gaps between the first and the last stored one.
 */
export async function compareValues(
  kind: string,
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
): Promise<Comparison> {
  const problems: Problem[] = []
  const said = truth.values?.get(kind) ?? []
  const text = (value: unknown) => decimal(value) ?? String(value)
  const keyOf = (time: unknown, values: Readonly<Record<string, unknown>>, names: readonly string[]) =>
    [time, ...names.map((name) => text(values[name] ?? null))].join(' ')
  const names = Object.keys(said[0]?.values ?? {}).sort()
  const left = new Map<string, number>()
  for (const { exchange_time, values } of said) {
    const key = keyOf(exchange_time, values, names)
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  let count = 0
  let from: bigint | undefined
  let until = 0n
  for await (const row of rows) {
    count++
    const key = keyOf(row.exchange_time, row, names)
    const more = left.get(key)
    if (more === undefined)
      problems.push({ what: 'wrong', detail: `${kind} ${key} was never said (${names.join(', ')})` })
    else if (more === 0) problems.push({ what: 'doubled', detail: `${kind} ${key} stands twice` })
    else left.set(key, more - 1)
    const time = row.exchange_time
    if (typeof time !== 'bigint') continue
    if (from === undefined || time < from) from = time
    if (time > until) until = time
  }
  let expected = 0
  for (const { exchange_time, values } of STANDING.has(kind) ? [] : said) {
    const at = BigInt(exchange_time)
    if (from === undefined || at < from || at > until || inside(at, gaps)) continue
    expected++
    const key = keyOf(exchange_time, values, names)
    if ((left.get(key) ?? 0) > 0)
      problems.push({ what: 'lost', detail: `${kind} ${key} is missing and no gap says so` })
  }
  return { rows: count, expected, problems }
}

/** A gap as the API and `dccd gaps --json` give it. */
export const gapJson = z.object({
  exchange: z.string(),
  kind: z.string(),
  pair: z.string(),
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

const SLACK = 3_000_000_000n
/** A gap reaches back to the last proof before a disturbance, and for a quiet pair that may be a heartbeat ago. */
const HEARTBEAT = 15_000_000_000n

const MINUTE = 60_000_000_000n

/** Whether a minute ends in a disturbance or before everything has come back from it. */
function endsMinute({ from, until }: Disturbance): boolean {
  return from / MINUTE !== (until + SLACK) / MINUTE
}

/**
 * What the ledger says beyond what the disturbances can explain: a gap that neither follows one within 3 s nor ends within a heartbeat before one, and
 * datasets whose gaps sum up to more than the disturbances and 3 s for each. A candle whose end falls into a disturbance is missing as a whole: its minute counts as well.
 */
export function unexplained(gaps: readonly GapJson[], disturbances: readonly Disturbance[]): string[] {
  const problems: string[] = []
  const sums = new Map<string, { gap: bigint; allowed: bigint }>()
  for (const gap of gaps) {
    const [from, until] = [BigInt(gap.from), BigInt(gap.until)]
    const own = disturbances.filter(({ exchange }) => exchange === 'all' || exchange === gap.exchange)
    if (!own.some((each) => from <= each.until + SLACK && until >= each.from - HEARTBEAT))
      problems.push(
        `${gap.exchange} ${gap.kind} ${gap.pair} ${gap.from}–${gap.until} ${gap.code}: nothing was done then`,
      )
    const key = `${gap.exchange} ${gap.kind} ${gap.pair}`
    const allowed = own.reduce(
      (sum, each) => sum + (each.until - each.from) + SLACK + (gap.kind === 'ohlc' && endsMinute(each) ? MINUTE : 0n),
      0n,
    )
    const entry = sums.get(key) ?? { gap: 0n, allowed }
    entry.gap += until - from
    sums.set(key, entry)
  }
  for (const [key, { gap, allowed }] of sums)
    if (gap > allowed) problems.push(`${key}: gaps of ${gap} ns, what was done explains ${allowed}`)
  return problems
}
