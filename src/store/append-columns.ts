import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  DuckDBDataChunk,
  type DuckDBType,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { Kind } from '../model/dataset.js'
import { type ColumnType, SCHEMA } from '../model/row.js'
import { quoted, SQL_TYPE } from './canonical.js'
import { NULL_INT32, NULL_INT64 } from './column-buffer.js'
import type { ColumnValues, KindBatch } from './columns.js'
import { partOfDay } from './partition.js'

/** Rows of a DuckDB chunk. */
const CHUNK = 2048
/** A column with so few different texts goes in as numbers. */
const FEW_TEXTS = 16
const SQL_NULL_INT64 = `(${NULL_INT64 + 1n} - 1)::BIGINT`

/** A column of the table that rows go into. */
interface TableColumn {
  readonly name: string
  readonly type: DuckDBType
  fill(chunk: DuckDBDataChunk, at: number, batch: KindBatch, from: number, until: number): void
}

/**
 * How the rows of some batches of one kind get into a table of DuckDB, and out of it as the columns of a file. Nulls and repeated texts go in as numbers that stand for
 * them, which costs a fraction of the time.
 */
export class TableForm {
  readonly #columns: TableColumn[] = []
  /** SQL for the columns of the file, in their order. */
  readonly #selected: string[] = []

  /** `place`: where all rows belong, if that is one dataset and partition. */
  constructor(kind: Kind, batches: readonly KindBatch[], ids: ReadonlyMap<string, number>, place?: Place) {
    if (place) this.#selected.push(`${place.dataset}::INTEGER AS dataset`, `${place.part}::INTEGER AS part`)
    else this.#places(kind, ids)
    SCHEMA[kind].columns.forEach(({ name, type }, index) => {
      const own = batches.flatMap(({ columns }) => columns[index] ?? [])
      const [first] = own
      if (first?.type === 'constant' && own.every((each) => each.type === 'constant' && each.value === first.value))
        this.#constant(name, type, first.value)
      else if (type === 'text') this.#text(name, index, own)
      else if (type === 'number') this.#number(name, index, own)
      else this.#integer(name, index, type)
    })
  }

  /** The columns of the table, as CREATE TABLE names them. */
  get definitions(): string {
    return this.#columns.map(({ name, type }) => `${name} ${String(type)}`).join(', ')
  }

  get selection(): string {
    return this.#selected.join(', ')
  }

  append(appender: DuckDBAppender, batch: KindBatch): void {
    const types = this.#columns.map(({ type }) => type)
    const chunk = DuckDBDataChunk.create(types)
    for (let from = 0; from < batch.rows; from += CHUNK) {
      const until = Math.min(from + CHUNK, batch.rows)
      chunk.reset()
      chunk.rowCount = until - from
      for (const [at, column] of this.#columns.entries()) column.fill(chunk, at, batch, from, until)
      appender.appendDataChunk(chunk)
    }
  }

  #places(kind: Kind, ids: ReadonlyMap<string, number>): void {
    const parts = new Map<number, number>()
    const partOf = (day: number) => {
      const known = parts.get(day)
      if (known !== undefined) return known
      const part = partOfDay(kind, day)
      parts.set(day, part)
      return part
    }
    this.#selected.push('dataset', 'part')
    this.#columns.push({
      name: 'dataset',
      type: INTEGER,
      fill(chunk, at, { datasets, dataset }, from, until) {
        const numbers = datasets.map((key) => ids.get(key) ?? -1)
        fillIntegers(chunk, at, from, until, (row) => numbers[dataset[row] ?? -1] ?? -1)
      },
    })
    this.#columns.push({
      name: 'part',
      type: INTEGER,
      fill: (chunk, at, { day }, from, until) => fillIntegers(chunk, at, from, until, (row) => partOf(day[row] ?? 0)),
    })
  }

  /** Takes no way through the table. */
  #constant(name: string, type: ColumnType, value: string | null): void {
    this.#selected.push(`${value === null ? 'NULL' : quoted(value)}::${SQL_TYPE[type]} AS ${name}`)
    if (type === 'number') this.#selected.push(`NULL::VARCHAR AS ${name}_text`)
  }

  #integer(name: string, index: number, type: ColumnType): void {
    if (type === 'time' || type === 'int64') {
      const value = `nullif(${name}, ${SQL_NULL_INT64})`
      this.#selected.push(`${type === 'time' ? `make_timestamp_ns(${value})` : value} AS ${name}`)
      this.#columns.push({
        name,
        type: BIGINT,
        fill(chunk, at, { columns }, from, until) {
          const values = columns[index]
          const list = values?.type === 'int64' ? values.values.subarray(from, until) : noneOf(values)
          copyIn(chunk, at, list ?? new BigInt64Array(until - from).fill(NULL_INT64))
        },
      })
      return
    }
    const value = `nullif(${name}, ${NULL_INT32})`
    this.#selected.push(`${type === 'bool' ? `(${value} = 1)` : value} AS ${name}`)
    this.#columns.push({
      name,
      type: INTEGER,
      fill(chunk, at, { columns }, from, until) {
        const values = columns[index]
        const list = values?.type === 'int32' ? values.values.subarray(from, until) : noneOf(values)
        copyIn(chunk, at, list ?? new Int32Array(until - from).fill(NULL_INT32))
      },
    })
  }

  /** A number, and its exact text where any row has one. */
  #number(name: string, index: number, own: readonly ColumnValues[]): void {
    const isFull = own.every((values) => values.type === 'number' && !values.values.includes(Number.NaN))
    this.#selected.push(isFull ? name : `CASE WHEN isnan(${name}) THEN NULL ELSE ${name} END AS ${name}`)
    this.#columns.push({
      name,
      type: DOUBLE,
      fill(chunk, at, { columns }, from, until) {
        const values = columns[index]
        const list = values?.type === 'number' ? values.values.subarray(from, until) : noneOf(values)
        copyIn(chunk, at, list ?? new Float64Array(until - from).fill(Number.NaN))
      },
    })
    const text = `${name}_text`
    if (own.every((values) => values.type !== 'number' || values.texts.length === 0)) {
      this.#selected.push(`NULL::VARCHAR AS ${text}`)
      return
    }
    const texts = new Map(own.map((values) => [values, exactTexts(values)]))
    this.#selected.push(text)
    this.#columns.push({
      name: text,
      type: VARCHAR,
      fill(chunk, at, { columns }, from, until) {
        const values = columns[index]
        const known = values && texts.get(values)
        chunk.setColumnValues(
          at,
          Array.from({ length: until - from }, (_, row) => known?.get(from + row) ?? null),
        )
      },
    })
  }

  #text(name: string, index: number, own: readonly ColumnValues[]): void {
    const codes = codesOf(own)
    if (!codes) {
      this.#selected.push(name)
      this.#columns.push({
        name,
        type: VARCHAR,
        fill(chunk, at, { columns }, from, until) {
          const values = columns[index]
          const text = textsOf(values)
          chunk.setColumnValues(
            at,
            Array.from({ length: until - from }, (_, row) => text(from + row)),
          )
        },
      })
      return
    }
    const cases = [...codes].map(([text, code]) => `WHEN ${code} THEN ${quoted(text)}`)
    this.#selected.push(`(CASE ${name} ${['WHEN -1 THEN NULL', ...cases].join(' ')} END)::VARCHAR AS ${name}`)
    this.#columns.push({
      name,
      type: INTEGER,
      fill(chunk, at, { columns }, from, until) {
        const values = columns[index]
        const text = textsOf(values)
        fillIntegers(chunk, at, from, until, (row) => codes.get(text(row) ?? '') ?? -1)
      },
    })
  }
}

