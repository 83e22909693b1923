import type { StoredRow } from '../service/services.js'
import { type Io, table } from './output.js'

type Printed = Readonly<Record<string, string | number | boolean | null>>

function printable(row: StoredRow): Printed {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  )
}

function csvCell(value: Printed[string] | undefined): string {
  const text = value === null || value === undefined ? '' : String(value)
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Prints rows as they come, at most `limit`; a table is kept until its end to align its columns. */
export async function printRows(
  rows: AsyncIterable<StoredRow>,
  format: 'table' | 'ndjson' | 'csv',
  limit: number,
  io: Io,
): Promise<void> {
  const kept: Printed[] = []
  let head: string[] | undefined
  let count = 0
  for await (const row of rows) {
    if (count++ >= limit) break
    const printed = printable(row)
    if (format === 'ndjson') io.stdout(`${JSON.stringify(printed)}\n`)
    else if (format === 'csv') {
      if (!head) {
        head = Object.keys(printed)
        io.stdout(`${head.join(',')}\n`)
      }
      io.stdout(`${head.map((name) => csvCell(printed[name])).join(',')}\n`)
    } else kept.push(printed)
  }
  if (format !== 'table') return
  const names = Object.keys(kept[0] ?? {})
  if (!kept.length) io.stdout('no rows in this range\n')
  else
    io.stdout(
      table(
        names,
        kept.map((row) => names.map((name) => csvCell(row[name]))),
        io,
      ),
    )
}
