import { CollectorError } from '../../model/error.js'
import type { Candle, Trade } from '../../model/event.js'
import { dateOfDay, dayOf, type Nanos } from '../../model/time.js'
import type { ArchivePart, HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { type CountedAnchor, candleEdge, countedCursor, countedPage } from './history.js'
import { counter, fields, text, WireError } from './wire.js'

/** `2025-01-31`, or `2025-01` of a month: the date in the name of a file. */
export function dateText(period: 'month' | 'day', from: Nanos): string {
  return dateOfDay(dayOf(from)).slice(0, period === 'month' ? 7 : 10)
}

/** A part with more holes than this is refused: each begins a stretch of its own in the ledger. */
const MOST_HOLES = 50

function fewHoles(page: Page): Page {
  if (page.covers.length <= MOST_HOLES) return page
  throw new CollectorError('ARCHIVE_DAMAGED', `the file leaves out rows at more than ${MOST_HOLES} places`)
}

/**
 * Reads the lines of a part: `read` gets the cells of `columns`, in this order, found by the header where the file has one; else the line has just these. Throws
 * ARCHIVE_DAMAGED for a header that lacks one of them, for a line with more or fewer cells, and where `read` throws a WireError.
 */
export function readLines<T>(
  { header, lines }: ArchivePart,
  columns: readonly string[],
  what: string,
  read: (cells: readonly string[]) => T,
): T[] {
  try {
    const names = header === '' ? columns : header.split(',').map((name) => name.trim())
    const places = columns.map((name) => {
      const place = names.indexOf(name)
      if (place < 0) throw new WireError(`there is no column ${name}`)
      return place
    })
    const asTheyAre = places.every((place, at) => place === at)
    return lines.map((line) => {
      const cells = line.split(',')
      if (cells.length !== names.length)
        throw new WireError(`a line has ${cells.length} cells, not ${names.length}: ${line.slice(0, 80)}`)
      return read(asTheyAre ? cells : places.map((place) => cells[place] ?? ''))
    })
  } catch (error) {
    throw damaged(error, what)
  }
}

function damaged(error: unknown, what: string): unknown {
  if (!(error instanceof WireError)) return error
  return new CollectorError('ARCHIVE_DAMAGED', `${what}: ${error.message}`, { cause: error })
}

const UNITS: ReadonlyMap<number, bigint> = new Map([
  [13, 1_000_000n],
  [16, 1000n],
  [19, 1n],
])

/** A count of milliseconds (13 digits), microseconds (16) or nanoseconds (19): venues changed from one to the next. */
export function instant(value: string | undefined, name: string): Nanos {
  const unit = UNITS.get(value?.length ?? 0)
  if (value !== undefined && unit !== undefined && /^\d+$/.test(value)) return BigInt(value) * unit
  throw new WireError(`${name} should be a time, is ${value?.slice(0, 40)}`)
}

/**
 * A part of a file of counted trades in their order. Only consecutive counters are one stretch; what the file leaves out is not proven, and is no loss
 * either: others may have it.
 */
export function countedPart(rows: readonly Trade[], request: HistoryRequest, part: ArchivePart, cursor?: Json): Page {
  const saved = cursor === undefined ? undefined : fields(cursor, 'cursor')
  const known: CountedAnchor | undefined = saved
    ? { last: counter(saved.last, 'last'), edge: BigInt(text(saved.edge, 'edge')) }
    : request.after === undefined
      ? undefined
      : { last: request.after, edge: request.from }
  const [earliest] = rows
  if (saved && known?.last !== undefined && earliest?.counter !== undefined && earliest.counter <= known.last)
    throw new CollectorError('ARCHIVE_DAMAGED', `trade ${earliest.counter} stands behind ${known.last}`)
  const { from } = request
  const inside = known ? rows : rows.filter(({ exchangeTime }) => (exchangeTime ?? 0n) >= from)
  const [first] = inside
  if (first?.counter === undefined) return { events: [], covers: [], ...(cursor === undefined ? {} : { next: cursor }) }
  const before = first.counter - 1n
  // The trade before it shows that nothing lies between the beginning of the stretch and the first one in it.
  const joined = known !== undefined || part.whole || rows.some(({ counter: each }) => each === before)
  const anchor = known ?? { last: before, edge: joined ? from : (first.exchangeTime ?? from) + 1n }
  const fresh = inside.some(
    (row) => row.counter !== undefined && anchor.last !== undefined && row.counter > anchor.last,
  )
  if (!fresh) return { events: [], covers: [], next: countedCursor({ last: anchor.last ?? 0n, edge: anchor.edge }) }
  const page = countedPage(inside, request, anchor, ({ last }) => last.toString())
  const { events, next } = page
  const covers = apart(page.covers)
  fewHoles({ events, covers })
  const end = covers.at(-1)
  if (typeof next !== 'string' || !end) return { events, covers }
  const whole = part.last && part.whole
  return {
    events,
    covers: whole ? [...covers.slice(0, -1), { ...end, until: request.until }] : covers,
    next: countedCursor({ last: BigInt(next), edge: end.until }),
  }
}

/** What is left out may be of the very instant at which stretches end and begin: a nanosecond between them is its place on the axis of time. */
function apart(covers: readonly PageCover[]): PageCover[] {
  const moved: PageCover[] = []
  for (const cover of covers) {
    const end = moved.at(-1)?.until ?? cover.from
    const from = cover.joined ? cover.from : (end > cover.from ? end : cover.from) + 1n
    moved.push({ ...cover, from, until: cover.until > from ? cover.until : from })
  }
  return moved
}

/**
 * A part of a file of trades that have ids and no counter, in any order: what the file holds of the stretch is known when all of it was read. Only the
 * last part proves.
 */
export function identifiedPart(rows: readonly Trade[], { from, until }: HistoryRequest, { last }: ArchivePart): Page {
  const events = rows.filter(({ exchangeTime: at }) => at !== undefined && at >= from && at < until)
  if (!last) return { events, covers: [], next: {} }
  return { events, covers: [{ from, until, before: null, last: null, joined: true }] }
}

/** A part of a file of candles, one for each interval, traded or not: where one is left out nothing is proven. */
export function candlePart(rows: readonly Candle[], request: HistoryRequest, span: Nanos, cursor?: Json): Page {
  const { from, until } = request
  const edge = candleEdge(cursor, from)
  const sorted = [...rows].sort((a, b) => (a.openTime < b.openTime ? -1 : 1))
  const events = sorted.filter(
    ({ openTime }, at) =>
      openTime >= edge && openTime >= from && openTime < until && openTime !== sorted[at - 1]?.openTime,
  )
  const covers: PageCover[] = []
  for (const { openTime } of events) {
    const end = covers.at(-1)
    if (end?.until === openTime) covers[covers.length - 1] = { ...end, until: openTime + span }
    else
      covers.push({
        from: openTime,
        until: openTime + span,
        before: null,
        last: null,
        joined: covers.length === 0 && openTime === edge && cursor !== undefined,
      })
  }
  const reached = covers.at(-1)?.until ?? edge
  return fewHoles({ events, covers, ...(reached < until ? { next: { edge: reached.toString() } } : {}) })
}
