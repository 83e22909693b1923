import {
  Bool,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { toDouble } from '../model/decimal.js'
import { bunches, type ExportColumn, type ExportTable, type Value } from './table.js'

/** Rows of a record batch. */
const BATCH = 16_384

/**
 * Arrow IPC: the columns of the Parquet files, a number as a double with its exact text behind it where the double is not exact. `file` has a footer and can
 * be opened at any place (Feather 2); `stream` can be read while it comes.
 */
export async function* arrowBytes(table: ExportTable, form: 'file' | 'stream'): AsyncGenerator<Uint8Array> {
  const fields = table.columns.flatMap(fieldsOf)
  const schema = new Schema(fields)
  const writer = form === 'file' ? new RecordBatchFileWriter() : new RecordBatchStreamWriter()
  const chunks = writer[Symbol.asyncIterator]()
  writer.reset(undefined, schema)
  const writing = (async () => {
    try {
      for await (const rows of bunches(table.rows, BATCH)) {
        writer.write(batchOf(schema, table.columns, rows))
      }
      writer.finish()
    } catch (error) {
      writer.abort(error)
      throw error
    }
  })()
  // Told by the loop below, or here when nobody reads any more.
  writing.catch(() => {})
  for (;;) {
    const chunk = await chunks.next()
    if (chunk.done) break
    yield chunk.value
  }
  await writing
}

function fieldsOf({ name, type }: ExportColumn): Field[] {
  const types: Record<ExportColumn['type'], DataType> = {
    time: new TimestampNanosecond(),
    number: new Float64(),
    text: new Utf8(),
    int64: new Int64(),
    int32: new Int32(),
    bool: new Bool(),
  }
  const field = new Field(name, types[type], true)
  return type === 'number' ? [field, new Field(`${name}_text`, new Utf8(), true)] : [field]
}

function batchOf(schema: Schema, columns: readonly ExportColumn[], rows: readonly Readonly<Record<string, Value>>[]) {
  const values = columns.flatMap(({ name, type }) => {
    const column = rows.map((row) => row[name] ?? null)
    if (type !== 'number') return [column]
    const doubles = column.map((text) => (typeof text === 'string' ? toDouble(text) : null))
    return [
      doubles.map((double) => (double === null || Number.isNaN(double.value) ? null : double.value)),
      doubles.map((double, at) =>
        double && Number.isNaN(double.value) ? (column[at] ?? null) : (double?.text ?? null),
      ),
    ]
  })
  const children = schema.fields.map(({ type }, at) => {
    if (type instanceof TimestampNanosecond) return timesOf(type, values[at] ?? [])
    const [data] = vectorFromArray(values[at] ?? [], type).data
    return data ?? makeData({ type })
  })
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children })
  return new RecordBatch(schema, data)
}

/** The library's own builder takes milliseconds, which a double holds only to the microsecond. */
function timesOf(type: TimestampNanosecond, values: readonly Value[]) {
  const data = new BigInt64Array(values.length)
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8))
  let nullCount = 0
  values.forEach((value, at) => {
    if (typeof value !== 'bigint') {
      nullCount++
      return
    }
    data[at] = value
    nullBitmap[at >> 3] = (nullBitmap[at >> 3] ?? 0) | (1 << (at & 7))
  })
  return makeData({ type, length: values.length, nullCount, nullBitmap, data })
}
