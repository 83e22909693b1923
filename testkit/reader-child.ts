import { readdirSync, writeSync } from 'node:fs'
import { argv } from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { readParquet, visibleFiles } from './parquet.js'

/**
 * Somebody else who reads the tree, again and again, as the documentation says, until killed: `reader-child.js FOLDER duckdb|hyparquet`. Prints after each
 * reading one line: rows and different ids, or `failed`.
 */
const [, , folder = '', engine] = argv

async function duckdb(): Promise<() => Promise<[number, number]>> {
  const instance = await DuckDBInstance.create(':memory:', { enable_external_file_cache: 'false', threads: '1' })
  const connection = await instance.connect()
  const glob = `${folder}/exchange=*/kind=trades/**/*.parquet`
  return async () => {
    const result = await connection.runAndReadAll(
      `SELECT count(*)::INTEGER, count(DISTINCT trade_id)::INTEGER FROM read_parquet('${glob}', hive_partitioning = true)`,
    )
    const [rows, ids] = result.getRows()[0] ?? []
    return [Number(rows), Number(ids)]
  }
}

async function hyparquet(): Promise<[number, number]> {
  const rows = []
  for (const path of visibleFiles(folder)) if (path.includes('kind=trades')) rows.push(...(await readParquet(path)))
  return [rows.length, new Set(rows.map((row) => row.trade_id)).size]
}

const read = engine === 'duckdb' ? await duckdb() : hyparquet
for (;;) {
  await setImmediate()
  if (!readdirSync(folder).some((name) => name.startsWith('exchange='))) continue
  try {
    writeSync(1, `${(await read()).join(' ')}\n`)
  } catch {
    writeSync(1, 'failed\n')
  }
}
