import type { Trade } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { fields, list, text } from './wire.js'

/** No venue is known to cap an answer below this many rows. */
const LEAST_CAP = 100
/** The unit of the times of venues whose trades are told apart by id alone. */
const STEP: Nanos = 1_000_000n

/** Where a rising page without counters begins: everything before `edge` is proven. */
export interface TimedAnchor {
  readonly edge: Nanos
  /** Rows of the page before; 0 for none. */
  readonly rows: number
}

export function timedAnchor(request: HistoryRequest, cursor: Json | undefined): TimedAnchor {
  if (cursor === undefined) return { edge: request.from, rows: 0 }
  const saved = fields(cursor, 'cursor')
  return { edge: BigInt(text(saved.edge, 'edge')), rows: Number(saved.rows) }
}

/**
 * A rising page of trades told apart by id alone. The last instant of a page may go on in the next one, which begins with it: rows of that
 * instant are left to it. `limit`: rows that were asked for; `crowded`: the cursor that asks for more of an instant that fills an answer, of which these are the
 * first trades, each once.
 */
export function timedPage(
  rows: readonly Trade[],
  request: HistoryRequest,
  anchor: TimedAnchor,
  limit: number,
  crowded: (instant: Nanos, first: readonly Trade[]) => Json,
): Page {
  const { from, until } = request
  const { edge } = anchor
  const sorted = byTime(rows)
  const cover = (to: Nanos): PageCover[] =>
    to > edge ? [{ from: edge, until: to, before: null, last: null, joined: true }] : []
  const inside = (to: Nanos) =>
    sorted.filter(({ time }) => time >= from && time >= edge && time < to).map(({ row }) => row)
  const last = sorted.at(-1)?.time
  if (last === undefined || last < edge || last >= until) return { events: inside(until), covers: cover(until) }
  if (last > edge || (anchor.rows === 0 && edge <= from)) {
    const size = String(rows.length)
    return { events: inside(last), covers: cover(last), next: { edge: last.toString(), rows: size } }
  }
  // Only the instant that the page before ended with: that is all of it, unless the answer is as long as answers can be.
  if (rows.length < limit && (rows.length < anchor.rows || rows.length < LEAST_CAP))
    return { events: inside(until), covers: cover(until) }
  const first = inside(edge + STEP)
  return { events: first, covers: [], next: crowded(edge, first) }
}

/** How many trades of an instant a cursor passes over; `undefined` where it asks for no part of one. */
export function skippedOf(cursor: Json | undefined): number | undefined {
  const skipped = cursor === undefined ? undefined : fields(cursor, 'cursor').skip
  return skipped === undefined ? undefined : Number(skipped)
}

/** The cursor for the trades of an instant that come after the first `skip`. */
export function skipping(instant: Nanos, skip: number): Json {
  return { edge: instant.toString(), rows: '0', skip: skip.toString() }
}

/**
 * A part of an instant, of a venue that passes over as many rows as it is told to: an answer without a row ends it. Rows that stand twice count once, so that
 * parts overlap rather than leave something out.
 */
export function skippedPage(rows: readonly Trade[], request: HistoryRequest, instant: Nanos, skip: number): Page {
  if (rows.length === 0) return instantDone([], request, instant)
  const events = byTime(rows).flatMap(({ time, row }) => (time === instant ? [row] : []))
  return { events, covers: [], next: skipping(instant, skip + Math.max(1, events.length)) }
}

/** The cursor for an instant from its other end, of which the first trades are known by these ids. */
export function fromItsEnd(instant: Nanos, first: readonly Trade[]): Json {
  return { edge: instant.toString(), rows: '0', first: first.flatMap(({ tradeId }) => tradeId ?? []) }
}

/** The ids that `fromItsEnd` wrote down; `undefined` where a cursor asks for no end of an instant. */
export function firstOf(cursor: Json | undefined): readonly string[] | undefined {
  const saved = cursor === undefined ? undefined : fields(cursor, 'cursor').first
  return saved === undefined ? undefined : list(saved, 'first').map((id) => text(id, 'id'))
}

/**
 * The last trades of an instant, of a venue that gives the newest first when asked to. They and the first ones are all of it where they meet: within the ids that both reach they
 * are the same, and there are some. Else what lies between them is lost.
 */
export function lastOfInstant(
  rows: readonly Trade[],
  request: HistoryRequest,
  instant: Nanos,
  first: readonly string[],
): Page {
  const last = byTime(rows).flatMap(({ time, row }) => (time === instant ? [row] : []))
  const ids = last.flatMap(({ tradeId }) => tradeId ?? []).sort(byId)
  const known = [...first].sort(byId)
  const [low = '', high = ''] = [ids[0], known.at(-1)]
  const shared = ids.filter((id) => byId(id, high) <= 0)
  const meet = shared.length > 0 && shared.join() === known.filter((id) => byId(id, low) >= 0).join()
  if (meet) return instantDone(last, request, instant)
  const past = instant + STEP
  const reason = `the exchange gives ${known.length + ids.length} trades of one instant and leaves out those between them`
  return { events: last, covers: [], missing: [{ from: instant, until: past, reason }], ...goingOn(request, past) }
}

function instantDone(events: readonly Trade[], request: HistoryRequest, instant: Nanos): Page {
  const past = instant + STEP
  const until = past < request.until ? past : request.until
  const covers = [{ from: instant, until, before: null, last: null, joined: true }]
  return { events, covers, ...goingOn(request, past) }
}

function goingOn({ until }: HistoryRequest, edge: Nanos): Pick<Page, 'next'> {
  return edge < until ? { next: { edge: edge.toString(), rows: '0' } } : {}
}

function byTime(rows: readonly Trade[]): { readonly time: Nanos; readonly row: Trade }[] {
  const seen = new Set<string>()
  const timed: { time: Nanos; row: Trade }[] = []
  for (const row of rows) {
    if (row.exchangeTime === undefined || (row.tradeId !== undefined && seen.has(row.tradeId))) continue
    if (row.tradeId !== undefined) seen.add(row.tradeId)
    timed.push({ time: row.exchangeTime, row })
  }
  const ordered = timed.every(({ time }, at) => at === 0 || time >= (timed[at - 1]?.time ?? 0n))
  if (!ordered) timed.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : byId(a.row.tradeId, b.row.tradeId)))
  return timed
}

function byId(a = '', b = ''): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
