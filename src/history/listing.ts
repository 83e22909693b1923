import type { HistoryFeed, HistoryRequest, Json, Page } from '../exchanges/exchange.js'
import { INTERVALS, type Interval } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import { DAY, isoFromNanos, type Nanos } from '../model/time.js'
import { requestOf } from './fetch.js'
import type { RunOrder } from './order.js'
import type { Plan } from './plan.js'
import { ORIGIN, reachOf } from './range.js'
import { openBefore, spanOf, type Target } from './target.js'

/** Asks for one page and reads it, without storing anything of it. */
export type Look = (
  target: Target,
  request: HistoryRequest,
  cursor: Json | undefined,
  signal: AbortSignal,
) => Promise<Page>

/** A shorter stretch costs no more than finding out. */
const LONG: Nanos = 60n * DAY
const FEW_PAGES = 30n
/** Days of a venue that gives 298 of them at a time, or 200 in a window. */
const MOST_PAGES = 60

/**
 * The order of whoever wants all there is, with the start where there is something, so that what was never there is not looked for file by file or window by window. `undefined`: the
 * plan is as good as it can be. A feed that rises by time finds its first row with its first request.
 */
export async function sinceListing(
  { target, feed, archive, from, until, stretches, now }: Plan,
  order: RunOrder,
  instrument: () => Promise<Instrument>,
  history: readonly HistoryFeed[],
  look: Look,
  signal: AbortSignal,
): Promise<{ readonly order: RunOrder; readonly listed: string } | undefined> {
  const [first] = stretches
  if (order.kind !== 'backfill' || order.start !== 'origin' || !first || first.from > from) return undefined
  if (!archive && feed.order === 'rising') return undefined
  const span = spanOf(target)
  if (first.until - first.from <= (span === undefined ? LONG : span * BigInt(feed.pageRows) * FEW_PAGES))
    return undefined
  const listed = await firstTraded(target, await instrument(), history, now, look, signal)
  if (listed === undefined || listed <= from || listed >= until) return undefined
  return { order: { ...order, start: listed.toString() }, listed: isoFromNanos(listed) }
}

/** When an instrument was first traded, at the latest: the opening of the first of the longest candles that the exchange has; `undefined` where it does not tell. */
export async function firstTraded(
  { exchange, pair }: Target,
  instrument: Instrument,
  history: readonly HistoryFeed[],
  now: Nanos,
  look: Look,
  signal: AbortSignal,
): Promise<Nanos | undefined> {
  const feed = history.find(({ channel }) => channel === 'ohlc')
  const interval = longest(feed?.intervals ?? [])
  if (!feed || !interval) return undefined
  const of: Target = { exchange, pair, channel: 'ohlc', interval }
  const span = spanOf(of) ?? 0n
  const reach = reachOf(feed, of, now)
  const from = openBefore(of, reach !== undefined && reach > ORIGIN ? reach + span : ORIGIN)
  const request = requestOf(of, instrument, { from, until: openBefore(of, now) })
  let first: Nanos | undefined
  let cursor: Json | undefined
  try {
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await look(of, request, cursor, signal)
      for (const event of page.events)
        if (event.kind === 'candle' && (first === undefined || event.openTime < first)) first = event.openTime
      if (page.next === undefined || (feed.order === 'rising' && first !== undefined))
        // The oldest candle that is kept need not be the first there was.
        return first === from ? undefined : first
      cursor = page.next
    }
  } catch (error) {
    // Whoever does not tell is asked for all of it.
    if (!(error instanceof CollectorError) || signal.aborted) throw error
  }
  return undefined
}

/** Weeks at most: longer ones begin where each venue likes. */
function longest(intervals: readonly Interval[]): Interval | undefined {
  const known = intervals.filter((each) => INTERVALS[each] <= INTERVALS['1w'])
  return known.reduce<Interval | undefined>(
    (most, each) => (most === undefined || INTERVALS[each] > INTERVALS[most] ? each : most),
    undefined,
  )
}
