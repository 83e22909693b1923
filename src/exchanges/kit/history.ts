import type { Candle, MarketData, Trade } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { fields, text } from './wire.js'

const MS = 1_000_000n

/** Where a rising page of counted trades begins: the last one proven, and the time up to which everything is. */
export interface CountedAnchor {
  readonly last: bigint | undefined
  readonly edge: Nanos
}

/**
 * A rising page of trades that the venue counts. Only consecutive counters are one stretch; the end of the request is proven by a trade at or
 * beyond it, by the counter of what is held there, or by an answer with nothing new. `next` makes the cursor of a further page.
 */
export function countedPage(
  rows: readonly Trade[],
  request: HistoryRequest,
  anchor: CountedAnchor,
  next: (anchor: { readonly last: bigint; readonly edge: Nanos }) => Json,
): Page {
  const { from, until, after, before } = request
  const fresh = byCounter(rows).filter(({ counter }) => anchor.last === undefined || counter > anchor.last)
  const first = fresh[0]
  if (!first) return nothingMore(request, anchor)
  const covers: PageCover[] = []
  const missing: { from: Nanos; until: Nanos; reason: string }[] = []
  const events: Trade[] = []
  let cover: { from: Nanos; before: bigint; joined: boolean } | undefined
  // A first page that is asked for by time begins where it was asked to.
  if (anchor.last === undefined || first.counter === anchor.last + 1n)
    cover = { from: anchor.edge, before: first.counter - 1n, joined: true }
  let last = anchor.last ?? first.counter - 1n
  let edge = anchor.edge
  let done = false
  const close = (to: Nanos) => {
    if (cover && to >= cover.from) covers.push({ ...cover, until: to, last })
    cover = undefined
  }
  for (const row of fresh) {
    const time = row.exchangeTime ?? edge
    if (row.counter !== last + 1n) {
      close(edge)
      missing.push({
        from: edge,
        until: time,
        reason: `the exchange leaves out ${row.counter - last - 1n} trades after ${last}`,
      })
      cover = { from: time, before: row.counter - 1n, joined: false }
    }
    cover ??= { from: time, before: row.counter - 1n, joined: false }
    // Where what is held beside it has counters these tell what is inside, else the times do.
    const past = before === undefined ? time >= until : row.counter > before
    if (past) {
      done = true
      close(until)
      break
    }
    if (after !== undefined ? row.counter > after : time >= from) events.push(row)
    last = row.counter
    if (time > edge) edge = time
    if (before !== undefined && last >= before) {
      done = true
      close(edge > until ? edge : until)
      break
    }
  }
  if (!done) close(edge)
  return {
    events,
    covers,
    ...(missing.length ? { missing } : {}),
    ...(done ? {} : { next: next({ last, edge }) }),
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

/** Points of events that have a time. */
export function pointsOf(events: readonly MarketData[]): Point[] {
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
export function risingPoints(points: readonly Point[], request: HistoryRequest, edge: Nanos, span: Nanos): Page {
  const { from, until } = request
  const sorted = inOrder(points)
  const last = sorted.at(-1)?.at
  const cover = (to: Nanos): PageCover[] =>
    to > edge ? [{ from: edge, until: to, before: null, last: null, joined: true }] : []
  const events = eventsBetween(sorted, from > edge ? from : edge, until)
  if (last === undefined || last < edge || last >= until) return { events, covers: cover(until) }
  const reached = last + span
  if (reached >= until) return { events, covers: cover(until) }
  return { events, covers: cover(reached), next: { edge: reached.toString() } }
}

export function risingCandles(rows: readonly Candle[], request: HistoryRequest, edge: Nanos, span: Nanos): Page {
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
export function fallingPoints(points: readonly Point[], request: HistoryRequest, edge: Nanos): Page {
  const { from, until } = request
  const sorted = inOrder(points)
  const first = sorted[0]?.at
  const cover = (start: Nanos): PageCover[] =>
    start < edge ? [{ from: start, until: edge, before: null, last: null, joined: true }] : []
  const events = eventsBetween(sorted, from, edge < until ? edge : until)
  if (first === undefined || first >= edge || first <= from) return { events, covers: cover(from) }
  return { events, covers: cover(first), next: { edge: first.toString() } }
}

/** The edge in a cursor of candles or values; that of the request on the first page. */
export function candleEdge(cursor: Json | undefined, first: Nanos): Nanos {
  return cursor === undefined ? first : BigInt(text(fields(cursor, 'cursor').edge, 'edge'))
}

/** Each instant once; most answers are so already. */
function inOrder(points: readonly Point[]): readonly Point[] {
  const isRising = points.every(({ at }, index) => index === 0 || at > (points[index - 1]?.at ?? at))
  if (isRising) return points
  const sorted = [...points].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return sorted.filter(({ at }, index) => at !== sorted[index - 1]?.at)
}

/** Of points in order, what stands at or after `from` and before `until`. */
function eventsBetween(points: readonly Point[], from: Nanos, until: Nanos): MarketData[] {
  const events: MarketData[] = []
  for (const { at, event } of points) if (event && at >= from && at < until) events.push(event)
  return events
}

/** Nanoseconds as whole milliseconds, down. */
export function toMs(time: Nanos): bigint {
  return time / MS
}
