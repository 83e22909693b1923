import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBAppender,
  DuckDBBigIntVector,
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  type DuckDBType,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import type { Kind } from '../model/dataset.js'
import { SCHEMA } from '../model/row.js'
import { copyTo, fileColumns, fileOrder, quoted } from './canonical.js'
import type { Segment, Split } from './catalog.js'
import { NULL_INT32, NULL_INT64 } from './column-buffer.js'
import type { ColumnValues, KindBatch } from './columns.js'
import type { DataFolder } from './data-folder.js'
import { hashFile, syncFile, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { partOfDay, slotSql } from './partition.js'

/** Rows of a DuckDB chunk. */
const CHUNK = 2048

/** Times go in as whole nanoseconds and become timestamps in the query that sorts them. */
const DUCKDB_TYPES: Readonly<Record<string, DuckDBType>> = {
  TIMESTAMP_NS: BIGINT,
  DOUBLE,
  VARCHAR,
  BIGINT,
  INTEGER,
  BOOLEAN,
}

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
  const columns = fileColumns(kind)
  const constants = constantColumns(kind, batches)
  const fields = columns
    .filter(({ name }) => !constants.has(name))
    .map(({ name, type }) => `, ${name} ${type === 'TIMESTAMP_NS' ? 'BIGINT' : type}`)
  const typed = columns.map(({ name, type }) => {
    const constant = constants.get(name)
    if (constant !== undefined) return `${constant === null ? 'NULL' : quoted(constant)}::${type} AS ${name}`
    return type === 'TIMESTAMP_NS' ? `make_timestamp_ns(${name}) AS ${name}` : name
  })
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} (dataset INTEGER, part INTEGER${fields.join('')})`)
  try {
    const appender = await engine.writer.createAppender(table)
    try {
      for (const batch of batches) append(appender, batch, ids, constants)
      appender.flushSync()
    } finally {
      appender.closeSync()
    }
    const rowsOf = `SELECT dataset, part, ${typed.join(', ')} FROM ${table}`
    const placed = `SELECT * REPLACE (${placeSql(kind, splits)} AS part) FROM (${rowsOf})`
    await engine.run(copyTo(`SELECT * FROM (${placed}) ORDER BY dataset, part, ${fileOrder(kind)}`, staged))
    await syncFile(staged)
    const counts = await engine.rows(
      `SELECT dataset, part, count(*)::INTEGER FROM read_parquet(${quoted(staged)}) GROUP BY ALL ORDER BY ALL`,
    )
    const parts = counts.map(([dataset, part, rows]) => ({
      dataset: Number(dataset),
      part: Number(part),
      rows: Number(rows),
    }))
    const { hash, bytes } = await hashFile(staged)
    await rename(staged, join(folder.tail, name))
    await syncFolder(folder.tail)
    const rows = parts.reduce((sum, part) => sum + part.rows, 0)
    return { kind, path: `.dccd/tail/${name}`, rows, bytes, hash, parts }
  } finally {
    await engine.run(`DROP TABLE IF EXISTS ${table}`)
  }
}

/** In which file a row belongs: that of its partition, or that of its slot where the partition is split before it. */
function placeSql(kind: Kind, splits: readonly Split[]): string {
  const cases = splits.map(({ dataset, part, firstSlot }) => {
    const slot = slotSql(kind, part)
    return `WHEN dataset = ${dataset} AND part = ${part} AND ${slot} >= ${firstSlot} THEN ${slot}`
  })
  return cases.length > 0 ? `(CASE ${cases.join(' ')} ELSE part END)::INTEGER` : 'part'
}

/** What stands in a column of all rows alike, by the name of the column: such columns take no way through the table. */
function constantColumns(kind: Kind, batches: readonly KindBatch[]): ReadonlyMap<string, string | null> {
  const constants = new Map<string, string | null>()
  SCHEMA[kind].columns.forEach(({ name, type }, index) => {
    const own = batches.map(({ columns }) => columns[index])
    const [first] = own
    if (first?.type === 'constant' && own.every((each) => each?.type === 'constant' && each.value === first.value))
      constants.set(name, first.value)
    if (type === 'number' && own.every((each) => each?.type !== 'number' || each.texts.length === 0))
      constants.set(`${name}_text`, null)
  })
  return constants
}

function append(
  appender: DuckDBAppender,
  batch: KindBatch,
  ids: ReadonlyMap<string, number>,
  constants: ReadonlyMap<string, string | null>,
): void {
  const columns = fileColumns(batch.kind).filter(({ name }) => !constants.has(name))
  const types = [INTEGER, INTEGER, ...columns.map(({ type }) => DUCKDB_TYPES[type] ?? VARCHAR)]
  const numbers = batch.datasets.map((key) => ids.get(key) ?? -1)
  const texts = batch.columns.map(exactTexts)
  for (let from = 0; from < batch.rows; from += CHUNK) {
    const until = Math.min(from + CHUNK, batch.rows)
    const chunk = DuckDBDataChunk.create(types, until - from)
    chunk.setColumnValues(
      0,
      Array.from(batch.dataset.subarray(from, until), (index) => numbers[index] ?? null),
    )
    chunk.setColumnValues(
      1,
      Array.from(batch.day.subarray(from, until), (day) => partOfDay(batch.kind, day)),
    )
    let at = 2
    SCHEMA[batch.kind].columns.forEach(({ name, type }, index) => {
      const values = batch.columns[index]
      if (!values) return
      if (!constants.has(name)) setColumn(chunk, at++, values, type === 'bool', from, until)
      if (type === 'number' && !constants.has(`${name}_text`))
        chunk.setColumnValues(at++, slice(texts[index], from, until))
    })
    appender.appendDataChunk(chunk)
  }
}

/** The sparse exact texts of a column of numbers by row. */
function exactTexts(values: ColumnValues): ReadonlyMap<number, string> | undefined {
  if (values.type !== 'number' || values.texts.length === 0) return undefined
  return new Map(values.texts.map((text, index) => [values.at[index] ?? -1, text]))
}

function slice(texts: ReadonlyMap<number, string> | undefined, from: number, until: number): (string | null)[] {
  return Array.from({ length: until - from }, (_, index) => texts?.get(from + index) ?? null)
}

/** Fills one column of a chunk; typed arrays are copied whole and their nulls marked afterwards. */
function setColumn(
  chunk: DuckDBDataChunk,
  column: number,
  values: ColumnValues,
  isBool: boolean,
  from: number,
  until: number,
): void {
  if (values.type === 'constant') {
    chunk.setColumnValues(column, new Array<string | null>(until - from).fill(values.value))
    return
  }
  if (values.type === 'text') {
    chunk.setColumnValues(column, values.values.slice(from, until))
    return
  }
  if (isBool && values.type === 'int32') {
    const bools = Array.from(values.values.subarray(from, until), (bit): boolean | null =>
      bit === NULL_INT32 ? null : bit === 1,
    )
    chunk.setColumnValues(column, bools)
    return
  }
  const vector = chunk.getColumnVector(column)
  if (values.type === 'int64' && vector instanceof DuckDBBigIntVector) {
    for (let i = from; i < until; i++) {
      const value = values.values[i]
      vector.setItem(i - from, value === undefined || value === NULL_INT64 ? null : value)
    }
  } else if (values.type === 'int32' && vector instanceof DuckDBIntegerVector) {
    for (let i = from; i < until; i++) {
      const value = values.values[i]
      vector.setItem(i - from, value === undefined || value === NULL_INT32 ? null : value)
    }
  } else if (values.type === 'number' && vector instanceof DuckDBDoubleVector) {
    for (let i = from; i < until; i++) {
      const value = values.values[i]
      vector.setItem(i - from, value === undefined || Number.isNaN(value) ? null : value)
    }
  } else throw misfit()
  vector.flush()
}

function misfit(): Error {
  return new Error('a column of the batch does not fit its table')
}
