import { type ColumnType, SCHEMA } from '../model/row.js'
import { orderKeys, SQL_TYPE } from './canonical.js'
import type { Split } from './catalog.js'
import { NULL_INT32, NULL_INT64 } from './column-buffer.js'
import type { ColumnValues, KindBatch } from './columns.js'
import {
  type Encoded,
  encodeDoubles,
  encodeInt32,
  encodeInt64,
  encodeSame,
  encodeTexts,
  plainTexts,
} from './parquet-encodings.js'
import { type ParquetColumn, type ParquetRows, type ParquetType, parquetFile } from './parquet-file.js'
import { type Part, partOfDay } from './partition.js'

/** The bytes of a segment, and how many rows it has of what. */
export interface OrderedSegment {
  readonly bytes: Uint8Array
  readonly parts: readonly { readonly dataset: number; readonly part: Part; readonly rows: number }[]
}

/**
 * A segment straight from columns: for rows of a past, which come in the order of their file, page by page; each dataset is a group of rows of its own. Its numbers are not
 * compressed, so it is somewhat larger than one that DuckDB writes, at a quarter of the CPU time. `undefined` for other rows, and where partitions are split: they have to be
 * sorted.
 */
export function orderedSegment(
  batches: readonly KindBatch[],
  ids: ReadonlyMap<string, number>,
  splits: readonly Split[],
): OrderedSegment | undefined {
  if (!batches.every(isPast)) return undefined
  const groups: ParquetRows[] = []
  const counts = new Map<string, OrderedSegment['parts'][number]>()
  for (const batch of batches.flatMap(oneByOne)) {
    if (!isInOrder(batch)) return undefined
    const dataset = ids.get(batch.datasets[0] ?? '') ?? -1
    const { values, rows } = partsOf(batch)
    const numbers = [...rows.keys()].sort((a, b) => a - b)
    for (const part of numbers) {
      if (splits.some((split) => split.dataset === dataset && split.part === part)) return undefined
      const before = counts.get(`${dataset} ${part}`)?.rows ?? 0
      counts.set(`${dataset} ${part}`, { dataset, part, rows: before + (rows.get(part) ?? 0) })
    }
    const columns = SCHEMA[batch.kind].columns.flatMap(({ name, type }, index) =>
      columnsOf(name, type, batch.columns[index], batch.rows),
    )
    const places = [placeColumn('dataset', batch.rows, [dataset]), placeColumn('part', batch.rows, numbers, values)]
    groups.push({ rows: batch.rows, columns: [...places, ...columns] })
  }
  return { bytes: parquetFile(groups), parts: [...counts.values()] }
}

function columnOf({ kind, columns }: KindBatch, wanted: string | undefined): ColumnValues | undefined {
  return columns[SCHEMA[kind].columns.findIndex(({ name }) => name === wanted)]
}

/** Rows that did not come from a stream. */
function isPast(batch: KindBatch): boolean {
  const source = columnOf(batch, 'source')
  return source?.type === 'constant' && source.value !== null && source.value !== 'stream'
}

/** The partition of each row, and how many rows each has. */
function partsOf({ kind, rows, day }: KindBatch): {
  readonly values: Int32Array
  readonly rows: ReadonlyMap<Part, number>
} {
  const values = new Int32Array(rows)
  const counts = new Map<Part, number>()
  let [part, from] = [0, 0]
  for (let row = 0; row < rows; row++) {
    if (row === 0 || day[row] !== day[row - 1]) part = partOfDay(kind, day[row] ?? 0)
    values[row] = part
    if (row + 1 < rows && day[row + 1] === day[row]) continue
    counts.set(part, (counts.get(part) ?? 0) + row + 1 - from)
    from = row + 1
  }
  return { values, rows: counts }
}

