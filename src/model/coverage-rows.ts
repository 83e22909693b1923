import { parseDatasetKey } from './dataset.js'
import type { ErrorCode } from './error.js'
import { coverage, gaps, type Ledger, uncovered, wantedStretches } from './gaps.js'
import type { Proof } from './ledger.js'
import type { Nanos } from './time.js'

/** How a stretch of a dataset stands: held, and by what proof, or not. */
export type CoverageState = Proof | 'venue_down' | 'lost' | 'not_subscribed'

/** A stretch of the ledger as readers see it, half-open, on the dataset's axis of time. */
export interface CoverageRow {
  readonly exchange: string
  readonly pair: string
  readonly dataset_kind: string
  readonly interval: string | null
  readonly from: Nanos
  readonly until: Nanos
  readonly state: CoverageState
  /** Of what is lost: why. */
  readonly code: ErrorCode | null
  readonly detail: string | null
  /** How many the exchange's counter misses there. */
  readonly missing: bigint | null
}

/**
 * The whole ledger as one list without overlaps within a dataset: what is held, what is lost, and what nobody wanted between two times at which
 * somebody did. The time after the last proof is pending and in none of them. Sorted by dataset and time.
 */
export function coverageRows(ledger: Ledger): CoverageRow[] {
  const keys = new Set([...ledger.held, ...ledger.wanted, ...(ledger.lost ?? [])].map(({ dataset }) => dataset))
  const lost = gaps(ledger)
  return [...keys].sort().flatMap((key) => {
    const dataset = parseDatasetKey(key)
    if (!dataset) return []
    const of = <T extends { readonly dataset: string }>(list: readonly T[]) =>
      list.filter((each) => each.dataset === key)
    const { exchange, pair, kind, interval } = dataset
    const about = { exchange, pair, dataset_kind: kind, interval: interval ?? null }
    const plain = { code: null, detail: null, missing: null }
    const covered = coverage(of(ledger.held))
    const wanted = wantedStretches(of(ledger.wanted))
    const unasked = wanted.flatMap(({ until }, at) => {
      const next = wanted[at + 1]
      return until === null || !next ? [] : uncovered(until, next.from, covered)
    })
    const rows: CoverageRow[] = [
      ...covered.map(({ from, until, proof }) => ({ ...about, from, until, state: proof, ...plain })),
      ...unasked.map(({ from, until }) => ({ ...about, from, until, state: 'not_subscribed' as const, ...plain })),
      ...of(lost).map(({ from, until, code, detail, missing = null }) => {
        const state = code === 'EXCHANGE_DOWN' ? ('venue_down' as const) : ('lost' as const)
        return { ...about, from, until, state, code, detail, missing }
      }),
    ]
    return rows.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  })
}
