import type { Dataset } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { type ColumnType, SCHEMA } from '../model/row.js'

/** One value: times and whole numbers of 64 bits as bigint, numbers as exact decimal text. */
export type Value = bigint | string | number | boolean | null

export interface ExportColumn {
  readonly name: string
  readonly type: ColumnType
}

/** Rows on their way into another format, with what they are of. */
export interface ExportTable {
  readonly columns: readonly ExportColumn[]
  readonly rows: AsyncIterable<Readonly<Record<string, Value>>>
}

/** What an export is of, for formats that name it in each row. `symbol` is the exchange's own name. */
export interface ExportOrigin {
  readonly dataset: Dataset
  readonly symbol: string
}

/** The columns of a dataset that were asked for, in the order asked; all when nothing was. Throws UNSUPPORTED for one that it has not. */
export function exportColumns(dataset: Dataset, names: readonly string[] | undefined): ExportColumn[] {
  const all: readonly ExportColumn[] = SCHEMA[dataset.kind].columns
  return (names ?? all.map(({ name }) => name)).map((name) => {
    const column = all.find((each) => each.name === name)
    if (column) return column
    const known = all.map((each) => each.name).join(', ')
    throw new CollectorError('UNSUPPORTED', `${dataset.kind} has no column ${name}; it has ${known}.`, {
      remedy: 'Ask for some of the columns that the message lists.',
    })
  })
}

/** Rows in bunches, so that a format pays its overhead once for many. */
export async function* bunches<T>(rows: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let bunch: T[] = []
  for await (const row of rows) {
    bunch.push(row)
    if (bunch.length < size) continue
    yield bunch
    bunch = []
  }
  if (bunch.length > 0) yield bunch
}
