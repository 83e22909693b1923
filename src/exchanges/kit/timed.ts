import type { Trade } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { fields, list, text, WireError } from './wire.js'

/** The unit of the times of venues whose trades are told apart by id alone. */
const STEP: Nanos = 1_000_000n

/** Where a rising page begins, of a venue that passes over as many rows as it is told to: everything before `edge` is proven, and `skip` trades of `edge` are known. */
export interface SkippingAnchor {
  readonly edge: Nanos
  readonly skip: number
  /** The id of one of those. */
  readonly known?: string
}

export function skippingAnchor(request: HistoryRequest, cursor: Json | undefined): SkippingAnchor {
  if (cursor === undefined) return { edge: request.from, skip: 0 }
  const saved = fields(cursor, 'cursor')
  const known = saved.known === undefined ? {} : { known: text(saved.known, 'known') }
  return { edge: BigInt(text(saved.edge, 'edge')), skip: Number(saved.skip ?? 0), ...known }
}

/**
 * A rising page of trades told apart by id alone, whose last instant may go on in the next one: that begins behind those of it that are known. The end is proven by a trade at or
 * after it, or by an answer without a row. What stands twice counts once. Throws a WireError where the venue passes over nothing: its pages would not end.
 */
export function skippingPage(rows: readonly Trade[], request: HistoryRequest, anchor: SkippingAnchor): Page {
  const { edge, skip, known } = anchor
  const sorted = byTime(rows)
  if (known !== undefined && sorted.some(({ row }) => row.tradeId === known))
    throw new WireError(`the ${skip} trades that are known stand in the answer again`)
  const events = eventsIn(sorted, request, edge)
  const last = sorted.at(-1)
  if (!last || last.time < edge || last.time >= request.until) return { events, covers: covered(edge, request.until) }
  const { time, row } = last
  const shown = sorted.filter((each) => each.time === time).length
  const next: Json = { edge: time.toString(), skip: String(time > edge ? shown : skip + shown), known: row.tradeId }
  return { events, covers: covered(edge, time), next }
}

/**
 * Where a page begins, of a venue that gives the oldest or the newest first: everything before `edge` is proven. With `first`, the ids of trades of `edge` that are known, the page comes
 * from the other end: from that of the stretch, or of the instant where it is `alone`.
 */
export interface EndsAnchor {
  readonly edge: Nanos
  readonly first?: readonly string[]
  readonly alone?: boolean
}

export function endsAnchor(request: HistoryRequest, cursor: Json | undefined): EndsAnchor {
  if (cursor === undefined) return { edge: request.from }
  const { edge, first, alone } = fields(cursor, 'cursor')
  return {
    edge: BigInt(text(edge, 'edge')),
    ...(first === undefined ? {} : { first: list(first, 'first').map((id) => text(id, 'id')), alone: alone === true }),
  }
}

/**
 * A page of trades told apart by id alone, from either end. An answer with fewer rows than the `limit` may be the last one or one that was cut short: the stretch is asked for from its end, and whole where the two
 * meet. So is an instant that is all of an answer; what neither of its ends shows is lost.
 */
export function endsPage(rows: readonly Trade[], request: HistoryRequest, anchor: EndsAnchor, limit: number): Page {
  const { until } = request
  const { edge, first: ids, alone } = anchor
  const sorted = byTime(rows)
  const events = eventsIn(sorted, request, edge)
  if (ids !== undefined) return otherEnd(sorted, events, request, { edge, first: ids, alone: alone === true })
  const last = sorted.at(-1)?.time
  if (last === undefined || last < edge || last >= until) return { events, covers: covered(edge, until) }
  const covers = covered(edge, last)
  const first = idsAt(sorted, last)
  if (last === edge) return { events, covers, next: { edge: last.toString(), first, alone: true } }
  return { events, covers, next: { edge: last.toString(), ...(rows.length < limit ? { first } : {}) } }
}

function otherEnd(
  sorted: readonly Timed[],
  events: readonly Trade[],
  request: HistoryRequest,
  { edge, first, alone }: Required<EndsAnchor>,
): Page {
  const { until } = request
  const past = edge + STEP
  const goingOn = past < until ? { next: { edge: past.toString() } } : {}
  if (meet(first, idsAt(sorted, edge)))
    return alone
      ? { events, covers: covered(edge, past < until ? past : until), ...goingOn }
      : { events, covers: covered(edge, until) }
  if (!alone) return { events: [], covers: [], next: { edge: edge.toString() } }
  const reason = `of more than ${first.length} trades at one instant the exchange gives the first and the last alone`
  return { events, covers: [], missing: [{ from: edge, until: past, reason }], ...goingOn }
}

/** Whether the first ids and the last ones are all that there are: they share some, and each has all of the other's within what both reach. */
function meet(first: readonly string[], last: readonly string[]): boolean {
  const [low = '', high = ''] = [last[0], first.at(-1)]
  const shared = last.filter((id) => byId(id, high) <= 0)
  return shared.length > 0 && shared.join() === first.filter((id) => byId(id, low) >= 0).join()
}

interface Timed {
  readonly time: Nanos
  readonly row: Trade
}

function covered(from: Nanos, until: Nanos): PageCover[] {
  return until > from ? [{ from, until, before: null, last: null, joined: true }] : []
}

function eventsIn(sorted: readonly Timed[], { from, until }: HistoryRequest, edge: Nanos): Trade[] {
  return sorted.flatMap(({ time, row }) => (time >= from && time >= edge && time < until ? [row] : []))
}

function idsAt(sorted: readonly Timed[], instant: Nanos): string[] {
  return sorted
    .flatMap(({ time, row }) => (time === instant && row.tradeId !== undefined ? [row.tradeId] : []))
    .sort(byId)
}

/** In order of time, each id once. */
function byTime(rows: readonly Trade[]): Timed[] {
  const seen = new Set<string>()
  const timed: Timed[] = []
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
