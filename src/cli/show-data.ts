import type { gapRows } from '../service/gaps.js'
import type { inventoryRows } from '../service/inventory.js'
import { bytesText, type Io, table } from './output.js'

export function inventoryTable(
  rows: Awaited<ReturnType<typeof inventoryRows>>,
  io: Pick<Io, 'terminal' | 'columns'>,
): string {
  const head = [
    'EXCHANGE',
    'KIND',
    'PAIR',
    'ROWS',
    'FILES',
    'SIZE',
    'FIRST',
    'LAST EVENT',
    'COVERAGE',
    'MISSING',
    'GAPS',
  ]
  return table(
    head,
    rows.map((row) => [
      row.exchange,
      row.interval ? `${row.kind} ${row.interval}` : row.kind,
      row.pair,
      String(row.rows),
      String(row.files),
      bytesText(row.bytes),
      row.first,
      row.last_event?.slice(0, 19) ?? row.last,
      row.coverage === null ? '–' : `${(row.coverage * 100).toFixed(2)} %`,
      row.coverage === null ? '–' : `${row.missing_s.toFixed(1)} s`,
      String(row.gaps),
    ]),
    io,
  )
}

export function gapsTable(rows: ReturnType<typeof gapRows>, io: Pick<Io, 'terminal' | 'columns'>): string {
  const head = ['EXCHANGE', 'KIND', 'PAIR', 'FROM', 'UNTIL', 'SECONDS', 'MISSING', 'CAUSE']
  return table(
    head,
    rows.map((row) => [
      row.exchange,
      row.interval ? `${row.kind} ${row.interval}` : row.kind,
      row.pair,
      row.from_time.slice(0, 23),
      row.until_time.slice(0, 23),
      row.seconds.toFixed(3),
      row.missing ?? '–',
      `${row.code}: ${row.detail}${row.lost === null ? '' : ` (lost: ${row.lost})`}`,
    ]),
    io,
  )
}
