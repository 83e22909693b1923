import { datasetKey } from '../model/dataset.js'
import type { Gap } from '../model/gaps.js'
import { isoFromNanos } from '../model/time.js'
import type { StoredData } from './services.js'

/** What is held, one row a dataset, as it stands in JSON. */
export async function inventoryRows(
  data: Pick<StoredData, 'inventory' | 'covered' | 'eventRanges'>,
  gaps: readonly Gap[],
  signal?: AbortSignal,
) {
  const ranges = await data.eventRanges(signal)
  const lost = new Map<string, { count: number; time: bigint }>()
  for (const { dataset, from, until } of gaps) {
    const known = lost.get(dataset) ?? { count: 0, time: 0n }
    lost.set(dataset, { count: known.count + 1, time: known.time + (until - from) })
  }
  return data.inventory().map((entry) => {
    const { exchange, kind, pair, interval } = entry.dataset
    const covered = data.covered(entry.dataset)
    const held = covered.reduce((sum, { from, until }) => sum + (until - from), 0n)
    const missing = lost.get(datasetKey(entry.dataset)) ?? { count: 0, time: 0n }
    const heldUntil = covered.at(-1)?.until
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
      first_event: time(ranges.get(datasetKey(entry.dataset))?.first),
      last_event: time(ranges.get(datasetKey(entry.dataset))?.last),
      published: entry.published === undefined ? null : isoFromNanos(entry.published),
      held_until: heldUntil === undefined ? null : isoFromNanos(heldUntil),
      coverage:
        heldUntil === undefined ? null : held + missing.time === 0n ? 1 : Number(held) / Number(held + missing.time),
      held_s: Number(held) / 1e9,
      missing_s: Number(missing.time) / 1e9,
      gaps: missing.count,
    }
  })
}

function time(nanos: bigint | undefined): string | null {
  return nanos === undefined ? null : isoFromNanos(nanos)
}
