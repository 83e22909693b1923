import type { ArchiveFeed, HistoryRequest, Json, Page } from '../exchanges/exchange.js'
import { canonicalDecimal } from '../model/decimal.js'
import { CollectorError } from '../model/error.js'
import type { Candle, MarketData, Trade } from '../model/event.js'
import type { Nanos } from '../model/time.js'

/** Pages of a look at one end: it is short, and more of them would not be quicker than asking for the day. */
const PAGES = 5
const MS = 1_000_000n
const END_OF_TIME: Nanos = 2n ** 63n - 1n

/** Reads one page without storing anything of it. */
export type Look = (request: HistoryRequest, cursor: Json | undefined) => Promise<Page>

type Row = { readonly at: Nanos; readonly id: string; readonly text: string }

/**
 * Compares both ends of a file, whose rows have no counter that would tell, with what the exchange answers by request. Returns what of the request the
 * file may be taken at its word for: less where the exchange has rows before its first or after its last. Throws ARCHIVE_DISAGREES where the same
 * row is another.
 */
export async function comparedEnds(
  archive: ArchiveFeed,
  request: HistoryRequest,
  ends: { readonly header: string; readonly lines: readonly string[] },
  look: Look,
): Promise<HistoryRequest> {
  const { after: _, before: __, ...all } = { ...request, from: 0n, until: END_OF_TIME }
  const { events } = archive.page(all, { ...ends, last: true, whole: true })
  if (events.some((event) => event.kind === 'trade' && event.counter !== undefined)) return request
  const ours = rowsOf(events)
  const [first, last] = [ours[0]?.at, ours.at(-1)?.at]
  if (first === undefined || last === undefined) {
    // A file without a row in the stretch is only believed where requests bring none either.
    const { rows } = await lookAt(request, look)
    if (rows.length) throw new CollectorError('ARCHIVE_DISAGREES', 'the file has no rows where the exchange has some')
    return request
  }
  const candles = archive.channel === 'ohlc'
  const compared = { ...request }
  // An end that lies outside of the request is not one of what is taken from the file.
  if (first >= request.from) {
    const theirs = await lookAt({ ...request, from: candles ? first : request.from, until: first + MS }, look)
    const extra = compare(ours, theirs, first, first + MS)
    // Of the instant of its first row the file may lack a part: what is taken from it begins after that.
    if (extra.length) compared.from = first - (first % MS) + MS
  }
  if (last < request.until) {
    const until = candles ? last + MS : request.until
    const theirs = await lookAt({ ...request, from: candles ? last : last - MS, until }, look)
    const extra = compare(ours, theirs, last, until)
    if (extra.length) compared.until = extra.reduce((least, { at }) => (at < least ? at : least), last - (last % MS))
  }
  return compared
}

interface Looked {
  readonly rows: readonly Row[]
  /** Whether these are all of what was asked for. */
  readonly whole: boolean
}

async function lookAt(request: HistoryRequest, look: Look): Promise<Looked> {
  const rows: Row[] = []
  let cursor: Json | undefined
  for (let pages = 0; pages < PAGES; pages++) {
    const page = await look(request, cursor)
    rows.push(...rowsOf(page.events))
    if (page.next === undefined) return { rows, whole: page.missing === undefined }
    cursor = page.next
  }
  return { rows, whole: false }
}

/** The rows of theirs that the file does not have. Throws where one is another, or where theirs are whole and lack one between `from` and `until`. */
function compare(ours: readonly Row[], theirs: Looked, from: Nanos, until: Nanos): Row[] {
  const known = new Map(ours.map((row) => [row.id, row]))
  const extra = theirs.rows.filter((row) => {
    const own = known.get(row.id)
    if (own && own.text !== row.text)
      throw new CollectorError('ARCHIVE_DISAGREES', `the file says ${own.text}, the exchange says ${row.text}`)
    return !own
  })
  const told = new Set(theirs.rows.map(({ id }) => id))
  const lacking = theirs.whole ? ours.find(({ at, id }) => at >= from && at < until && !told.has(id)) : undefined
  if (lacking) throw new CollectorError('ARCHIVE_DISAGREES', `the exchange does not have ${lacking.text}`)
  return extra
}

function rowsOf(events: readonly MarketData[]): Row[] {
  const rows = events.flatMap((event) =>
    event.kind === 'candle' ? [candleRow(event)] : event.kind === 'trade' ? tradeRow(event) : [],
  )
  return rows.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

function candleRow({ openTime, open, high, low, close, volume }: Candle): Row {
  const values = [open, high, low, close, volume].map(canonicalDecimal).join(' ')
  return { at: openTime, id: `${openTime}`, text: `candle ${openTime} ${values}` }
}

function tradeRow({ exchangeTime, tradeId, price, amount, takerSide }: Trade): Row[] {
  if (exchangeTime === undefined || tradeId === undefined) return []
  const values = `${canonicalDecimal(price)} ${canonicalDecimal(amount)} ${takerSide}`
  return [{ at: exchangeTime, id: tradeId, text: `trade ${tradeId} ${values}` }]
}
