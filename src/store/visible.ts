import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Dataset, datasetPath } from '../model/dataset.js'
import { Engine } from './engine.js'
import { storeError } from './failure.js'
import { decodeRow, type StoredRow, schemaColumns, selected } from './reader.js'

/**
 * The rows of a dataset that anyone sees who globs its folder, in the order of the files: catalog and hidden segments are not looked at. None where
 * nothing is published.
 */
export async function* visibleRows(dataPath: string, dataset: Dataset): AsyncGenerator<StoredRow> {
  const spill = await mkdtemp(join(tmpdir(), 'dccd-read-'))
  const engine = await Engine.open({ spill })
  try {
    const glob = `${dataPath}/${datasetPath(dataset)}/**/*.parquet`.replaceAll("'", "''")
    const files = await engine.rows(`SELECT file FROM glob('${glob}')`)
    if (files.length === 0) return
    const columns = schemaColumns(dataset.kind)
    const fields = selected(columns)
    const query = `SELECT ${fields.join(', ')} FROM read_parquet('${glob}', hive_partitioning = false)`
    for await (const rows of engine.stream(query, fields.length))
      for (const row of rows) yield decodeRow(row.slice(1), columns)
  } catch (error) {
    throw storeError(error, `read what is visible of ${datasetPath(dataset)}`)
  } finally {
    engine.close()
    await rm(spill, { recursive: true, force: true })
  }
}