/** Whether each row comes after the one before in the order of files: later, or of the same time and a larger id. */
function isInOrder(batch: KindBatch): boolean {
  const keys = orderKeys(batch.kind)
  const times = columnOf(batch, keys[0]?.sql)
  const ids = columnOf(batch, keys[2]?.sql)
  if (times?.type !== 'int64' || keys[0]?.type !== SQL_TYPE.time || times.values[0] === NULL_INT64) return false
  const halves = new Int32Array(times.values.buffer, times.values.byteOffset, batch.rows * 2)
  for (let row = 1; row < batch.rows; row++) {
    const [low, high] = [halves[row * 2] ?? 0, halves[row * 2 + 1] ?? 0]
    const [lowBefore, highBefore] = [halves[row * 2 - 2] ?? 0, halves[row * 2 - 1] ?? 0]
    if (high > highBefore || (high === highBefore && low >>> 0 > lowBefore >>> 0)) continue
    if (low !== lowBefore || high !== highBefore || ids?.type !== 'text') return false
    if (!isLarger(ids.values[row], ids.values[row - 1])) return false
  }
  return true
}

const WHOLE_NUMBER = /^[1-9][0-9]{0,36}$/

function isLarger(id: string | null | undefined, before: string | null | undefined): boolean {
  if (!id || !before || !WHOLE_NUMBER.test(id) || !WHOLE_NUMBER.test(before)) return false
  return id.length === before.length ? id > before : id.length > before.length
}

/** A batch for each dataset: where several are fetched at once their rows come in turn. */
function oneByOne(batch: KindBatch): readonly KindBatch[] {
  if (batch.datasets.length === 1) return [batch]
  const rowsOf = batch.datasets.map((): number[] => [])
  for (let row = 0; row < batch.rows; row++) rowsOf[batch.dataset[row] ?? 0]?.push(row)
  return rowsOf.flatMap((rows, number) =>
    rows.length === 0
      ? []
      : {
          kind: batch.kind,
          rows: rows.length,
          datasets: batch.datasets.slice(number, number + 1),
          dataset: new Int32Array(rows.length),
          day: Int32Array.from(rows, (row) => batch.day[row] ?? 0),
          columns: batch.columns.map((values) => taken(values, rows)),
        },
  )
}

function taken(values: ColumnValues, rows: readonly number[]): ColumnValues {
  switch (values.type) {
    case 'constant':
      return values
    case 'int64':
      return { type: 'int64', values: BigInt64Array.from(rows, (row) => values.values[row] ?? NULL_INT64) }
    case 'int32':
      return { type: 'int32', values: Int32Array.from(rows, (row) => values.values[row] ?? NULL_INT32) }
    case 'text':
      return { type: 'text', values: rows.map((row) => values.values[row] ?? null) }
    case 'number': {
      const own = Float64Array.from(rows, (row) => values.values[row] ?? Number.NaN)
      const known = new Map(values.texts.map((text, index) => [values.at[index], text]))
      const exact = rows.flatMap((row, at) => (known.has(row) ? { at, text: known.get(row) ?? '' } : []))
      return {
        type: 'number',
        values: own,
        at: Int32Array.from(exact, ({ at }) => at),
        texts: exact.map(({ text }) => text),
      }
    }
  }
}

/** The numbers in it, rising: who looks for another does not look into the rows. */
function placeColumn(name: string, rows: number, numbers: readonly number[], values?: Int32Array): ParquetColumn {
  const plain = (value = 0) => new Uint8Array(Int32Array.of(value).buffer)
  const [least, most] = [plain(numbers[0]), plain(numbers.at(-1))]
  const held = values && numbers.length > 1 ? encodeInt32(values) : encodeSame(rows, least)
  return { name, type: 'INTEGER', values: held, least, most }
}

const NOTHING: Encoded = { encoding: 'plain', bytes: new Uint8Array(0) }
const nulls = (name: string, type: ParquetType): ParquetColumn => ({ name, type, present: 'none', values: NOTHING })

