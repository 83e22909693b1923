import { createWriteStream } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { CoverageRow } from '../model/coverage-rows.js'
import { type Dataset, datasetKey } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import { csvText, ndjsonText } from './csv.js'
import { type ExportColumn, type ExportTable, exportColumns, type Value } from './table.js'

export const EXPORT_FORMATS = [
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
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export interface ExportRequest {
  /** What: a dataset, or the ledger. `hftbacktest` takes trades and book of the pair, whatever the kind. */
  readonly dataset: Dataset | 'coverage'
  readonly from: Nanos
  readonly until: Nanos
  readonly columns?: readonly string[] | undefined
  readonly limit?: number | undefined
  readonly format: ExportFormat
  /** The file; complete or absent. Compressed when it ends in `.gz` (text formats). */
  readonly output: string
  /** Replace a file that is there. */
  readonly overwrite: boolean
  /** Levels a side of `tardis` book snapshots. */
  readonly depth: number
}

export interface ExportReport {
  readonly output: string
  readonly format: ExportFormat
  readonly rows: number
  readonly bytes: number
  /** What the reader of the file should know. */
  readonly notes: readonly string[]
}

/** Where the rows come from. */
export interface ExportSource {
  scan(
    dataset: Dataset,
    from: Nanos,
    until: Nanos,
    columns?: readonly string[],
  ): AsyncIterable<Readonly<Record<string, Value>>>
  /** Writes rows as Parquet like that of the data folder; resolves with their number. */
  parquet(
    dataset: Dataset,
    from: Nanos,
    until: Nanos,
    columns: readonly string[] | undefined,
    path: string,
    limit?: number,
  ): Promise<number>
  /** The exchange's own name of a pair, where it is known. */
  symbol(exchange: string, pair: string): string | undefined
  ledger(): readonly CoverageRow[]
}

/**
 * Writes stored rows, published or not, into a file of another format. Throws USAGE when the file is there already, UNSUPPORTED for what the format cannot
 * hold, EXPORT_TOO_LARGE, and what reading throws.
 */
export async function exportData(source: ExportSource, request: ExportRequest): Promise<ExportReport> {
  const { output, format } = request
  if (!request.overwrite && (await exists(output)))
    throw new CollectorError('USAGE', `${output} is there already`, { remedy: 'Choose another name, or add --force.' })
  const staged = `${output}.new`
  await rm(staged, { force: true })
  try {
    const { rows, notes } = await write(source, request, staged)
    await sync(staged)
    await rename(staged, output)
    await sync(dirname(output))
    return { output, format, rows, bytes: (await stat(output)).size, notes }
  } catch (error) {
    await rm(staged, { force: true })
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new CollectorError('USAGE', `there is no folder ${dirname(output)}`, { remedy: 'Make it first.' })
    throw error
  }
}

interface Written {
  readonly rows: number
  readonly notes: readonly string[]
}

async function write(source: ExportSource, request: ExportRequest, path: string): Promise<Written> {
  const { dataset, format, from, until, columns, limit, depth } = request
  if (format === 'hftbacktest') return await writeBacktest(source, request, path)
  if (format === 'parquet' && dataset !== 'coverage')
    return { rows: await source.parquet(dataset, from, until, columns, path, limit), notes: [] }
  const { table, count } = counted(tableOf(source, request), limit)
  const gzip = request.output.endsWith('.gz')
  const plain: Written['notes'] = []
  if (format === 'csv') await stream(csvText(table), path, gzip)
  else if (format === 'ndjson') await stream(ndjsonText(table), path, gzip)
  else if (format === 'arrow' || format === 'arrow-stream') {
    const { arrowBytes } = await import('./arrow.js')
    await stream(arrowBytes(table, format === 'arrow' ? 'file' : 'stream'), path, false)
  } else if (format === 'xlsx') await (await import('./xlsx.js')).writeXlsx(table, path)
  else if (format === 'sqlite')
    await (await import('./sqlite.js')).writeSqlite(table, dataset === 'coverage' ? 'coverage' : dataset.kind, path)
  else if (format === 'tardis' && dataset !== 'coverage') {
    const symbol = source.symbol(dataset.exchange, dataset.pair)
    const { tardisText } = await import('./tardis.js')
    await stream(tardisText(table, { dataset, symbol: symbol ?? dataset.pair }, depth), path, gzip)
    if (symbol === undefined)
      return {
        rows: count(),
        notes: [`the exchange's own name of ${dataset.pair} is not known: the pair stands for it`],
      }
  } else
    throw new CollectorError(
      'UNSUPPORTED',
      `${format} cannot hold ${dataset === 'coverage' ? 'the ledger' : datasetKey(dataset)} with these options`,
    )
  return { rows: count(), notes: plain }
}

/** The rows and columns that are asked for. */
export function tableOf(source: ExportSource, { dataset, from, until, columns, format }: ExportRequest): ExportTable {
  if (dataset === 'coverage') return ledgerTable(source.ledger(), from, until)
  const wanted = exportColumns(dataset, format === 'tardis' ? undefined : columns)
  return {
    columns: wanted,
    rows: source.scan(
      dataset,
      from,
      until,
      wanted.map(({ name }) => name),
    ),
  }
}

const LEDGER_COLUMNS: readonly ExportColumn[] = [
  { name: 'exchange', type: 'text' },
  { name: 'pair', type: 'text' },
  { name: 'dataset_kind', type: 'text' },
  { name: 'interval', type: 'text' },
  { name: 'from_time', type: 'time' },
  { name: 'until_time', type: 'time' },
  { name: 'state', type: 'text' },
  { name: 'code', type: 'text' },
  { name: 'detail', type: 'text' },
  { name: 'missing', type: 'int64' },
]

function ledgerTable(ledger: readonly CoverageRow[], from: Nanos, until: Nanos): ExportTable {
  const rows = async function* () {
    for (const { from: from_time, until: until_time, ...row } of ledger)
      if (until_time > from && from_time < until) yield { ...row, from_time, until_time }
  }
  return { columns: LEDGER_COLUMNS, rows: rows() }
}

async function writeBacktest(source: ExportSource, request: ExportRequest, path: string): Promise<Written> {
  const { dataset, from, until } = request
  if (dataset === 'coverage') throw new CollectorError('UNSUPPORTED', 'hftbacktest has no ledger')
  const { exchange, pair } = dataset
  const table = (kind: 'trades' | 'book_deltas'): ExportTable => ({
    columns: exportColumns({ exchange, pair, kind }, undefined),
    rows: source.scan({ exchange, pair, kind }, from, until),
  })
  const { hftbacktestBytes } = await import('./hftbacktest.js')
  const { bytes, records, fallback } = await hftbacktestBytes(table('trades'), table('book_deltas'))
  await stream([bytes], path, false)
  const note = `${fallback} events have no exchange time: the receive time stands for it`
  return { rows: records, notes: fallback > 0 ? [note] : [] }
}

/** A table that counts what is taken of it, and ends after `limit` rows. */
export function counted(table: ExportTable, limit: number | undefined): { table: ExportTable; count: () => number } {
  let count = 0
  const rows = async function* () {
    if (limit === 0) return
    for await (const row of table.rows) {
      count++
      yield row
      if (count === limit) return
    }
  }
  return { table: { columns: table.columns, rows: rows() }, count: () => count }
}

async function stream(chunks: Iterable<Uint8Array> | AsyncIterable<string | Uint8Array>, path: string, gzip: boolean) {
  const into = createWriteStream(path)
  if (gzip) await pipeline(Readable.from(chunks), createGzip(), into)
  else await pipeline(Readable.from(chunks), into)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
