import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, Json } from '@duckdb/node-api'
import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import type { CoverageRow } from '../model/coverage-rows.js'
import { KINDS, type Kind } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { fileColumns, quoted } from './canonical.js'
import { Catalog } from './catalog.js'
import { DataFolder } from './data-folder.js'
import { interrupted, interruptOn } from './interrupt.js'
import { COVERAGE_COLUMNS, createLedgerTable, ledgerRows } from './publish-coverage.js'

export interface SqlRequest {
  readonly sql: string
  /** At most this many rows. */
  readonly limit: number
  readonly timeoutMs: number
  /** DuckDB's bound, such as `512MB`. */
  readonly memory: string
}

export type SqlCell = Json

export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly SqlCell[])[]
  /** There was more than `limit`. */
  readonly truncated: boolean
}

const THREADS = '2'
const SPILL = '2GB'

/**
 * Answers one SELECT over what is published: a view per kind (`trades`, `quotes`, …) with the columns of its files and those of the path (exchange, pair
 * with `-`, date), and the ledger as `coverage` and `gaps`. The query runs in a DuckDB of its own that can read the published files and nothing else of this machine, write nothing, load nothing and
 * change no setting. Throws QUERY_REFUSED, QUERY_FAILED or QUERY_TIMEOUT.
 */
export async function runSql(
  dataPath: string,
  request: SqlRequest,
  clock: Clock,
  signal?: AbortSignal,
): Promise<SqlResult> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const spill = await mkdtemp(join(tmpdir(), 'dccd-sql-'))
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: request.memory,
    threads: THREADS,
    temp_directory: spill,
    max_temp_directory_size: SPILL,
    enable_external_file_cache: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  const late = new AbortController()
  const seconds = request.timeoutMs / 1000
  const stopTimer = clock.after(request.timeoutMs, () =>
    late.abort(new CollectorError('QUERY_TIMEOUT', `the query took longer than ${seconds} s`)),
  )
  const over = signal ? AbortSignal.any([late.signal, signal]) : late.signal
  const stopInterrupting = interruptOn(connection, clock, over)
  try {
    await prepare(connection, dataPath)
    await expectOneSelect(connection, request.sql)
    return await answer(connection, request)
  } catch (error) {
    if (over.aborted) throw interrupted(over)
    if (error instanceof CollectorError) throw error
    throw failed(error)
  } finally {
    stopTimer()
    stopInterrupting()
    connection.closeSync()
    instance.closeSync()
    await rm(spill, { recursive: true, force: true })
  }
}

async function prepare(connection: DuckDBConnection, dataPath: string): Promise<void> {
  const names = await readdir(dataPath).catch(() => [])
  const folders = names.filter((name) => name.startsWith('exchange=')).map((name) => `${join(dataPath, name)}/`)
  const views = new Map<Kind, string>()
  for (const kind of KINDS) views.set(kind, await viewOf(connection, folders, kind))
  const ledger = currentLedger(dataPath)
  const published = ledger ? undefined : await ledgerFiles(connection, folders)
  if (published === undefined) await createLedgerTable(connection, 'coverage', ledger ?? [])
  await connection.run(`SET allowed_directories = [${folders.map(quoted).join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  for (const [kind, query] of views) await connection.run(`CREATE VIEW ${kind} AS ${query}`)
  if (published !== undefined) await connection.run(`CREATE VIEW coverage AS ${published}`)
  await connection.run("CREATE VIEW gaps AS SELECT * FROM coverage WHERE state IN ('lost', 'venue_down')")
  await connection.run('SET lock_configuration = true')
}

/** The ledger as it stands; `undefined` where no catalog is: a mere copy of the published tree. */
function currentLedger(dataPath: string): CoverageRow[] | undefined {
  let catalog: Catalog
  try {
    catalog = Catalog.openReadOnly(new DataFolder(dataPath).catalog)
  } catch {
    return undefined
  }
  try {
    return ledgerRows(catalog)
  } finally {
    catalog.close()
  }
}

/** A query for the ledger as it was published; `undefined` where it was not. */
async function ledgerFiles(connection: DuckDBConnection, folders: readonly string[]): Promise<string | undefined> {
  const globs = await globsOf(connection, folders, 'coverage')
  if (globs.length === 0) return undefined
  const columns = ['exchange', ...COVERAGE_COLUMNS.map(([name]) => name)].join(', ')
  return `SELECT ${columns} FROM read_parquet([${globs.join(', ')}], hive_partitioning = true)`
}

async function globsOf(connection: DuckDBConnection, folders: readonly string[], kind: string): Promise<string[]> {
  const globs: string[] = []
  for (const folder of folders) {
    const glob = quoted(`${folder}kind=${kind}/**/*.parquet`)
    const found = await connection.runAndReadAll(`SELECT 1 FROM glob(${glob}) LIMIT 1`)
    if (found.currentRowCount > 0) globs.push(glob)
  }
  return globs
}

/** What the view of a kind selects; no rows where nothing is published. */
async function viewOf(connection: DuckDBConnection, folders: readonly string[], kind: Kind): Promise<string> {
  const globs = await globsOf(connection, folders, kind)
  if (globs.length > 0) return `SELECT * FROM read_parquet([${globs.join(', ')}], hive_partitioning = true)`
  const columns = fileColumns(kind).map(({ name, type }) => `NULL::${type} AS ${name}`)
  const path = ['exchange', 'kind', 'pair'].map((name) => `NULL::VARCHAR AS ${name}`)
  return `SELECT ${[...columns, ...path].join(', ')} WHERE false`
}

const serialized = z.object({
  error: z.boolean(),
  error_type: z.string().optional(),
  error_message: z.string().optional(),
  statements: z.array(z.unknown()).optional(),
})

/** Looks at the text alone. Preparing would not do: to bind an EXPORT already makes its folder. */
async function expectOneSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  const parsed = await connection.runAndReadAll(`SELECT json_serialize_sql(${quoted(sql)})`)
  const {
    error,
    error_type,
    error_message,
    statements = [],
  } = serialized.parse(JSON.parse(String(parsed.getRows()[0]?.[0])))
  if (error && error_type === 'parser') throw failed(new Error(error_message))
  if (error) throw new CollectorError('QUERY_REFUSED', 'this is not a query that only reads')
  if (statements.length !== 1)
    throw new CollectorError('QUERY_REFUSED', `there are ${statements.length} statements; one at a time is answered`)
}

/** A streamed result of DuckDB ends without an error when the query fails; one that is read whole does not. */
async function answer(connection: DuckDBConnection, { sql, limit }: SqlRequest): Promise<SqlResult> {
  const result = await connection.runAndReadAll(`SELECT * FROM (${sql.replace(/;\s*$/, '')}\n) LIMIT ${limit + 1}`)
  const names = result.deduplicatedColumnNames()
  const types = result.columnTypes()
  const rows = result.getRowsJson()
  return {
    columns: names.map((name, at) => ({ name, type: String(types[at] ?? '') })),
    rows: rows.slice(0, limit),
    truncated: rows.length > limit,
  }
}

/** What DuckDB says, without the places of this machine that it may name. */
function failed(error: unknown): CollectorError {
  const text = error instanceof Error ? error.message : String(error)
  if (/^Permission Error|disabled (by|through) configuration|configuration has been locked/i.test(text))
    return new CollectorError('QUERY_REFUSED', 'the query asks for something outside the published data')
  return new CollectorError('QUERY_FAILED', text.split('\n\n')[0] ?? text, { cause: error })
}
