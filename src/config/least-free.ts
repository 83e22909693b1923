import type { CollectorConfig } from './schema.js'

const GIB = 1024 ** 3

/** Free bytes below which recording pauses, on a disk of this size: `journal.min_free_gb`; `auto` is 1 GiB, or 2 % of a disk that is small. */
export function leastFree({ min_free_gb }: Pick<CollectorConfig['journal'], 'min_free_gb'>, diskBytes: number): number {
  return min_free_gb === 'auto' ? Math.min(GIB, diskBytes * 0.02) : min_free_gb * GIB
}
