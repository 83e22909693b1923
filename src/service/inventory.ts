import { datasetKey } from '../model/dataset.js'
import { isoFromNanos } from '../model/time.js'
import type { StoredData } from './services.js'

/** What is held, one row a dataset, as it stands in JSON. */
export async function inventoryRows(
  data: Pick<StoredData, 'inventory' | 'eachLedger' | 'eventRanges'>,
  signal?: AbortSignal,
) {
  const ranges = await data.eventRanges(signal)
  const known = new Map<string, { held: bigint; heldUntil: bigint | undefined; missing: bigint; gaps: number }>()
  for await (const { dataset, covered, gaps } of data.eachLedger({}, signal))
    known.set(datasetKey(dataset), {
      held: lengthOf(covered),
      heldUntil: covered.at(-1)?.until,
      missing: lengthOf(gaps),
      gaps: gaps.length,
    })
  const nothing = { held: 0n, heldUntil: undefined, missing: 0n, gaps: 0 }
  return data.inventory().map((entry) => {
    const { exchange, kind, pair, interval } = entry.dataset
    const key = datasetKey(entry.dataset)
    const { held, heldUntil, missing, gaps } = known.get(key) ?? nothing
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
      first_event: time(ranges.get(key)?.first),
      last_event: time(ranges.get(key)?.last),
      published: entry.published === undefined ? null : isoFromNanos(entry.published),
      held_until: heldUntil === undefined ? null : isoFromNanos(heldUntil),
      coverage: heldUntil === undefined ? null : held + missing === 0n ? 1 : Number(held) / Number(held + missing),
      held_s: Number(held) / 1e9,
      missing_s: Number(missing) / 1e9,
      gaps,
    }
  })
}

function lengthOf(stretches: readonly { readonly from: bigint; readonly until: bigint }[]): bigint {
  return stretches.reduce((sum, { from, until }) => sum + (until - from), 0n)
}

function time(nanos: bigint | undefined): string | null {
  return nanos === undefined ? null : isoFromNanos(nanos)
}
