import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type CoverageRow, coverageRows } from '../model/coverage-rows.js'
import { pairInPath } from '../model/instrument.js'
import { copyTo, SCHEMA_VERSION } from './canonical.js'
import type { Catalog } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import { hashFile, makeFolder, removeFile, syncFile, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { isMissing } from './failure.js'

/** The columns of the published ledger, in their order. `kind` is a key of the path, so what a row is about is `dataset_kind`. */
export const COVERAGE_COLUMNS = [
  ['pair', 'VARCHAR'],
  ['dataset_kind', 'VARCHAR'],
  ['interval', 'VARCHAR'],
  ['from_time', 'TIMESTAMP_NS'],
  ['until_time', 'TIMESTAMP_NS'],
  ['state', 'VARCHAR'],
  ['code', 'VARCHAR'],
  ['detail', 'VARCHAR'],
  ['missing', 'BIGINT'],
] as const
const FIELDS = COVERAGE_COLUMNS.map(([name]) => name).join(', ')

export function coveragePath(exchange: string): string {
  return `exchange=${exchange}/kind=coverage/${exchange}-coverage.parquet`
}

/** The ledger as it stands now. */
export function ledgerRows(catalog: Catalog): CoverageRow[] {
  const ledger = catalog.snapshot(() => ({
    held: catalog.held(),
    wanted: catalog.wanted(),
    breaks: catalog.breaks(),
    lost: catalog.lost(),
  }))
  return coverageRows(ledger)
}

/** Makes a table of ledger rows, with the exchange in front. */
export async function createLedgerTable(
  connection: DuckDBConnection,
  table: string,
  rows: readonly CoverageRow[],
): Promise<void> {
  const columns = COVERAGE_COLUMNS.map(([name, type]) => `${name} ${type === 'TIMESTAMP_NS' ? 'BIGINT' : type}`)
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table}_raw (exchange VARCHAR, ${columns.join(', ')})`)
  const appender = await connection.createAppender(`${table}_raw`)
  const text = (value: string | null) => (value === null ? appender.appendNull() : appender.appendVarchar(value))
  for (const row of rows) {
    for (const value of [row.exchange, pairInPath(row.pair), row.dataset_kind, row.interval]) text(value)
    appender.appendBigInt(row.from)
    appender.appendBigInt(row.until)
    for (const value of [row.state, row.code, row.detail]) text(value)
    if (row.missing === null) appender.appendNull()
    else appender.appendBigInt(row.missing)
    appender.endRow()
  }
  appender.closeSync()
  const typed = COVERAGE_COLUMNS.map(([name, type]) =>
    type === 'TIMESTAMP_NS' ? `make_timestamp_ns(${name}) AS ${name}` : name,
  )
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT exchange, ${typed.join(', ')} FROM ${table}_raw`,
  )
  await connection.run(`DROP TABLE ${table}_raw`)
}

/**
 * Publishes the ledger beside the data (durability V2): one file per exchange, replaced under its own name when it has changed, so that copies keep
 * their proof. It says no more than what is committed. Returns the exchanges whose file is new.
 */
export async function publishCoverage(engine: Engine, catalog: Catalog, folder: DataFolder): Promise<string[]> {
  const rows = ledgerRows(catalog)
  const changed: string[] = []
  await createLedgerTable(engine.writer, 'ledger', rows)
  for (const exchange of new Set(rows.map((row) => row.exchange))) {
    const staged = join(folder.stage, `coverage-${exchange}`)
    const visible = folder.at(coveragePath(exchange))
    const query = `SELECT ${FIELDS} FROM ledger WHERE exchange = '${exchange}' ORDER BY pair, dataset_kind, interval NULLS FIRST, from_time, until_time`
    await engine.run(copyTo(query, staged, { schema_version: SCHEMA_VERSION, exchange, kind: 'coverage' }))
    if ((await hashFile(staged)).hash === (await hashOf(visible))) {
      await removeFile(staged)
      continue
    }
    await syncFile(staged)
    await makeFolder(dirname(visible))
    await rename(staged, visible)
    await syncFolder(dirname(visible))
    changed.push(exchange)
  }
  await engine.run('DROP TABLE IF EXISTS ledger')
  return changed
}

async function hashOf(path: string): Promise<string | undefined> {
  try {
    return (await hashFile(path)).hash
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
