import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredRow } from '../service/services.js'
import { type Io, numberText, table, timeText, usage } from './output.js'

type Printed = Readonly<Record<string, string | number | boolean | null>>

function printable(row: StoredRow): Printed {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  )
}

/** As people read it: a time as a time, a number without the noise of its last digit. */
function forEyes(name: string, value: StoredRow[string] | undefined): string {
  if (typeof value === 'bigint' && name.endsWith('time')) return timeText(value)
  if (typeof value === 'number') return numberText(value)
  return value === null || value === undefined ? '' : String(value)
}

function csvCell(value: Printed[string] | undefined): string {
  const text = value === null || value === undefined ? '' : String(value)
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const CHUNK = 64 * 1024

/** Prints rows as they come, at most `limit`; a table is kept until its end to align its columns. */
export async function printRows(
  rows: AsyncIterable<StoredRow>,
  format: 'table' | 'ndjson' | 'csv',
  limit: number,
  io: Io,
): Promise<void> {
  const kept: StoredRow[] = []
  let waiting = ''
  const out = async (line: string) => {
    waiting += line
    if (waiting.length < CHUNK) return
    await io.write(waiting)
    waiting = ''
  }
  let head: string[] | undefined
  let count = 0
  for await (const row of rows) {
    if (count++ >= limit) break
    if (format === 'table') {
      kept.push(row)
      continue
    }
    const printed = printable(row)
    if (format === 'ndjson') await out(`${JSON.stringify(printed)}\n`)
    else {
      if (!head) {
        head = Object.keys(printed)
        await out(`${head.join(',')}\n`)
      }
      await out(`${head.map((name) => csvCell(printed[name])).join(',')}\n`)
    }
  }
  if (waiting) await io.write(waiting)
  if (format !== 'table') return
  const names = Object.keys(kept[0] ?? {})
  if (!kept.length) io.stdout('no rows in this range\n')
  else
    io.stdout(
      table(
        names,
        kept.map((row) => names.map((name) => forEyes(name, row[name]))),
        io,
      ),
    )
}

/** Prints a file that `make` writes at the path that it is given. Throws USAGE where a person would see its bytes. */
export async function printFile(make: (path: string) => Promise<unknown>, io: Io): Promise<void> {
  if (io.terminal) throw usage('this format is not for eyes', 'Send it into a file: add > NAME, or use dccd export.')
  const folder = await mkdtemp(join(tmpdir(), 'dccd-read-'))
  try {
    const path = join(folder, 'rows')
    await make(path)
    for await (const chunk of createReadStream(path)) await io.write(chunk as Uint8Array) // a stream of bytes without an encoding
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
