import writeXlsxFile from 'write-excel-file/node'
import { CollectorError } from '../model/error.js'
import { isoFromNanos } from '../model/time.js'
import type { ExportTable, Value } from './table.js'

/** What a sheet can hold, its header aside. */
const MOST_ROWS = 1_048_575

/**
 * A workbook with one sheet. Numbers are numbers of Excel (15 digits), times are text in ISO 8601 because Excel knows no nanoseconds, whole
 * numbers of 64 bits are text. Returns how many rows there are. Throws EXPORT_TOO_LARGE.
 */
export async function writeXlsx({ columns, rows }: ExportTable, path: string): Promise<number> {
  const cells: (string | number | boolean | null)[][] = [columns.map(({ name }) => name)]
  for await (const row of rows) {
    if (cells.length > MOST_ROWS)
      throw new CollectorError('EXPORT_TOO_LARGE', `a sheet of Excel holds ${MOST_ROWS} rows, and there are more`)
    cells.push(columns.map(({ name, type }) => cellOf(row[name] ?? null, type)))
  }
  await writeXlsxFile(cells, { sheet: 'data', stickyRowsCount: 1 }).toFile(path)
  return cells.length - 1
}

function cellOf(value: Value, type: string): string | number | boolean | null {
  if (typeof value === 'bigint') return type === 'time' ? isoFromNanos(value) : value.toString()
  return type === 'number' && typeof value === 'string' ? Number(value) : value
}
