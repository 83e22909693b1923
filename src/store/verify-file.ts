import type { Dataset, Kind } from '../model/dataset.js'
import { SCHEMA } from '../model/row.js'
import { canonicalRows, fileColumns, fileOrder, quoted, SCHEMA_VERSION, timeAxis } from './canonical.js'
import type { Queries } from './engine.js'
import { isSlot, type Part, partEnd, partName, partStart } from './partition.js'

/** What is wrong inside a Parquet file. */
export interface FileFault {
  readonly what: 'unreadable' | 'schema' | 'rows' | 'order' | 'doubled' | 'partition' | 'numbers'
  readonly detail: string
}

const PARQUET_TYPES: Readonly<Record<string, string>> = {
  TIMESTAMP_NS: 'INT64',
  DOUBLE: 'DOUBLE',
  VARCHAR: 'BYTE_ARRAY',
  BIGINT: 'INT64',
  INTEGER: 'INT32',
  BOOLEAN: 'BOOLEAN',
}

/** Kinds whose rows move to a new date together, so that some may be of the date before. */
function movesAsWhole(kind: Kind): boolean {
  return kind === 'book_deltas' || kind === 'book_snapshots' || kind === 'quotes'
}

/** Looks at the footer alone: that it can be read, its columns, the number of rows, and what the file says it is. */
export async function footerFaults(
  engine: Queries,
  path: string,
  kind: Kind,
  rows: number,
  leading: readonly { readonly name: string; readonly type: string }[] = [],
  dataset?: Dataset,
): Promise<FileFault[]> {
  const file = quoted(path)
  try {
    const faults: FileFault[] = []
    const found = (await engine.rows(`SELECT name, type FROM parquet_schema(${file}) WHERE type IS NOT NULL`)).map(
      ([name, type]) => `${String(name)} ${String(type)}`,
    )
    const wanted = [...leading, ...fileColumns(kind)].map(({ name, type }) => `${name} ${PARQUET_TYPES[type] ?? type}`)
    const other = wanted.findIndex((column, at) => found[at] !== column)
    if (other >= 0 || found.length !== wanted.length) {
      const at = other >= 0 ? other : wanted.length
      const detail = `column ${at + 1} is ${found[at] ?? 'missing'}, expected ${wanted[at] ?? 'no more columns'}`
      faults.push({ what: 'schema', detail })
    }
    const [[count] = []] = await engine.rows(`SELECT num_rows FROM parquet_file_metadata(${file})`)
    if (Number(count) !== rows) faults.push({ what: 'rows', detail: `${Number(count)} rows, the catalog says ${rows}` })
    if (dataset) faults.push(...(await originFaults(engine, file, dataset)))
    return faults
  } catch (error) {
    return [{ what: 'unreadable', detail: messageOf(error) }]
  }
}

async function originFaults(engine: Queries, file: string, dataset: Dataset): Promise<FileFault[]> {
  const pairs = await engine.rows(`SELECT decode(key), decode(value) FROM parquet_kv_metadata(${file})`)
  const says = new Map(pairs.map(([key, value]) => [String(key), String(value)]))
  const { exchange, kind, pair, interval } = dataset
  const wanted = { schema_version: SCHEMA_VERSION, exchange, kind, pair, ...(interval ? { interval } : {}) }
  return Object.entries(wanted).flatMap(([key, value]) =>
    says.get(key) === value
      ? []
      : [{ what: 'schema' as const, detail: `it says ${key} ${says.get(key) ?? 'nothing'}, expected ${value}` }],
  )
}

/** Reads every row of a published file: order, rows that are one, rows of another partition, numbers that do not fit their text. */
export async function contentFaults(engine: Queries, path: string, kind: Kind, part: Part): Promise<FileFault[]> {
  const file = quoted(path)
  const faults: FileFault[] = []
  try {
    const ranked = `SELECT *, row_number() OVER () AS place, row_number() OVER (ORDER BY ${fileOrder(kind)}) AS rank FROM read_parquet(${file}, hive_partitioning = false)`
    const wrong = await one(engine, `SELECT count(*) FROM (${ranked}) WHERE place <> rank`)
    if (wrong > 0) faults.push({ what: 'order', detail: `${wrong} rows stand in another place than their order says` })
    const all = await one(engine, `SELECT count(*) FROM read_parquet(${file})`)
    const each = await one(
      engine,
      `SELECT count(*) FROM (${canonicalRows(kind, `SELECT * FROM read_parquet(${file}, hive_partitioning = false)`)})`,
    )
    if (each !== all) faults.push({ what: 'doubled', detail: `${all - each} rows are there more than once` })
    if (!movesAsWhole(kind)) {
      const time = `epoch_ns(${timeAxis(kind)})`
      const strangers = await one(
        engine,
        `SELECT count(*) FROM read_parquet(${file}, hive_partitioning = false) WHERE NOT (${time} >= ${partStart(kind, part)} AND ${time} < ${partEnd(kind, part)})`,
      )
      const unit = isSlot(part) ? 'time' : SCHEMA[kind].partition
      if (strangers > 0)
        faults.push({
          what: 'partition',
          detail: `${strangers} rows are of another ${unit} than ${partName(kind, part)}`,
        })
    }
    const texts = fileColumns(kind).filter(({ type, name }) => type === 'VARCHAR' && name.endsWith('_text'))
    const misfits = texts.map(({ name }) => {
      const number = name.slice(0, -'_text'.length)
      return `(${name} IS NOT NULL AND TRY_CAST(${name} AS DOUBLE) IS DISTINCT FROM ${number})`
    })
    if (misfits.length > 0) {
      const odd = await one(
        engine,
        `SELECT count(*) FROM read_parquet(${file}, hive_partitioning = false) WHERE ${misfits.join(' OR ')}`,
      )
      if (odd > 0) faults.push({ what: 'numbers', detail: `${odd} numbers do not fit their exact text` })
    }
  } catch (error) {
    faults.push({ what: 'unreadable', detail: messageOf(error) })
  }
  return faults
}

async function one(engine: Queries, sql: string): Promise<number> {
  const [[value] = []] = await engine.rows(sql)
  return Number(value)
}

export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
