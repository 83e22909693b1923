import { z } from 'zod'
import { CollectorError } from '../../model/error.js'
import { exchange, from, interval, kind, LONGEST, pair, until } from '../fields.js'
import { operation } from '../operation.js'
import { datasetOf } from './data.js'

const FORMATS = [
  'csv',
  'ndjson',
  'parquet',
  'arrow',
  'arrow-stream',
  'xlsx',
  'sqlite',
  'tardis',
  'hftbacktest',
] as const
type Format = (typeof FORMATS)[number]

/** Media type and ending of a file of each format. */
const FILES: { readonly [F in Format]: readonly [type: string, ending: string] } = {
  csv: ['text/csv; charset=utf-8', 'csv'],
  ndjson: ['application/x-ndjson; charset=utf-8', 'ndjson'],
  parquet: ['application/vnd.apache.parquet', 'parquet'],
  arrow: ['application/vnd.apache.arrow.file', 'arrow'],
  'arrow-stream': ['application/vnd.apache.arrow.stream', 'arrows'],
  xlsx: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  sqlite: ['application/vnd.sqlite3', 'sqlite'],
  tardis: ['text/csv; charset=utf-8', 'csv'],
  hftbacktest: ['application/zip', 'npz'],
}

/** A file as it is made: sent as it comes, not kept. */
export interface FileStream {
  readonly type: string
  readonly name: string
  readonly chunks: AsyncIterable<string | Uint8Array>
}

/** The answer of an operation that is a file. */
export function isFileStream(value: unknown): value is FileStream {
  return typeof value === 'object' && value !== null && 'chunks' in value
}

const exportOperation = operation({
  summary: 'Stored rows as a file of another format, sent as it is made; a failure on the way cuts the answer off',
  role: 'read',
  input: z.strictObject({
    exchange,
    pair,
    kind,
    interval: interval.optional(),
    format: z.enum(FORMATS).default('csv'),
    from,
    until,
    columns: z.array(z.string().min(1).max(40)).min(1).max(40).optional().describe('Only these columns.'),
    limit: z.int().min(1).max(1_000_000_000).optional().describe('At most this many rows.'),
    depth: z.int().min(1).max(1000).default(25).describe('Levels a side of tardis book snapshots.'),
  }),
  output: z.unknown().describe('The file.'),
  run(ports, input, signal): FileStream {
    const dataset = datasetOf(input)
    const { format, columns, limit, depth } = input
    const range = { from: input.from ?? 0n, until: input.until ?? LONGEST }
    if (range.until <= range.from)
      throw new CollectorError('USAGE', 'the range ends before it begins', { remedy: 'Give a later `until`.' })
    const [type, ending] = FILES[format]
    const words = [dataset.exchange, dataset.pair.replace(/[/:]/g, '-'), dataset.kind, dataset.interval].filter(Boolean)
    const chunks = ports.exportData({ dataset, ...range, columns, limit, format, depth }, signal)
    return { type, name: `${words.join('-')}.${ending}`, chunks }
  },
})

export const exportOperations = { export: exportOperation }
