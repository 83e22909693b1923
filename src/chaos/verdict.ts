import { type Dataset, INTERVALS } from '../model/dataset.js'
import { SECOND } from '../model/time.js'
import {
  type Comparison,
  compareBooks,
  compareTrades,
  compareValues,
  type Extent,
  type Interval,
  type Row,
} from './compare.js'
import { compareCandles } from './compare-candles.js'
import { compareQuotes } from './compare-quotes.js'
import { type Disturbance, type GapJson, judge } from './ledger-check.js'
import { readTruth, type Truth } from './truth.js'

/** What of an exchange is recorded. */
export interface Recorded {
  readonly exchange: string
  readonly datasets: readonly Dataset[]
}

/** What a data folder at rest says of itself. */
interface StoredLedger {
  readonly gaps: readonly GapJson[]
  /** On whose clock a dataset is held, and from when to when. */
  extent(dataset: Dataset): Extent
}

/** What a verdict needs of the rest of the program. */
export interface VerdictPorts {
  /** Rows of a data folder at rest that are safe and not yet visible. */
  unpublished(dataPath: string): Promise<number>
  ledger<T>(dataPath: string, use: (ledger: StoredLedger) => Promise<T>): Promise<T>
  /** Rows of the visible files of one dataset, as any reader sees them, in the order of the files. */
  visibleRows(dataPath: string, dataset: Dataset): AsyncIterable<Row>
}

/** The result of a run, for people and machines. */
export interface ChaosVerdict {
  readonly seed: string
  readonly seconds: number
  readonly kills: number
  /** Everything else that was done. */
  readonly faults: number
  /** All that was done, by torment. */
  readonly torments: Readonly<Record<string, number>>
  readonly datasets: number
  readonly trades: number
  /** States of books that were rebuilt and compared. */
  readonly book_states: number
  /** Stored rows of everything else that was compared, by kind. */
  readonly rows: Readonly<Record<string, number>>
  /** What is stored and has nothing to be compared with, and what is not asked for. */
  readonly not_compared: readonly string[]
  readonly lost: number
  readonly doubled: number
  readonly wrong: number
  /** Gaps that nothing explains, and datasets that have too much of them. */
  readonly false_gaps: number
  /** All gaps, over all datasets. */
  readonly gap_seconds: number
  /** What of them was caused by nothing that was done. */
  readonly unexplained_seconds: number
  /** What happened, is not stored, and lies in a gap: trades, states of books, values, candles. */
  readonly missing_in_gaps: number
  readonly problems: readonly string[]
  readonly passed: boolean
}

/** Where the files of a run are, and what was done. */
export interface Evidence {
  readonly data: string
  readonly truth: string
  readonly recorded: readonly Recorded[]
  readonly disturbances: readonly Disturbance[]
}

/** What the comparison leaves out of all exchanges. */
const NOT_ASKED = [
  'book_snapshots: they are made from the changes, which are compared',
  'quotes that are missing: exchanges leave out and join them; those stored are compared',
  'funding and open_interest that is missing: stored when it changes; what is stored is compared',
]
/** What an exchange does not tell as it happened. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'bitfinex quotes':
    'made from its book, which comes level by level: between two of them the best is none of the market',
}
const SHOWN = 5

/** Compares what is stored with what happened, and the ledger with what was done. */
export async function verdictOf(ports: VerdictPorts, evidence: Evidence) {
  const truths = await readTruth(evidence.truth)
  return await ports.ledger(evidence.data, async (ledger) => {
    const counts = { lost: 0, doubled: 0, wrong: 0 }
    const sum = { trades: 0, book_states: 0, datasets: 0, missing_in_gaps: 0 }
    const rows: Record<string, number> = {}
    const problems: string[] = []
    const unknown = new Set<string>()
    const datasets = evidence.recorded.flatMap(({ datasets: own }) => own)
    for (const dataset of datasets) {
      const { exchange, kind, pair } = dataset
      const truth = truths.get(`${exchange} ${pair}`)
      const own = ledger.gaps.filter((gap) => gap.exchange === exchange && gap.pair === pair && gap.kind === kind)
      const gaps = own.map(({ from, until }) => ({ from: BigInt(from), until: BigInt(until) }))
      const stored = ports.visibleRows(evidence.data, dataset)
      const isLeftOut = LEFT_OUT[`${exchange} ${kind}`] !== undefined
      const found = truth && !isLeftOut && (await compare(dataset, stored, truth, gaps, ledger.extent(dataset)))
      if (!found) {
        unknown.add(`${exchange} ${kind}`)
        continue
      }
      const name = `${exchange} ${pair} ${kind}`
      sum.datasets++
      sum.missing_in_gaps += found.excused
      if (kind === 'trades') sum.trades += found.rows
      else if (kind === 'book_deltas') sum.book_states += found.compared ?? 0
      else rows[kind] = (rows[kind] ?? 0) + found.rows
      for (const { what } of found.problems) counts[what]++
      for (const { detail } of found.problems.slice(0, SHOWN)) problems.push(`${name}: ${detail}`)
      if (found.rows === 0 && (kind === 'trades' || kind === 'book_deltas')) problems.push(`${name}: nothing is stored`)
    }
    const judged = ledger.gaps.filter(({ exchange, kind }) => !unknown.has(`${exchange} ${kind}`))
    const judgement = judge(judged, evidence.disturbances, truths)
    problems.push(...judgement.problems)
    const hidden = await ports.unpublished(evidence.data)
    if (hidden > 0) problems.push(`${hidden} rows are safe and were not made visible`)
    return {
      ...sum,
      rows,
      not_compared: [
        ...[...unknown].map((name) => `${name}: ${LEFT_OUT[name] ?? 'the exchange tells no time of it'}`),
        ...NOT_ASKED,
      ],
      ...counts,
      false_gaps: judgement.problems.length,
      gap_seconds: tenths(judgement.seconds),
      unexplained_seconds: tenths(judgement.unexplained),
      problems,
      passed: problems.length === 0,
    }
  })
}

/** Undefined where nothing is known to compare with. */
async function compare(
  { kind, interval = '1m' }: Dataset,
  stored: AsyncIterable<Row>,
  truth: Truth,
  gaps: readonly Interval[],
  extent: Extent,
): Promise<(Comparison & { readonly compared?: number }) | undefined> {
  switch (kind) {
    case 'trades':
      return await compareTrades(stored, truth, gaps, extent)
    case 'book_deltas':
      return await compareBooks(stored, truth, gaps, extent)
    case 'quotes':
      return await compareQuotes(stored, truth)
    case 'ohlc':
      return await compareCandles(stored, truth, gaps, BigInt(INTERVALS[interval]) * SECOND, extent)
    default:
      return truth.values?.has(kind) ? await compareValues(kind, stored, truth, gaps, extent) : undefined
  }
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
