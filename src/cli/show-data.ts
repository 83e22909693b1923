import { datasetKey } from '../model/dataset.js'
import type { Gap } from '../model/gaps.js'
import { isoFromNanos } from '../model/time.js'
import type { gapRows } from '../service/gaps.js'
import type { StoredData } from '../service/services.js'
import { bytesText, type Io, table } from './output.js'

/** What is held, one row a dataset, as it stands in JSON. */
export function inventoryRows(data: StoredData, gaps: readonly Gap[]) {
  return data.inventory().map((entry) => {
    const { exchange, kind, pair, interval } = entry.dataset
    const key = datasetKey(entry.dataset)
    const covered = data.coverage(entry.dataset)
    return {
      exchange,
      kind,
      pair,
      interval: interval ?? null,
      rows: entry.rows,
      unpublished_rows: entry.unpublishedRows,
      files: entry.files,
      bytes: entry.bytes,
      first: entry.first,
      last: entry.last,
      published: entry.published === undefined ? null : isoFromNanos(entry.published),
      held_until: covered === undefined ? null : isoFromNanos(covered.heldUntil),
      coverage: covered?.ratio ?? null,
      gaps: gaps.filter(({ dataset }) => dataset === key).length,
    }
  })
}

export function inventoryTable(rows: ReturnType<typeof inventoryRows>, io: Pick<Io, 'terminal' | 'columns'>): string {
  const head = ['EXCHANGE', 'KIND', 'PAIR', 'ROWS', 'FILES', 'SIZE', 'FIRST', 'LAST', 'COVERAGE', 'GAPS']
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
      row.last,
      row.coverage === null ? '–' : `${(row.coverage * 100).toFixed(2)} %`,
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
      `${row.code}: ${row.detail}`,
    ]),
    io,
  )
}
