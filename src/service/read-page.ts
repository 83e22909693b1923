import { z } from 'zod'
import type { Dataset } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import type { PagePlace } from '../store/page-place.js'
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

const placeSchema = z.tuple([z.int().min(0), z.array(z.string().max(200).nullable()).max(10)])

/** One page of stored rows, in the order of the files. Throws USAGE for a cursor that is none of ours, and what reading throws. */
export async function readPage(
  data: Pick<StoredData, 'page'>,
  { dataset, from, until, columns, limit, cursor }: PageRequest,
  signal: AbortSignal,
): Promise<Page> {
  const after = cursor === undefined ? undefined : decode(cursor)
  const { rows, next } = await data.page(dataset, { from, until, limit, after }, columns, signal).catch((cause) => {
    throw cause instanceof CollectorError && cause.code === 'USAGE' && after ? noCursor(cause) : cause
  })
  return { rows: rows.map(plain), next_cursor: next ? encode(next) : null }
}

function encode({ part, keys }: PagePlace): string {
  return Buffer.from(JSON.stringify([part, keys])).toString('base64url')
}

function decode(cursor: string): PagePlace {
  try {
    const [part, keys] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    return { part, keys }
  } catch (cause) {
    throw noCursor(cause)
  }
}

function noCursor(cause: unknown): CollectorError {
  return new CollectorError('USAGE', 'this is no cursor of an earlier answer', {
    cause,
    remedy: 'Send `next_cursor` as it came, with the same dataset, or leave it out to begin anew.',
  })
}

export function plain(row: StoredRow): PlainRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  )
}
