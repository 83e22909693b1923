import { datasetKey } from '../model/dataset.js'
import type { Gap } from '../model/gaps.js'
import { isoFromNanos } from '../model/time.js'
import type { StoredData } from './services.js'

/** What is held, one row a dataset, as it stands in JSON. */
export function inventoryRows(data: StoredData, gaps: readonly Gap[]) {
  const gapCounts = new Map<string, number>()
  for (const { dataset } of gaps) gapCounts.set(dataset, (gapCounts.get(dataset) ?? 0) + 1)
  return data.inventory().map((entry) => {
    const { exchange, kind, pair, interval } = entry.dataset
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
      gaps: gapCounts.get(datasetKey(entry.dataset)) ?? 0,
    }
  })
}
