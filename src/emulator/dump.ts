import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { strToU8, Zip, ZipDeflate } from 'fflate'
import { DAY, type Nanos, nanosFromIso } from '../model/time.js'
import type { Dump, HttpAnswer } from './venue.js'

/** What a fault makes of a file of an archive. */
export const DUMP_DAMAGES = ['absent', 'checksum', 'truncated', 'html', 'columns', 'hole', 'changed'] as const
export type DumpDamage = (typeof DUMP_DAMAGES)[number]

/** Damage of lines: all of it is in the file, checksum and all. */
function damagedLines(lines: readonly string[], damage: DumpDamage | undefined): readonly string[] {
  if (damage === 'hole') return [...lines.slice(0, lines.length >> 1), ...lines.slice((lines.length >> 1) + 10)]
  if (damage === 'columns') return lines.map((line) => line.split(',').reverse().join(','))
  // In each line the first number with a fraction that is not the first cell.
  if (damage === 'changed') return lines.map((line) => line.replace(/,(\d+)\.(\d)/, ',$1.5$2'))
  return lines
}

/**
 * The answer for a file of an archive or the checksum beside it, as `sha256sum` writes it. `name`: of the file inside. Zips are written as streams are:
 * lengths stand behind the content.
 */
export function dumpAnswer(
  { path, packing, header, lines }: Dump,
  asked: string,
  damage: DumpDamage | undefined,
): HttpAnswer {
  if (damage === 'absent') return absent()
  const text = [...(header === undefined ? [] : [header]), ...damagedLines(lines, damage), ''].join('\n')
  const name = path.slice(path.lastIndexOf('/') + 1)
  const whole = packing === 'gzip' ? gzipSync(text) : zipped(name.replace(/\.zip$/, '.csv'), text)
  if (asked.endsWith('.CHECKSUM')) {
    const sum = createHash('sha256')
      .update(whole)
      .update(damage === 'checksum' ? 'another' : '')
    return { status: 200, headers: { 'content-type': 'binary/octet-stream' }, body: `${sum.digest('hex')}  ${name}\n` }
  }
  if (damage === 'html')
    return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Busy</body></html>' }
  const body = damage === 'truncated' ? whole.subarray(0, whole.length >> 1) : whole
  return { status: 200, headers: { 'content-type': 'binary/octet-stream' }, body }
}

/** As S3 says it. */
export function absent(): HttpAnswer {
  const body = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code></Error>'
  return { status: 404, headers: { 'content-type': 'application/xml' }, body }
}

function zipped(name: string, text: string): Uint8Array {
  const pieces: Uint8Array[] = []
  const zip = new Zip((error, piece) => {
    if (error) throw error
    pieces.push(piece)
  })
  const file = new ZipDeflate(name, { level: 6 })
  zip.add(file)
  file.push(strToU8(text), true)
  zip.end()
  return Buffer.concat(pieces)
}

/** The days or the month that a date in the name of a file means, half-open; `undefined` where it means none that is over. */
export function periodOf(date: string, now: Nanos): { readonly from: Nanos; readonly until: Nanos } | undefined {
  const month = /^\d{4}-\d\d$/.test(date)
  const from = nanosFromIso(month ? `${date}-01` : date)
  if (from === undefined) return undefined
  const day = new Date(Number(from / 1_000_000n))
  const until = month ? BigInt(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1)) * 1_000_000n : from + DAY
  return until <= now ? { from, until } : undefined
}
