import type { HistoryFeed } from '../exchanges/exchange.js'
import type { Held } from '../model/ledger.js'
import { type Nanos, SECOND } from '../model/time.js'
import type { Stretch } from './missing.js'

/** Bytes of a row as venues write them: a trade or a candle with its names. */
const BYTES: Readonly<Record<string, number>> = { trades: 130, ohlc: 150 }
/** Rows a second where nothing is held to go by. */
const USUAL_RATE = 0.5

/** What fetching stretches will take: rows by what is held of the dataset, else by a usual rate; time by the share of the budget that histories get. */
export function estimate(
  stretches: readonly Stretch[],
  feed: HistoryFeed,
  span: Nanos | undefined,
  held: readonly Held[],
  rowsHeld: number,
  limit: { readonly weight: number; readonly perMs: number },
): { rows: number; requests: number; bytes: number; seconds: number } {
  const heldSeconds = held.reduce((sum, { from, until }) => sum + seconds(until - from), 0)
  const rate = heldSeconds > 60 && rowsHeld > 0 ? rowsHeld / heldSeconds : USUAL_RATE
  let rows = 0
  let requests = 0
  let weight = 0
  for (const stretch of stretches) {
    const counted =
      stretch.after !== undefined && stretch.before !== undefined ? Number(stretch.before - stretch.after) : undefined
    const length = stretch.until - stretch.from
    const own = counted ?? (span === undefined ? Math.ceil(seconds(length) * rate) : Number(length / span))
    const pages = Math.max(1, Math.ceil(own / feed.pageRows))
    const request = { symbol: 'X', restSymbol: 'X', from: stretch.from, until: stretch.until }
    rows += own
    requests += pages
    weight += pages * feed.page(request, undefined).weight
  }
  const perSecond = (limit.weight * 0.75) / (limit.perMs / 1000)
  return { rows, requests, bytes: rows * (BYTES[feed.channel] ?? 100), seconds: Math.ceil(weight / perSecond) }
}

function seconds(time: Nanos): number {
  return Number(time / (SECOND / 1000n)) / 1000
}
