import { isoFromNanos } from '../model/time.js'
import { bunches, type ExportTable, type Value } from './table.js'

const BUNCH = 1024

/** CSV as RFC 4180 says, lines ended by LF: a header, numbers with all their digits, times in ISO 8601 with nanoseconds, null as nothing. */
export async function* csvText({ columns, rows }: ExportTable): AsyncGenerator<string> {
  yield `${columns.map(({ name }) => csvCell(name)).join(',')}\n`
  for await (const bunch of bunches(rows, BUNCH)) {
    const lines = bunch.map((row) =>
      columns
        .map(({ name, type }) => {
          const value = row[name] ?? null
          return type === 'time' && typeof value === 'bigint' ? isoFromNanos(value) : csvCell(value)
        })
        .join(','),
    )
    yield `${lines.join('\n')}\n`
  }
}

export function csvCell(value: Value): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One JSON object a line; times and whole numbers of 64 bits in nanoseconds as text, numbers as text with all their digits. */
export async function* ndjsonText({ columns, rows }: ExportTable): AsyncGenerator<string> {
  for await (const bunch of bunches(rows, BUNCH)) {
    const lines = bunch.map((row) =>
      JSON.stringify(
        Object.fromEntries(
          columns.map(({ name }) => {
            const value = row[name] ?? null
            return [name, typeof value === 'bigint' ? value.toString() : value]
          }),
        ),
      ),
    )
    yield `${lines.join('\n')}\n`
  }
}
