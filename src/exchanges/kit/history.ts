import type { Candle, MarketData, Trade } from '../../model/event.js'
import type { RowBlock } from '../../model/row-block.js'
import type { Nanos } from '../../model/time.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { fields, text } from './wire.js'

const MS = 1_000_000n

/** Where a rising page of counted trades begins: the last one proven, and the time up to which everything is. */
export interface CountedAnchor {
  readonly last: bigint | undefined
  readonly edge: Nanos
}

/** The plainest cursor of such pages. */
export function countedCursor({ last, edge }: { readonly last: bigint; readonly edge: Nanos }): Json {
  return { last: last.toString(), edge: edge.toString() }
}

/**
 * A rising page of trades that the venue counts. Only consecutive counters are one stretch; the end of the request is proven by a trade at or
 * beyond it, by the counter of what is held there, or by an answer with nothing new. `next` makes the cursor of a further page.
 */
export function countedPage(
  rows: readonly Trade[] | CountedBlock,
  request: HistoryRequest,
  anchor: CountedAnchor,
  next: (anchor: { readonly last: bigint; readonly edge: Nanos }) => Json,
): Page {
  const { from, until, after, before } = request
  const { counters, timeOf, between } = 'block' in rows ? countedBlock(rows) : countedTrades(rows)
  let at = 0
  while (anchor.last !== undefined && at < counters.length && (counters[at] ?? 0n) <= anchor.last) at++
  const first = counters[at]
  if (first === undefined) return nothingMore(request, anchor)
  const covers: PageCover[] = []
  const missing: { from: Nanos; until: Nanos; reason: string }[] = []
  let cover: { from: Nanos; before: bigint; joined: boolean } | undefined
  // A first page that is asked for by time begins where it was asked to.
  if (anchor.last === undefined || first === anchor.last + 1n)
    cover = { from: anchor.edge, before: first - 1n, joined: true }
  let last = anchor.last ?? first - 1n
  let edge = anchor.edge
  let done = false
  const close = (to: Nanos) => {
    if (cover && to >= cover.from) covers.push({ ...cover, until: to, last })
    cover = undefined
  }
  const begin = at
  for (; at < counters.length; at++) {
    const counter = counters[at] ?? 0n
    const time = timeOf(at) ?? edge
    if (counter !== last + 1n) {
      close(edge)
      missing.push({
        from: edge,
        until: time,
        reason: `the exchange leaves out ${counter - last - 1n} trades after ${last}`,
      })
      cover = { from: time, before: counter - 1n, joined: false }
    }
    cover ??= { from: time, before: counter - 1n, joined: false }
    // Where what is held beside it has counters these tell what is inside, else the times do.
    const past = before === undefined ? time >= until : counter > before
    if (past) {
      done = true
      close(until)
      break
    }
    last = counter
    if (time > edge) edge = time
    if (before !== undefined && last >= before) {
      done = true
      close(edge > until ? edge : until)
      at++
      break
    }
  }
  if (!done) close(edge)
  return {
    ...between(begin, at, (row) =>
      after === undefined ? (timeOf(row) ?? edge) >= from : (counters[row] ?? 0n) > after,
    ),
    covers,
    ...(missing.length ? { missing } : {}),
    ...(done ? {} : { next: next({ last, edge }) }),
  }
}

/** Trades as columns with what counts them, both rising. */
export interface CountedBlock {
  readonly block: RowBlock
  readonly counters: BigInt64Array<ArrayBuffer>
}

/** Trades in the order of their counters, each once. */
interface CountedRows {
  readonly counters: { readonly length: number; readonly [row: number]: bigint }
  timeOf(row: number): Nanos | undefined
  /** Those of some rows that are wanted. */
  between(from: number, until: number, isWanted: (row: number) => boolean): Pick<Page, 'events' | 'slice'>
}

function countedTrades(trades: readonly Trade[]): CountedRows {
  const rows = byCounter(trades)
  return {
    counters: rows.map(({ counter }) => counter),
    timeOf: (row) => rows[row]?.exchangeTime,
    between: (from, until, isWanted) => ({ events: rows.slice(from, until).filter((_, row) => isWanted(from + row)) }),
  }
}

function countedBlock({ block, counters }: CountedBlock): CountedRows {
  return {
    counters,
    timeOf: (row) => block.times[row],
    between(from, until, isWanted) {
      let start = from
      // Whatever tells what is wanted rises.
      while (start < until && !isWanted(start)) start++
      return { events: [], slice: { block, from: start, until } }
    },
  }
}

function nothingMore({ until, before }: HistoryRequest, { last, edge }: CountedAnchor): Page {
  if (before !== undefined && last !== undefined && last < before)
    return {
      events: [],
      covers: [],
      missing: [{ from: edge, until, reason: `the exchange has nothing after ${last}, though ${before} was seen` }],
    }
  const cover = {
    from: edge,
    until: until > edge ? until : edge,
    before: last ?? null,
    last: last ?? null,
    joined: true,
  }
  return { events: [], covers: [cover] }
}

type Counted = Trade & { readonly counter: bigint }

