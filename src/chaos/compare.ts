import { canonicalDecimal } from '../model/decimal.js'
import type { Level } from '../model/event.js'
import { DEPTH, fingerprint, type Truth } from './truth.js'

/** An interval of possible loss: a gap of the ledger. */
export interface Interval {
  readonly from: bigint
  readonly until: bigint
}

/** A row as the store's reader gives it: numbers as exact decimal text, times in nanoseconds. */
export type Row = Readonly<Record<string, unknown>>

/** How far a comparison reaches. */
export interface Extent {
  /** From the first to the last instant that is held; without it the comparison goes from the first to the last stored row. */
  readonly reach?: Interval | undefined
  /** The gaps are on the clock of the recording: what was on the way when one began is missing as well. */
  readonly received?: boolean
}

export interface Comparison {
  readonly rows: number
  /** What happened in the stretch that is compared, and no gap excuses. */
  readonly expected: number
  /** What happened there, is not stored, and lies in a gap. */
  readonly excused: number
  readonly problems: readonly Problem[]
}

export interface Problem {
  readonly what: 'lost' | 'doubled' | 'wrong'
  readonly detail: string
}

const inside = (time: bigint, gaps: readonly Interval[]) =>
  gaps.some(({ from, until }) => time >= from && time <= until)
const decimal = (value: unknown) => canonicalDecimal(String(value))

/** The stretch that is compared: what is held, or from the first to the last stored row. */
class Stretch {
  private readonly isGiven: boolean
  private from: bigint | undefined
  private until = 0n

  constructor(reach: Interval | undefined) {
    this.isGiven = reach !== undefined
    if (!reach) return
    this.from = reach.from
    this.until = reach.until - 1n
  }

  stored(time: unknown): void {
    // The last one that is stored may be one of several of its instant: what is held ends just before.
    if (this.isGiven || typeof time !== 'bigint') return
    if (this.from === undefined || time < this.from) this.from = time
    if (time > this.until) this.until = time
  }

  has(time: bigint): boolean {
    return this.from !== undefined && time >= this.from && time <= this.until
  }
}

/** Counts what happened in a stretch, and names what is missing although no gap says so. */
function askFor(
  stretch: Stretch,
  gaps: readonly Interval[],
  happened: Iterable<{ readonly time: bigint; readonly stored: boolean; readonly name: string }>,
) {
  const problems: Problem[] = []
  let expected = 0
  let excused = 0
  for (const { time, stored, name } of happened) {
    if (!stretch.has(time)) continue
    const said = inside(time, gaps)
    if (!said) expected++
    else if (!stored) excused++
    if (!stored && !said) problems.push({ what: 'lost', detail: `${name} is missing and no gap says so` })
  }
  return { expected, excused, problems }
}

/**
 * Differences between the stored trades of one instrument and what happened: every trade outside the gaps once, none invented, all values
 * equal.
 */
export async function compareTrades(
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
  { reach }: Extent = {},
): Promise<Comparison> {
  const problems: Problem[] = []
  const seen = new Set<string>()
  const stretch = new Stretch(reach)
  let count = 0
  for await (const row of rows) {
    count++
    const id = String(row.trade_id)
    if (seen.has(id)) problems.push({ what: 'doubled', detail: `trade ${id} stands twice` })
    seen.add(id)
    const real = truth.trades.get(id)
    const mine = [decimal(row.price), decimal(row.amount), row.taker_side, String(row.exchange_time)].join(' ')
    const theirs = real && [decimal(real.price), decimal(real.amount), real.taker_side, real.exchange_time].join(' ')
    if (mine !== theirs) problems.push({ what: 'wrong', detail: `trade ${id} is ${mine} and was ${theirs ?? 'none'}` })
    stretch.stored(row.exchange_time)
  }
  const happened = [...truth.trades.values()].map(({ trade_id, exchange_time }) => ({
    time: BigInt(exchange_time),
    stored: seen.has(trade_id),
    name: `trade ${trade_id} at ${exchange_time}`,
  }))
  const asked = askFor(stretch, gaps, happened)
  return { rows: count, ...asked, problems: [...problems, ...asked.problems] }
}

interface Arrival {
  readonly time: bigint
  readonly receive_time: bigint
}

/** Longer than this nothing is on the way: then the clock of the recording was set. */
const ON_THE_WAY = 10_000_000_000n

/** Gaps on the clock of the recording by the clock of the exchange: from the last state that had come. */
function happening(gaps: readonly Interval[], arrivals: readonly Arrival[]): Interval[] {
  const sane = arrivals.filter(({ time, receive_time }) => {
    const way = receive_time - time
    return way > -ON_THE_WAY && way < ON_THE_WAY
  })
  return gaps.map(({ from, until }) => {
    const before = sane.filter(({ receive_time }) => receive_time <= from && receive_time > from - ON_THE_WAY)
    return { from: before.reduce((last, { time }) => (time > last ? time : last), from - ON_THE_WAY), until }
  })
}

/** A state that is told in several frames is none of the exchange's between them. After so many frames without one the book is another. */
const FRAMES_BETWEEN_STATES = 50

/** Follows a book whose changes bear no time through the states that the exchange had. */
class Follower {
  /** Times of the states that it stood in. */
  readonly seen = new Set<string>()
  private readonly books: ReadonlyMap<string, string>
  private readonly times: readonly string[]
  private readonly places = new Map<string, number[]>()
  private at = 0
  private strange = 0

