import type { HistoryFeed } from '../exchanges/exchange.js'
import type { Held } from '../model/ledger.js'
import { type Nanos, SECOND } from '../model/time.js'
import type { PlannedFile } from './archive-files.js'
import type { Stretch } from './missing.js'

/** Bytes of a row as venues write them: a trade or a candle with its names. */
const BYTES: Readonly<Record<string, number>> = { trades: 130, ohlc: 150 }
/** Rows a second where nothing is held to go by. */
const USUAL_RATE = 0.5

/** Rows of trades and candles that a file brings in a second; downloading it is not counted. */
const FILE_ROWS_PER_SECOND = 200_000

/** What fetching stretches will take, of which `files` hold some: rows by what is held of the dataset, else by a usual rate; time by the share of the budget that histories get. */
export function estimate(
  stretches: readonly Stretch[],
  files: readonly PlannedFile[],
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
  let filedRows = 0
  for (const stretch of stretches) {
    const counted =
      stretch.after !== undefined && stretch.before !== undefined ? Number(stretch.before - stretch.after) : undefined
    const length = stretch.until - stretch.from
    const own = counted ?? (span === undefined ? Math.ceil(seconds(length) * rate) : Number(length / span))
    const filed = files.reduce((sum, { file }) => sum + overlap(stretch, file), 0n)
    const share = length > 0n ? 1 - Number((filed * 10_000n) / length) / 10_000 : 1
    // Where a file ends the exchange is asked what follows.
    const pages = Math.max(1, Math.ceil((own * share) / feed.pageRows))
    const request = { symbol: 'X', restSymbol: 'X', from: stretch.from, until: stretch.until }
    rows += own
    filedRows += own * (1 - share)
    requests += pages
    weight += pages * feed.page(request, undefined).weight
  }
  const perSecond = (limit.weight * 0.75) / (limit.perMs / 1000)
  const bytes = Math.round((rows - filedRows) * (BYTES[feed.channel] ?? 100))
  return { rows, requests, bytes, seconds: Math.ceil(weight / perSecond + filedRows / FILE_ROWS_PER_SECOND) }
}

function overlap(a: { from: Nanos; until: Nanos }, b: { from: Nanos; until: Nanos }): Nanos {
  const [from, until] = [a.from > b.from ? a.from : b.from, a.until < b.until ? a.until : b.until]
  return until > from ? until - from : 0n
}

function seconds(time: Nanos): number {
  return Number(time / (SECOND / 1000n)) / 1000
}
