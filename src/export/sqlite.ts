import Database from 'libsql'
import { toDouble } from '../model/decimal.js'
import { bunches, type ExportColumn, type ExportTable, type Value } from './table.js'

const BUNCH = 10_000
const TYPES: Readonly<Record<ExportColumn['type'], string>> = {
  time: 'INTEGER',
  number: 'REAL',
  text: 'TEXT',
  int64: 'INTEGER',
  int32: 'INTEGER',
  bool: 'INTEGER',
}

/**
 * A SQLite database with one table: times as nanoseconds since 1970 (INTEGER), a number as REAL with its exact text in a column `{name}_text` behind it where the
 * double is not exact, booleans as 0 and 1. Returns how many rows there are.
 */
export async function writeSqlite({ columns, rows }: ExportTable, table: string, path: string): Promise<number> {
  const fields = columns.flatMap(({ name, type }) =>
    type === 'number' ? [`"${name}" REAL`, `"${name}_text" TEXT`] : [`"${name}" ${TYPES[type]}`],
  )
  const db = new Database(path)
  let count = 0
  try {
    db.exec(`PRAGMA journal_mode = off; PRAGMA synchronous = off; CREATE TABLE "${table}" (${fields.join(', ')})`)
    const insert = db.prepare(`INSERT INTO "${table}" VALUES (${fields.map(() => '?').join(', ')})`)
    for await (const bunch of bunches(rows, BUNCH)) {
      db.exec('BEGIN')
      for (const row of bunch) insert.run(...columns.flatMap(({ name, type }) => cells(row[name] ?? null, type)))
      db.exec('COMMIT')
      count += bunch.length
    }
  } finally {
    db.close()
  }
  return count
}

function cells(value: Value, type: ExportColumn['type']): (bigint | string | number | null)[] {
  if (type !== 'number') return [typeof value === 'boolean' ? Number(value) : value]
  if (typeof value !== 'string') return [null, null]
  const { value: double, text } = toDouble(value)
  return Number.isNaN(double) ? [null, value] : [double, text ?? null]
}