/** So many rows belong to a partition of a dataset. */
export interface Place {
  readonly dataset: number
  readonly part: number
  readonly rows: number
}

/** How many rows of the batches belong where, by dataset and partition. */
export function countPlaces(kind: Kind, batches: readonly KindBatch[], ids: ReadonlyMap<string, number>): Place[] {
  const counts = new Map<string, Place>()
  for (const { rows, datasets, dataset, day } of batches) {
    for (let from = 0, row = 1; row <= rows; row++) {
      if (row < rows && dataset[row] === dataset[from] && day[row] === day[from]) continue
      const [number, part] = [ids.get(datasets[dataset[from] ?? -1] ?? '') ?? -1, partOfDay(kind, day[from] ?? 0)]
      const key = `${number} ${part}`
      counts.set(key, { dataset: number, part, rows: (counts.get(key)?.rows ?? 0) + row - from })
      from = row
    }
  }
  return [...counts.values()].sort((a, b) => a.dataset - b.dataset || a.part - b.part)
}

/** A number for each text; `undefined` when there are many, or one that SQL cannot hold. */
function codesOf(own: readonly ColumnValues[]): ReadonlyMap<string, number> | undefined {
  const codes = new Map<string, number>()
  for (const values of own) {
    const list = values.type === 'text' ? values.values : values.type === 'constant' ? [values.value] : []
    for (const text of list) {
      if (text === null || codes.has(text)) continue
      if (codes.size === FEW_TEXTS || text === '' || text.includes('\0')) return undefined
      codes.set(text, codes.size)
    }
  }
  return codes
}

/** The text of each row. */
function textsOf(values: ColumnValues | undefined): (row: number) => string | null {
  if (values?.type === 'constant') return () => values.value
  if (values?.type !== 'text') throw misfit()
  return (row) => values.values[row] ?? null
}

/** A column of another type than its table: only one of nothing but nulls may be. */
function noneOf(values: ColumnValues | undefined): undefined {
  if (values?.type !== 'constant' || values.value !== null) throw misfit()
}

function fillIntegers(
  chunk: DuckDBDataChunk,
  at: number,
  from: number,
  until: number,
  read: (row: number) => number,
): void {
  const values = new Int32Array(until - from)
  for (let row = from; row < until; row++) values[row - from] = read(row)
  copyIn(chunk, at, values)
}

/** Makes these the values of a column of a chunk whose type has their width: all at once, none of them null. */
function copyIn(
  { chunk }: DuckDBDataChunk,
  at: number,
  values: Int32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
): void {
  const { buffer, byteOffset, byteLength } = values
  duckdb.copy_data_to_vector(duckdb.data_chunk_get_vector(chunk, at), 0, buffer, byteOffset, byteLength)
}

/** The sparse exact texts of a column of numbers by row. */
function exactTexts(values: ColumnValues): ReadonlyMap<number, string> | undefined {
  if (values.type !== 'number' || values.texts.length === 0) return undefined
  return new Map(values.texts.map((text, index) => [values.at[index] ?? -1, text]))
}

function misfit(): Error {
  return new Error('a column of the batch does not fit its table')
}
