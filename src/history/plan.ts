import type { ArchiveFeed, ExchangeAdapter, HistoryFeed } from '../exchanges/exchange.js'
import { type Dataset, datasetKey } from '../model/dataset.js'
import type { Gap } from '../model/gaps.js'
import type { Instrument } from '../model/instrument.js'
import type { Held, Lost } from '../model/ledger.js'
import type { Nanos } from '../model/time.js'
import { filesFor, type PlannedFile } from './archive-files.js'
import { requestOf } from './fetch.js'
import { missingStretches, type Stretch } from './missing.js'
import type { RunOrder } from './order.js'
import { rangeOf, reachOf } from './range.js'
import { datasetOfTarget, feedOf, type Target } from './target.js'

/** The ledger as the planner asks it. */
export interface LedgerPort {
  proven(dataset: Dataset): Promise<{ readonly held: readonly Held[]; readonly lost: readonly Lost[] }>
  gaps(filter: { exchange: string; pair: string; kind: Dataset['kind'] }): Promise<readonly Gap[]>
  /** Rows held of the dataset, for estimates. */
  rows(dataset: Dataset): Promise<number>
}

export interface PlanPorts {
  readonly ledger: LedgerPort
  adapter(exchange: string): ExchangeAdapter
  /** The instrument of a pair. Throws UNKNOWN_INSTRUMENT and what asking the exchange throws. */
  instrument(exchange: string, pair: string, signal: AbortSignal): Promise<Instrument>
  wall(): Nanos
}

/** What is planned for one target. */
export interface Plan {
  readonly target: Target
  readonly dataset: string
  readonly feed: HistoryFeed
  /** Its files, where the instrument has some and they are to be used. */
  readonly archive: ArchiveFeed | undefined
  readonly reach: Nanos | undefined
  readonly now: Nanos
  readonly from: Nanos
  readonly until: Nanos
  readonly stretches: readonly Stretch[]
  readonly held: readonly Held[]
  readonly warnings: readonly string[]
  /** Parts of gaps that the venue does not reach any more. */
  readonly unreachable: readonly { readonly from: Nanos; readonly until: Nanos }[]
}

/** Gaps of one dataset that one run of the healer takes on. */
const HEALED_AT_ONCE = 500

export async function planOf(target: Target, order: RunOrder, ports: PlanPorts, signal: AbortSignal): Promise<Plan> {
  const { history, archives } = ports.adapter(target.exchange)
  const feed = feedOf(target, history)
  const archive = await archiveOf(target, archives, order, ports, signal)
  const wanted = datasetOfTarget(target)
  const dataset = datasetKey(wanted)
  const proven = await ports.ledger.proven(wanted)
  signal.throwIfAborted()
  const { held } = proven
  // What requests do not reach any more, or of which they gave the newest part alone, may come to stand in a file.
  const filed: readonly string[] = feed.reach
    ? ['HISTORY_OUT_OF_REACH', 'HISTORY_INCOMPLETE']
    : ['HISTORY_OUT_OF_REACH']
  const isFinal = ({ code }: { readonly code: string }) => !order.retryLost && !(archive && filed.includes(code))
  const lost = proven.lost.filter(isFinal)
  const now = ports.wall()
  const of = { target, dataset, feed, archive, held, now, reach: reachOf(feed, target, now) }
  const seams = target.channel !== 'ohlc'
  if (order.kind === 'backfill') {
    const range = rangeOf(target, feed, order, held, now, archive?.since)
    const stretches = order.refetch ? wholeOf(range) : missingStretches([range], held, lost, seams)
    return { ...of, ...range, stretches, unreachable: [] }
  }
  const { exchange, pair, kind } = wanted
  const gaps = (await ports.ledger.gaps({ exchange, pair, kind })).filter(
    (gap) => gap.dataset === dataset && !(gap.lost && isFinal(gap.lost)),
  )
  signal.throwIfAborted()
  const reach = rangeOf(target, feed, { start: 'origin' }, held, now, archive?.since)
  const limits = rangeOf(
    target,
    feed,
    { start: order.start ?? 'origin', ...(order.until ? { until: order.until } : {}) },
    held,
    now,
    archive?.since,
  )
  const beyond = gaps
    .filter((gap) => gap.from < reach.from)
    .map(({ from, until }) => ({ from, until: earlier(until, reach.from) }))
  const inside = gaps
    .map(({ from, until }) => ({ from: later(from, limits.from), until: earlier(until, limits.until) }))
    .filter(({ from, until }) => from < until)
  // Healing takes turns: the newest gaps now, the next ones when it looks again.
  const most = order.priority === 'heal' ? HEALED_AT_ONCE : Number.POSITIVE_INFINITY
  const stretches = missingStretches(inside.slice(-most), held, lost, seams)
  const [first, last] = [gaps[0], gaps.at(-1)]
  const [from, until] = [first?.from ?? limits.from, last?.until ?? limits.from]
  return { ...of, from, until, stretches, warnings: [], unreachable: beyond.slice(-most) }
}

/** As if nothing were held: what counters of its edges would leave out is in question too. */
function wholeOf({ from, until }: Stretch): Stretch[] {
  return from < until ? [{ from, until }] : []
}

/** The files of a target, if its instrument has some. A gap that requests heal is younger than they are. */
async function archiveOf(
  target: Target,
  archives: readonly ArchiveFeed[] | undefined,
  { archives: use, priority, refetch }: RunOrder,
  ports: PlanPorts,
  signal: AbortSignal,
): Promise<ArchiveFeed | undefined> {
  if (use === 'never' || priority === 'heal' || refetch) return undefined
  const { channel, interval = '1m', exchange, pair } = target
  const archive = archives?.find((each) => each.channel === channel && (each.intervals?.includes(interval) ?? true))
  if (!archive) return undefined
  const of = requestOf(target, await ports.instrument(exchange, pair, signal), { from: 0n, until: 0n })
  return archive.file(of, 'day', archive.since) ? archive : undefined
}

export async function filesOf(
  { target, archive, feed, stretches, reach, now }: Plan,
  { archives: use }: RunOrder,
  ports: PlanPorts,
  without: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<PlannedFile[]> {
  if (!archive) return []
  const of = requestOf(target, await ports.instrument(target.exchange, target.pair, signal), { from: 0n, until: 0n })
  return filesFor(target, archive, feed, of, stretches, { reach, now, use, without })
}

function later(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b
}

function earlier(a: Nanos, b: Nanos): Nanos {
  return a < b ? a : b
}
