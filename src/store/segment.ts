import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kind } from '../model/dataset.js'
import { SCHEMA } from '../model/row.js'
import { countPlaces, type Place, TableForm } from './append-columns.js'
import { copyToHidden, fileOrder, orderKeys, quoted, SQL_TYPE } from './canonical.js'
import type { Segment, Split } from './catalog.js'
import { NULL_INT64 } from './column-buffer.js'
import type { KindBatch } from './columns.js'
import type { DataFolder } from './data-folder.js'
import { hashFile, syncFile, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { slotSql } from './partition.js'

/**
 * Writes the rows of all lanes for one kind as one segment: sorted by dataset and partition, synced, under its final name. It is an orphan
 * until the catalog names it (durability C3).
 */
export async function writeSegment(
  engine: Engine,
  folder: DataFolder,
  commit: number,
  kind: Kind,
  batches: readonly KindBatch[],
  ids: ReadonlyMap<string, number>,
  splits: readonly Split[],
): Promise<Segment> {
  const name = `${commit}-${kind}.seg`
  const staged = join(folder.stage, name)
  const table = `segment_${kind}`
  const places = countPlaces(kind, batches, ids)
  const [place, ...elsewhere] = places
  const form = new TableForm(kind, batches, ids, elsewhere.length === 0 ? place : undefined)
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} (${form.definitions})`)
  try {
    const appender = await engine.writer.createAppender(table)
    try {
      for (const batch of batches) form.append(appender, batch)
      appender.flushSync()
    } finally {
      appender.closeSync()
    }
    const rowsOf = `SELECT ${form.selection} FROM ${table}`
    const placed = `SELECT * REPLACE (${placeSql(kind, splits)} AS part) FROM (${rowsOf})`
    const order = splits.length === 0 && isInOrder(kind, batches) ? '' : ` ORDER BY dataset, part, ${fileOrder(kind)}`
    await engine.run(copyToHidden(`SELECT * FROM (${placed})${order}`, staged))
    await syncFile(staged)
    // Into which slots rows of a split partition go, only SQL knows.
    const parts = splits.length === 0 ? places : await countStored(engine, staged)
    const { hash, bytes } = await hashFile(staged)
    await rename(staged, join(folder.tail, name))
    await syncFolder(folder.tail)
    const rows = parts.reduce((sum, part) => sum + part.rows, 0)
    return { kind, path: `.dccd/tail/${name}`, rows, bytes, hash, parts }
  } finally {
    await engine.run(`DROP TABLE IF EXISTS ${table}`)
  }
}

async function countStored(engine: Engine, path: string): Promise<Place[]> {
  const counts = await engine.rows(
    `SELECT dataset, part, count(*)::INTEGER FROM read_parquet(${quoted(path)}) GROUP BY ALL ORDER BY ALL`,
  )
  return counts.map(([dataset, part, rows]) => ({ dataset: Number(dataset), part: Number(part), rows: Number(rows) }))
}

/** Whether rows are those of one dataset, each of a later time than the one before: as they come from a past that is fetched page by page. */
function isInOrder(kind: Kind, batches: readonly KindBatch[]): boolean {
  const [batch, ...more] = batches
  const [first] = orderKeys(kind)
  if (!batch || more.length > 0 || batch.datasets.length !== 1) return false
  const times = batch.columns[SCHEMA[kind].columns.findIndex(({ name }) => name === first?.sql)]
  if (times?.type !== 'int64' || first?.type !== SQL_TYPE.time) return false
  let last = NULL_INT64
  for (const time of times.values) {
    if (time <= last) return false
    last = time
  }
  return true
}

/** In which file a row belongs: that of its partition, or that of its slot where the partition is split before it. */
function placeSql(kind: Kind, splits: readonly Split[]): string {
  const cases = splits.map(({ dataset, part, firstSlot }) => {
    const slot = slotSql(kind, part)
    return `WHEN dataset = ${dataset} AND part = ${part} AND ${slot} >= ${firstSlot} THEN ${slot}`
  })
  return cases.length > 0 ? `(CASE ${cases.join(' ')} ELSE part END)::INTEGER` : 'part'
}