/** The column of the file, and that of the exact texts of a number. */
function columnsOf(name: string, type: ColumnType, values: ColumnValues | undefined, rows: number): ParquetColumn[] {
  const text = `${name}_text`
  if (values?.type === 'constant' && type !== 'bool' && (values.value === null || type === 'text')) {
    const { value } = values
    const same = value === null ? undefined : encodeSame(rows, plainTexts([value]).bytes)
    const all = same ? { name, type: SQL_TYPE[type], values: same } : nulls(name, SQL_TYPE[type])
    return type === 'number' ? [all, nulls(text, 'VARCHAR')] : [all]
  }
  if (values?.type === 'int64' && (type === 'time' || type === 'int64')) {
    const present = presentInt64(values.values)
    const own = present ? chosen(values.values, present) : values.values
    return [{ name, type: SQL_TYPE[type], ...held(present, own, encodeInt64) }]
  }
  if (values?.type === 'int32' && type === 'int32') {
    const present = presentInt32(values.values)
    const own = present ? chosen(values.values, present) : values.values
    return [{ name, type: SQL_TYPE[type], ...held(present, own, encodeInt32) }]
  }
  if (values?.type === 'text' && type === 'text') {
    if (isFull(values.values)) return [{ name, type: SQL_TYPE[type], values: encodeTexts(values.values) }]
    const present = Uint8Array.from(values.values, (each) => Number(each !== null))
    const own = values.values.filter((each) => each !== null)
    return [{ name, type: SQL_TYPE[type], ...held(present, own, encodeTexts) }]
  }
  if (values?.type === 'number' && type === 'number') {
    const present = presentDouble(values.values)
    const own = present ? chosen(values.values, present) : values.values
    const double = { name, type: SQL_TYPE[type], ...held(present, own, encodeDoubles) }
    return [double, exactTexts(text, values.at, values.texts, rows)]
  }
  throw new Error(`the column ${name} of the batch is not of its type`)
}

function isFull(texts: readonly (string | null)[]): texts is readonly string[] {
  return !texts.includes(null)
}

function held<T extends { readonly length: number }>(
  present: Uint8Array | undefined,
  values: T,
  encode: (values: T) => Encoded,
): Pick<ParquetColumn, 'present' | 'values'> {
  if (!present) return { values: encode(values) }
  return values.length === 0 ? { present: 'none', values: NOTHING } : { present, values: encode(values) }
}

/** The few rows whose number a double does not hold exactly. */
function exactTexts(name: string, at: Int32Array, texts: readonly string[], rows: number): ParquetColumn {
  if (texts.length === 0) return nulls(name, 'VARCHAR')
  const present = new Uint8Array(rows)
  for (const row of at) present[row] = 1
  return { name, type: 'VARCHAR', present, values: encodeTexts(texts) }
}

/** 1 for each row that is not null; `undefined` where none is. */
function presentInt64(values: BigInt64Array): Uint8Array | undefined {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let present: Uint8Array | undefined
  for (let row = 0; row < values.length; row++) {
    if (halves[row * 2 + 1] !== NULL_INT32 || halves[row * 2] !== 0) continue
    present ??= new Uint8Array(values.length).fill(1)
    present[row] = 0
  }
  return present
}

function presentInt32(values: Int32Array): Uint8Array | undefined {
  let present: Uint8Array | undefined
  for (let row = 0; row < values.length; row++) {
    if (values[row] !== NULL_INT32) continue
    present ??= new Uint8Array(values.length).fill(1)
    present[row] = 0
  }
  return present
}

function presentDouble(values: Float64Array): Uint8Array | undefined {
  let present: Uint8Array | undefined
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? 0
    // biome-ignore lint/suspicious/noSelfCompare: a call for each would take longer than all else that is done with them
    if (value === value) continue
    present ??= new Uint8Array(values.length).fill(1)
    present[row] = 0
  }
  return present
}

function chosen<T extends Float64Array | Int32Array | BigInt64Array>(values: T, present: Uint8Array): T
function chosen(
  values: Float64Array | Int32Array | BigInt64Array,
  present: Uint8Array,
): Float64Array | Int32Array | BigInt64Array {
  if (values instanceof BigInt64Array) return values.filter((_, row) => present[row] === 1)
  return values.filter((_: number, row: number) => present[row] === 1)
}
