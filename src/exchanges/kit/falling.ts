import type { Candle, Trade } from '../../model/event.js'
import type { RowBlock } from '../../model/row-block.js'
import type { Nanos } from '../../model/time.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { inOrder, pointsOf } from './history.js'

/** Where a falling page of counted trades begins: the first one proven, and the time from which everything is. */
export interface FallingAnchor {
  readonly first: bigint | undefined
  readonly edge: Nanos
}

/** The number of the first trade, where a venue counts them from the listing on. */
const FIRST = 1n

type Counted = Trade & { readonly counter: bigint; readonly exchangeTime: Nanos }

/**
 * A page of trades that the venue counts and gives from the newest on. Only consecutive counters are one stretch. The lower end of the request is proven
 * by a trade before it, by the counter of what is held there, or by the first trade of all; an answer with nothing older proves nothing. `next` makes the cursor of a
 * further page.
 */
export function fallingCounted(
  rows: readonly Trade[],
  request: HistoryRequest,
  anchor: FallingAnchor,
  next: (anchor: { readonly first: bigint; readonly edge: Nanos }) => Json,
): Page {
  const { from, until, after, before } = request
  const sorted = byCounter(rows)
  const fresh = sorted.filter(({ counter, exchangeTime }) =>
    anchor.first === undefined ? exchangeTime < until : counter < anchor.first,
  )
  const [newest] = fresh
  const oldest = sorted.at(-1)
  // The first page may hold nothing but trades of the instant at which the request ends.
  if (!newest && oldest && anchor.first === undefined)
    return { events: [], covers: [], next: next({ first: oldest.counter, edge: anchor.edge }) }
  if (!newest) {
    if (from >= anchor.edge) return { events: [], covers: [] }
    if (anchor.first === FIRST) {
      const cover = { from, until: anchor.edge, before: 0n, last: 0n, joined: true }
      return { events: [], covers: [cover], begins: anchor.edge }
    }
    return { events: [], covers: [], missing: [{ from, until: anchor.edge, reason: 'the exchange has nothing older' }] }
  }
  const events: Trade[] = []
  const covers: PageCover[] = []
  const missing: { from: Nanos; until: Nanos; reason: string }[] = []
  let above = anchor.first ?? newest.counter + 1n
  let edge = anchor.edge
  let cover = { until: edge, last: newest.counter, joined: true }
  const close = (to: Nanos, counter: bigint) => {
    if (cover.last >= counter && cover.until >= to) covers.push({ ...cover, from: to, before: counter })
  }
  let done = false
  for (const row of fresh) {
    if (row.counter !== above - 1n) {
      if (above !== anchor.first) close(edge, above - 1n)
      const reason = `the exchange leaves out ${above - 1n - row.counter} trades before ${above}`
      missing.push({ from: row.exchangeTime, until: edge, reason })
      cover = { until: row.exchangeTime, last: row.counter, joined: false }
    }
    done = after === undefined ? row.exchangeTime < from : row.counter <= after
    const wanted = before === undefined ? row.exchangeTime < until : row.counter <= before
    if (wanted && !done) events.push(row)
    if (done) {
      close(from, row.counter)
      break
    }
    above = row.counter
    edge = row.exchangeTime < edge ? row.exchangeTime : edge
    done = after !== undefined && row.counter === after + 1n
    if (done) {
      close(from, after ?? 0n)
      break
    }
  }
  if (!done) close(edge, above - 1n)
  return {
    events: events.reverse(),
    covers,
    ...(missing.length ? { missing } : {}),
    ...(done ? {} : { next: next({ first: above, edge }) }),
  }
}

/** Newest first, each once; those without a counter or a time are left out. */
function byCounter(rows: readonly Trade[]): Counted[] {
  const counted = rows.filter((row): row is Counted => row.counter !== undefined && row.exchangeTime !== undefined)
  const sorted = [...counted].sort((a, b) => (a.counter > b.counter ? -1 : a.counter < b.counter ? 1 : 0))
  return sorted.filter((row, at) => row.counter !== sorted[at - 1]?.counter)
}

/**
 * A page of candles that open before `edge`, the newest ones. What lies between two of one answer, or between the newest and the edge, is proven by
 * both. Who has given candles and is asked for older ones has none where it gives none: the listing. An answer that was empty from the start proves nothing.
 */
export function fallingCandles(rows: readonly Candle[] | RowBlock, request: HistoryRequest, edge: Nanos): Page {
  const { from, until } = request
  const { first: oldest, between } = inOrder(pointsOf(rows))
  if (oldest === undefined || oldest >= edge) {
    if (from >= edge) return { events: [], covers: [] }
    if (edge < until)
      return { events: [], covers: [{ from, until: edge, before: null, last: null, joined: true }], begins: edge }
    return { events: [], covers: [], missing: [{ from, until: edge, reason: 'the exchange has nothing' }] }
  }
  const reached = oldest <= from ? from : oldest
  const covers = [{ from: reached, until: edge, before: null, last: null, joined: true }]
  return {
    ...between(from, edge < until ? edge : until),
    covers,
    ...(oldest <= from ? {} : { next: { edge: oldest.toString() } }),
  }
}

/** The newest trades that there are, of a venue that gives no others and does not count them. The oldest instant may be cut in two. */
export function newestOnly(rows: readonly Trade[], { from, until }: HistoryRequest, step: Nanos): Page {
  const times = rows.flatMap(({ exchangeTime }) => exchangeTime ?? [])
  const oldest = times.reduce<Nanos | undefined>(
    (least, time) => (least === undefined || time < least ? time : least),
    undefined,
  )
  const whole = oldest === undefined ? until : oldest + step > from ? oldest + step : from
  const seen = new Set<string | undefined>()
  const events = rows
    .filter(({ exchangeTime = -1n, tradeId }) => {
      if (exchangeTime < from || exchangeTime >= until || seen.has(tradeId)) return false
      seen.add(tradeId)
      return true
    })
    .sort((a, b) => ((a.exchangeTime ?? 0n) < (b.exchangeTime ?? 0n) ? -1 : 1))
  const covers = whole < until ? [{ from: whole, until, before: null, last: null, joined: true }] : []
  const edge = whole < until ? whole : until
  if (edge <= from) return { events, covers }
  return { events, covers, missing: [{ from, until: edge, reason: 'the exchange gives its newest trades only' }] }
}
