import { gunzipSync } from 'node:zlib'
import type { ArchivePart, ExchangeAdapter, HistoryRequest, Json, Page, PageCover } from '../exchanges/exchange.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { frameNumber } from '../model/event.js'
import type { Held } from '../model/ledger.js'
import type { JournalRecord } from '../model/record.js'
import type { BlockSlice } from '../model/row-block.js'
import type { Nanos } from '../model/time.js'
import type { PagePurpose } from './bodies.js'
import { believableTime, ohlcRow, plainRow } from './rows.js'
import type { Sink } from './sink.js'

type RestRecord = Extract<JournalRecord, { type: 'rest' }>
export type Grown = NonNullable<PagePurpose['grown']>

/** What a page of the past gave. */
export interface PageOutcome {
  readonly rows: number
  /** How to go on; absent when the stretch is done or the page could not be read. */
  readonly next: Json | undefined
  /** The stretch that this page and those before it prove, to be handed to the next. */
  readonly grown: Grown | undefined
  /** Stretches now proven. */
  readonly covers: readonly PageCover[]
  readonly missing: NonNullable<Page['missing']>
  readonly begins: Nanos | undefined
  readonly error: CollectorError | undefined
}

const text = new TextDecoder('utf-8', { fatal: true })

/** A page as rows and what they prove. Its record says all that is needed: no state, so that pages may be derived in any run again. */
export function derivePage(
  adapter: ExchangeAdapter,
  purpose: PagePurpose,
  record: RestRecord,
  sink: Sink,
): PageOutcome {
  let page: Page
  try {
    page = readPage(adapter, purpose, record, sink)
  } catch (error) {
    const known = asCollectorError(error, 'BAD_MESSAGE')
    return { rows: 0, next: undefined, grown: undefined, covers: [], missing: [], begins: undefined, error: known }
  }
  const source = purpose.archive ? 'archive' : 'backfill'
  const receipt = { receiveTime: record.wall, frame: frameNumber(record.connection, record.n) }
  let rows = 0
  if (page.slice) {
    sink.block?.(purpose.dataset, page.slice, { ...receipt, source })
    rows = page.slice.until - page.slice.from
  }
  for (const event of page.events) {
    if (event.kind === 'candle') sink.row('ohlc', purpose.dataset, ohlcRow(event, receipt, rows++, source))
    else if (event.kind !== 'book_snapshot' && event.kind !== 'book_delta') {
      const { kind, row } = plainRow(event, receipt, rows++, source)
      sink.row(kind, purpose.dataset, row)
    }
  }
  let grown: Grown | undefined
  for (const [index, cover] of page.covers.entries()) {
    const stretch = grow(cover, index === 0 ? purpose.grown : undefined, receipt.frame + BigInt(index))
    sink.fact({ fact: 'held', dataset: purpose.dataset, ...stretch, proof: 'backfilled' })
    grown = savedStretch(stretch)
  }
  return {
    rows,
    next: page.next,
    grown: grown ?? purpose.grown,
    covers: page.covers,
    missing: page.missing ?? [],
    begins: page.begins,
    error: undefined,
  }
}

function readPage(adapter: ExchangeAdapter, purpose: PagePurpose, { body, wall }: RestRecord, sink: Sink): Page {
  const { exchange, channel, archive, cursor } = purpose
  const request = requestOf(purpose)
  if (archive) {
    const feed = adapter.archives?.find((each) => each.channel === channel)
    if (feed) return feed.page(request, partOf(body, archive), cursor)
  } else {
    const feed = adapter.history?.find((each) => each.channel === channel)
    const call = feed?.page(request, cursor)
    const plain = sink.block && call?.columns?.(body)
    if (plain && isBelievable(plain.slice, wall)) return plain
    if (call) return call.read(text.decode(body))
  }
  throw new CollectorError('UNSUPPORTED', `${exchange} has no past of ${channel}`)
}

/** Times that nobody can believe are told apart row by row. */
function isBelievable(slice: BlockSlice | undefined, received: Nanos): boolean {
  if (slice?.block.kind !== 'trades') return true
  const { times } = slice.block
  return [times[0], times.at(-1)].every((time) => believableTime(time, received) !== null)
}

function partOf(body: Uint8Array, { last, whole }: NonNullable<PagePurpose['archive']>): ArchivePart {
  const [header = '', ...lines] = text.decode(gunzipSync(body)).split('\n')
  return { header, lines: lines.filter((line) => line !== ''), last, whole }
}

/** A page that goes on where the last one ended makes its stretch longer, at either end; else it begins one. */
function grow(cover: PageCover, grown: Grown | undefined, run: bigint): Omit<Held, 'dataset' | 'proof'> {
  if (!grown || !cover.joined)
    return { run, from: cover.from, until: cover.until, before: cover.before, last: cover.last }
  const [from, until] = [BigInt(grown.from), BigInt(grown.until)]
  const earlier = cover.from < from
  return {
    run: BigInt(grown.run),
    from: earlier ? cover.from : from,
    until: cover.until > until ? cover.until : until,
    before: earlier ? cover.before : counter(grown.before),
    last: earlier ? counter(grown.last) : cover.last,
  }
}

function counter(saved: string | null): bigint | null {
  return saved === null ? null : BigInt(saved)
}

function savedStretch({ run, from, until, before, last }: Omit<Held, 'dataset' | 'proof'>): Grown {
  return { run: `${run}`, from: `${from}`, until: `${until}`, before: asText(before), last: asText(last) }
}

function asText(value: bigint | null): string | null {
  return value === null ? null : value.toString()
}

function requestOf({ request }: PagePurpose): HistoryRequest {
  const time = (saved: string): Nanos => BigInt(saved)
  return {
    symbol: request.symbol,
    restSymbol: request.rest,
    from: time(request.from),
    until: time(request.until),
    ...(request.interval === undefined ? {} : { interval: request.interval }),
    ...(request.after === undefined ? {} : { after: BigInt(request.after) }),
    ...(request.before === undefined ? {} : { before: BigInt(request.before) }),
  }
}
