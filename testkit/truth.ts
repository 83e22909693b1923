import type { Row } from '../src/chaos/compare.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import { readDataset } from './parquet.js'

const text = (value: unknown) =>
  typeof value === 'number' || typeof value === 'bigint' ? (canonicalDecimal(String(value)) ?? '') : String(value)
/** The exact value of a numeric column of a row read with hyparquet. */
export const exact = (row: Record<string, unknown>, name: string) => text(row[`${name}_text`] ?? row[name])

/** A row with its numbers as exact text. */
function exactRow(row: Record<string, unknown>): Row {
  const numbers = Object.keys(row).filter((name) => `${name}_text` in row)
  const known = numbers.filter((name) => (row[name] ?? row[`${name}_text`] ?? null) !== null)
  return { ...row, ...Object.fromEntries(known.map((name) => [name, exact(row, name)])) }
}

/** The visible rows of a dataset, read with hyparquet, numbers exact; books in the order of frame and row. */
export async function visibleRows(
  data: string,
  exchange: string,
  kind: string,
  pair: string,
  interval?: string,
): Promise<Row[]> {
  const rows = await readDataset(data, exchange, kind, pair, interval)
  if (kind === 'book_deltas') {
    rows.sort((a, b) => {
      const [x, y] = [BigInt(String(a.frame)), BigInt(String(b.frame))]
      return x < y ? -1 : x > y ? 1 : Number(a.row) - Number(b.row)
    })
  }
  return rows.map(exactRow)
}