  constructor(books: ReadonlyMap<string, string>) {
    this.books = books
    this.times = [...books.keys()]
    for (const [place, print] of [...books.values()].entries()) {
      const known = this.places.get(print)
      if (known) known.push(place)
      else this.places.set(print, [place])
    }
  }

  /** The time of the state after a frame; undefined where it is between two. */
  frame(print: string): string | undefined {
    const place = this.places.get(print)?.find((each) => each >= this.at)
    this.strange = place === undefined ? this.strange + 1 : 0
    if (place === undefined) return undefined
    this.at = place
    // A change below the levels that are compared leaves the state as it was.
    for (let next = place; this.books.get(this.times[next] ?? '') === print; next++)
      this.seen.add(this.times[next] ?? '')
    return this.times[place]
  }

  get astray(): boolean {
    return this.places.size > 0 && this.strange === FRAMES_BETWEEN_STATES
  }
}

/**
 * Rebuilds the book from the stored rows, which come in the order of frame and row, and compares it after each frame with the book that the
 * exchange had at that time; then looks whether every state outside the gaps is stored. Where the exchange gives changes no time, the book is followed
 * through the states that there were.
 */
export async function compareBooks(
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
  { reach, received = false }: Extent = {},
): Promise<Comparison & { readonly compared: number; readonly unknown: number }> {
  const problems: Problem[] = []
  const sides = { bid: new Map<string, string>(), ask: new Map<string, string>() }
  const best = (side: ReadonlyMap<string, string>, sign: number): Level[] =>
    [...side].sort(([a], [b]) => sign * (Number(a) - Number(b))).slice(0, DEPTH)
  const stretch = new Stretch(reach)
  const stored = new Set<string>()
  const follower = new Follower(truth.books)
  let compared = 0
  let unknown = 0
  let count = 0
  const arrivals: Arrival[] = []
  const keep = (time: unknown, { receive_time }: Row) => {
    stretch.stored(time)
    if (received && typeof time === 'bigint' && typeof receive_time === 'bigint') arrivals.push({ time, receive_time })
  }
  // Known from the first change on.
  let timed: boolean | undefined
  const check = (row: Row) => {
    const print = fingerprint(best(sides.bid, -1), best(sides.ask, 1))
    const isChange = row.is_snapshot !== true
    if (isChange) timed ??= typeof row.exchange_time === 'bigint'
    if (timed !== true) {
      const time = follower.frame(print)
      if (timed === undefined) return
      if (time === undefined) unknown++
      else compared++
      if (time !== undefined) keep(BigInt(time), row)
      if (follower.astray) problems.push({ what: 'wrong', detail: `the book at frame ${row.frame} is none that was` })
      return
    }
    const real = truth.books.get(String(row.exchange_time))
    if (isChange) keep(row.exchange_time, row)
    // Whole books are not states of their own: the exchange may give them no time.
    if (real === undefined) unknown += isChange ? 1 : 0
    else if (print === real) compared++
    else problems.push({ what: 'wrong', detail: `the book at ${row.exchange_time} (frame ${row.frame}) differs` })
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
    stored.add(String(row.exchange_time))
    previous = row
  }
  if (previous) check(previous)
  const seen = timed === true ? stored : follower.seen
  const happened = timed === undefined ? [] : [...truth.books.keys()]
  const states = happened.map((time) => ({
    time: BigInt(time),
    stored: seen.has(time),
    name: `the state of the book at ${time}`,
  }))
  const asked = askFor(stretch, received ? happening(gaps, arrivals) : gaps, states)
  return { rows: count, compared, unknown, ...asked, problems: [...problems, ...asked.problems] }
}

/** Kinds of which a row is stored when something changes, or when it was asked for: not everything that was said. */
const STANDING: ReadonlySet<string> = new Set(['funding', 'open_interest'])

/**
 * Differences between the stored values of a contract and what the exchange said: none invented, each stored once as it was said; and of what is stored
 * each time it is said, none missing outside the gaps.
 */
export async function compareValues(
  kind: string,
  rows: AsyncIterable<Row> | Iterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
  { reach }: Extent = {},
): Promise<Comparison> {
  const problems: Problem[] = []
  const said = truth.values?.get(kind) ?? []
  const names = Object.keys(said[0]?.values ?? {}).sort()
  const left = new Map<string, number>()
  const keys = said.map(({ exchange_time, values }) => keyOf(exchange_time, values, names))
  for (const key of keys) left.set(key, (left.get(key) ?? 0) + 1)
  const stretch = new Stretch(reach)
  let count = 0
  for await (const row of rows) {
    count++
    const key = keyOf(row.exchange_time, row, names)
    const more = left.get(key)
    if (more === undefined)
      problems.push({ what: 'wrong', detail: `${kind} ${key} was never said (${names.join(', ')})` })
    else if (more === 0) problems.push({ what: 'doubled', detail: `${kind} ${key} stands twice` })
    else left.set(key, more - 1)
    stretch.stored(row.exchange_time)
  }
  const happened = STANDING.has(kind)
    ? []
    : said.map(({ exchange_time }, index) => ({
        time: BigInt(exchange_time),
        stored: (left.get(keys[index] ?? '') ?? 0) === 0,
        name: `${kind} ${keys[index]}`,
      }))
  const asked = askFor(stretch, gaps, happened)
  return { rows: count, ...asked, problems: [...problems, ...asked.problems] }
}

function keyOf(time: unknown, values: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  const text = (value: unknown) => decimal(value) ?? String(value)
  return [time, ...names.map((name) => text(values[name] ?? null))].join(' ')
}
