import { z } from 'zod'
import type { Dataset, Kind } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import type { StoredData, StoredRow } from './services.js'

/** A row as JSON: times and other whole numbers of 64 bits as text. */
export type PlainRow = Readonly<Record<string, string | number | boolean | null>>

export interface Page {
  readonly rows: PlainRow[]
  /** Where the next page begins; null at the end. */
  readonly next_cursor: string | null
}

export interface PageRequest {
  readonly dataset: Dataset
  readonly from: Nanos
  readonly until: Nanos
  readonly columns?: readonly string[] | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** From which instant on, and how many rows from there are known already. */
const placeSchema = z.tuple([z.string().regex(/^\d{1,19}$/), z.int().min(0)])

/** Kinds whose rows stand in the order of their time: a page can begin at the last row's time. */
const TIME_OF: Partial<Record<Kind, string>> = { trades: 'exchange_time', ohlc: 'open_time' }

/** One page of stored rows, in the order of the files. Throws USAGE for a cursor that is none of ours, and what reading throws. */
export async function readPage(data: Pick<StoredData, 'scan'>, request: PageRequest): Promise<Page> {
  const { dataset, until, limit } = request
  const place = request.cursor === undefined ? { from: request.from, skip: 0 } : decode(request.cursor)
  const time = TIME_OF[dataset.kind]
  const shown = request.columns
  const asked = shown && time && !shown.includes(time) ? [...shown, time] : shown
  const rows: StoredRow[] = []
  let skip = place.skip
  let more = false
  for await (const row of data.scan(dataset, place.from, until, asked)) {
    if (skip > 0) {
      skip--
      continue
    }
    if (rows.length === limit) {
      more = true
      break
    }
    rows.push(row)
  }
  const next = more ? encode(nextPlace(rows, place, time)) : null
  return { rows: rows.map((row) => plain(shown ? pick(row, shown) : row)), next_cursor: next }
}

interface Place {
  readonly from: Nanos
  readonly skip: number
}

function nextPlace(rows: readonly StoredRow[], place: Place, time: string | undefined): Place {
  const last = time === undefined ? undefined : rows.at(-1)?.[time]
  const simple = { from: place.from, skip: place.skip + rows.length }
  if (time === undefined || typeof last !== 'bigint') return simple
  const equal = rows.length - 1 - rows.findLastIndex((row) => row[time] !== last)
  // All of them at the instant where this page began: those that were skipped are of that instant as well.
  if (last === place.from) return { from: last, skip: place.skip + equal }
  return { from: last, skip: equal }
}

function encode({ from, skip }: Place): string {
  return Buffer.from(JSON.stringify([from.toString(), skip])).toString('base64url')
}

function decode(cursor: string): Place {
  try {
    const [from, skip] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    return { from: BigInt(from), skip }
  } catch (cause) {
    throw new CollectorError('USAGE', 'this is no cursor of an earlier answer', {
      cause,
      remedy: 'Send `next_cursor` as it came, or leave it out to begin anew.',
    })
  }
}

function pick(row: StoredRow, names: readonly string[]): StoredRow {
  return Object.fromEntries(names.map((name) => [name, row[name] ?? null]))
}

export function plain(row: StoredRow): PlainRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  )
}
