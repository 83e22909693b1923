import { type Dataset, datasetKey, INTERVALS, type Interval } from '../model/dataset.js'
import { isoFromNanos, type Nanos, SECOND } from '../model/time.js'
import type { StoredData } from './services.js'

/** The exchange's own candles of a dataset beside those made from its stored trades. */
export interface CandleComparison {
  readonly dataset: string
  /** Candles that both have and that lie within proven trades. */
  readonly compared: number
  readonly equal: number
  /** Candles whose values differ, and those of which one side has none although there were trades. The first hundred. */
  readonly differences: readonly { readonly open_time: string; readonly what: string }[]
  readonly differing: number
}

const FIELDS = ['open', 'high', 'low', 'close', 'volume', 'trades'] as const
const SHOWN = 100
const LONGEST = 2n ** 62n
/** Sums of decimals in binary. */
const TOLERANCE = 1e-9

type Values = Readonly<Partial<Record<(typeof FIELDS)[number], number>>>

/**
 * A check of data quality that hangs on nobody's word: each stored candle of the exchange must be what the stored trades of its time make. Left out is
 * what gaps of the trades touch, and the first and the last minute of them.
 */
export async function compareCandles(
  data: Pick<StoredData, 'derivedCandles' | 'gaps' | 'scan'>,
  dataset: Dataset & { interval: Interval },
): Promise<CandleComparison> {
  const { exchange, pair, interval } = dataset
  const trades = { exchange, kind: 'trades', pair } as const
  const span = BigInt(INTERVALS[interval]) * SECOND
  const derived = new Map<Nanos, Values>()
  for await (const each of data.derivedCandles(trades, interval, 0n, LONGEST))
    derived.set(each.open_time, { ...each, trades: Number(each.trades) })
  const opens = [...derived.keys()]
  const [first, last] = [opens[0], opens.at(-1)]
  const gaps = data.gaps({ exchange, pair, kind: 'trades' })
  const counts = (open: Nanos) =>
    first !== undefined &&
    last !== undefined &&
    open > first &&
    open < last &&
    gaps.every((gap) => gap.until <= open || gap.from >= open + span)

  const differences: { open_time: string; what: string }[] = []
  let [compared, equal] = [0, 0]
  const note = (open: Nanos, what: string) => differences.push({ open_time: isoFromNanos(open), what })
  const native = new Set<Nanos>()
  for await (const row of data.scan(dataset, first ?? 0n, last ?? 0n)) {
    const open = row.open_time
    if (typeof open !== 'bigint' || !counts(open)) continue
    native.add(open)
    const own = derived.get(open)
    const volume = Number(row.volume)
    if (!own) {
      if (volume > 0) note(open, `the exchange has a volume of ${volume}, no trade is stored`)
      continue
    }
    compared++
    const wrong = FIELDS.flatMap((field) => {
      const [theirs, ours] = [row[field], own[field]]
      if (theirs === null || theirs === undefined || ours === undefined) return []
      const value = Number(theirs)
      return Math.abs(value - ours) <= TOLERANCE * Math.max(1, Math.abs(value))
        ? []
        : [`${field} ${value} from ${ours}`]
    })
    if (wrong.length) note(open, wrong.join(', '))
    else equal++
  }
  // Only where the exchange's candles are held themselves.
  const [from, until] = [[...native][0], [...native].at(-1)]
  for (const open of derived.keys())
    if (from !== undefined && until !== undefined && open > from && open < until && counts(open) && !native.has(open))
      note(open, 'trades are stored, the exchange’s candle is not')
  return {
    dataset: datasetKey(dataset),
    compared,
    equal,
    differences: differences.slice(0, SHOWN),
    differing: differences.length,
  }
}

/** Every dataset of candles whose trades are stored too. */
export async function compareAll(data: StoredData, filter: { readonly exchange?: string; readonly pair?: string }) {
  const stored = data.inventory().map(({ dataset }) => dataset)
  const comparisons: CandleComparison[] = []
  for (const dataset of stored) {
    const { exchange, kind, pair, interval } = dataset
    if (kind !== 'ohlc' || interval === undefined) continue
    if ((filter.exchange ?? exchange) !== exchange || (filter.pair ?? pair) !== pair) continue
    const hasTrades = stored.some((each) => each.kind === 'trades' && each.exchange === exchange && each.pair === pair)
    if (hasTrades) comparisons.push(await compareCandles(data, { ...dataset, interval }))
  }
  return comparisons
}
