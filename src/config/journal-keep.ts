import type { CollectorConfig } from './schema.js'

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `journal.keep` in milliseconds; `forever` is Infinity. */
export function journalKeepMs(keep: CollectorConfig['journal']['keep']): number {
  if (keep === 'forever') return Number.POSITIVE_INFINITY
  const text = String(keep)
  return Number.parseInt(text, 10) * (UNIT_MS[text.slice(-1)] ?? 0)
}