/** Sorted by counter, each once; those without a counter are left out. */
function byCounter(rows: readonly Trade[]): Counted[] {
  const counted = rows.filter((row): row is Counted => row.counter !== undefined)
  let sorted = true
  for (let at = 1; at < counted.length && sorted; at++)
    sorted = (counted[at]?.counter ?? 0n) > (counted[at - 1]?.counter ?? 0n)
  if (sorted) return counted
  counted.sort((a, b) => (a.counter < b.counter ? -1 : a.counter > b.counter ? 1 : 0))
  return counted.filter((row, at) => row.counter !== counted[at - 1]?.counter)
}

/** What stands at an instant of its own: a candle at its opening, a charged rate at its time. A row may tell of an instant that it had no value. */
export interface Point {
  readonly at: Nanos
  readonly event: MarketData | undefined
}

/** Points of events that have a time. Rows as columns are that already. */
export function pointsOf(events: readonly MarketData[] | RowBlock): Points {
  if ('times' in events) return events
  const points: Point[] = []
  for (const event of events) {
    const at = event.kind === 'candle' ? event.openTime : event.exchangeTime
    if (at !== undefined) points.push({ at, event })
  }
  return points
}

/**
 * A rising page of points. A quiet interval may have none: what lies between two of one answer is proven by both. The end is proven by a point
 * at or after it (the running candle is one), or by an answer with nothing new. `span`: how far a point reaches.
 */
export function risingPoints(points: Points, request: HistoryRequest, edge: Nanos, span: Nanos): Page {
  const { from, until } = request
  const { last, between } = inOrder(points)
  const cover = (to: Nanos): PageCover[] =>
    to > edge ? [{ from: edge, until: to, before: null, last: null, joined: true }] : []
  const rows = between(from > edge ? from : edge, until)
  if (last === undefined || last < edge || last >= until) return { ...rows, covers: cover(until) }
  const reached = last + span
  if (reached >= until) return { ...rows, covers: cover(until) }
  return { ...rows, covers: cover(reached), next: { edge: reached.toString() } }
}

export function risingCandles(
  rows: readonly Candle[] | RowBlock,
  request: HistoryRequest,
  edge: Nanos,
  span: Nanos,
): Page {
  return risingPoints(pointsOf(rows), request, edge, span)
}

/** A rising page of values at instants, such as rates: what may come after one is at least one step of the venue's clock later. */
export function risingValues(rows: readonly MarketData[], request: HistoryRequest, edge: Nanos): Page {
  return risingPoints(pointsOf(rows), request, edge, MS)
}

/**
 * A falling page of points, newest first at the venue: everything from `edge` on is proven. The start is proven by a point at or before it, or by an
 * answer with nothing new.
 */
export function fallingPoints(points: Points, request: HistoryRequest, edge: Nanos): Page {
  const { from, until } = request
  const { first, between } = inOrder(points)
  const cover = (start: Nanos): PageCover[] =>
    start < edge ? [{ from: start, until: edge, before: null, last: null, joined: true }] : []
  const rows = between(from, edge < until ? edge : until)
  if (first === undefined || first >= edge || first <= from) return { ...rows, covers: cover(from) }
  return { ...rows, covers: cover(first), next: { edge: first.toString() } }
}

/** The edge in a cursor of candles or values; that of the request on the first page. */
export function candleEdge(cursor: Json | undefined, first: Nanos): Nanos {
  return cursor === undefined ? first : BigInt(text(fields(cursor, 'cursor').edge, 'edge'))
}

/** Points, or rows as columns, which are in order. */
type Points = readonly Point[] | RowBlock

/** Points in order, each instant once. */
interface InOrder {
  readonly first: Nanos | undefined
  readonly last: Nanos | undefined
  /** What stands at or after `from` and before `until`. */
  between(from: Nanos, until: Nanos): Pick<Page, 'events' | 'slice'>
}

export function inOrder(points: Points): InOrder {
  if ('times' in points) return blockInOrder(points)
  const sorted = sortedPoints(points)
  return {
    first: sorted[0]?.at,
    last: sorted.at(-1)?.at,
    between(from, until) {
      const events: MarketData[] = []
      for (const { at, event } of sorted) if (event && at >= from && at < until) events.push(event)
      return { events }
    },
  }
}

function blockInOrder(block: RowBlock): InOrder {
  const { times } = block
  /** Index of the first row at or after a time. */
  const place = (time: Nanos) => {
    let [low, high] = [0, times.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((times[middle] ?? 0n) < time) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    first: times[0],
    last: times.at(-1),
    between(from, until) {
      const start = place(from)
      return { events: [], slice: { block, from: start, until: Math.max(start, place(until)) } }
    },
  }
}

/** Most answers are so already. */
function sortedPoints(points: readonly Point[]): readonly Point[] {
  const isRising = points.every(({ at }, index) => index === 0 || at > (points[index - 1]?.at ?? at))
  if (isRising) return points
  const sorted = [...points].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return sorted.filter(({ at }, index) => at !== sorted[index - 1]?.at)
}

/** Nanoseconds as whole milliseconds, down. */
export function toMs(time: Nanos): bigint {
  return time / MS
}
