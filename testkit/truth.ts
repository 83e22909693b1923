import type { Row } from '../src/chaos/compare.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import { readDataset } from './parquet.js'

const text = (value: unknown) =>
  typeof value === 'number' || typeof value === 'bigint' ? (canonicalDecimal(String(value)) ?? '') : String(value)
/** The exact value of a numeric column of a row read with hyparquet. */
export const exact = (row: Record<string, unknown>, name: string) => text(row[`${name}_text`] ?? row[name])

/** The visible rows of a dataset, read with hyparquet, with exact prices and amounts; books in the order of frame and row. */
export async function visibleRows(data: string, exchange: string, kind: string, pair: string): Promise<Row[]> {
  const rows = await readDataset(data, exchange, kind, pair)
  if (kind === 'book_deltas') {
    rows.sort((a, b) => {
      const [x, y] = [BigInt(String(a.frame)), BigInt(String(b.frame))]
      return x < y ? -1 : x > y ? 1 : Number(a.row) - Number(b.row)
    })
  }
  return rows.map((row) => ({ ...row, price: exact(row, 'price'), amount: exact(row, 'amount') }))
}
