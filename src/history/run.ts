import type { ExchangeAdapter, HistoryFeed } from '../exchanges/exchange.js'
import { type Dataset, datasetKey } from '../model/dataset.js'
import { asCollectorError } from '../model/error.js'
import type { Gap } from '../model/gaps.js'
import type { Instrument } from '../model/instrument.js'
import type { Held, Lost } from '../model/ledger.js'
import { isoFromNanos, type Nanos, SECOND } from '../model/time.js'
import { estimate } from './estimate.js'
import { fetchStretch, type PagePorts } from './fetch.js'
import { missingStretches, type Stretch } from './missing.js'
import type { PartError, PartProgress, PlannedPart, RunOrder } from './order.js'
import { rangeOf } from './range.js'
import { datasetOfTarget, feedOf, spanOf, type Target } from './target.js'

/** The ledger as the planner asks it. */
export interface LedgerPort {
  proven(dataset: Dataset): Promise<{ readonly held: readonly Held[]; readonly lost: readonly Lost[] }>
  gaps(filter: { exchange: string; pair: string; kind: Dataset['kind'] }): Promise<readonly Gap[]>
  /** Rows held of the dataset, for estimates. */
  rows(dataset: Dataset): Promise<number>
}

export interface RunPorts extends PagePorts {
  readonly ledger: LedgerPort
  adapter(exchange: string): ExchangeAdapter
  /** The instrument of a pair. Throws UNKNOWN_INSTRUMENT and what asking the exchange throws. */
  instrument(exchange: string, pair: string, signal: AbortSignal): Promise<Instrument>
  /** Puts into the ledger that a stretch cannot be had. */
  lose(
    dataset: string,
    lost: { from: Nanos; until: Nanos; code: 'HISTORY_OUT_OF_REACH' | 'HISTORY_INCOMPLETE'; detail: string },
  ): void
  /** Makes what was fetched safe in the store. */
  commit(): Promise<void>
  wall(): Nanos
}

/** What is planned for one target. */
interface Plan {
  readonly target: Target
  readonly dataset: string
  readonly feed: HistoryFeed
  readonly from: Nanos
  readonly until: Nanos
  readonly stretches: readonly Stretch[]
  readonly held: readonly Held[]
  readonly warnings: readonly string[]
  /** Parts of gaps that the venue does not reach any more. */
  readonly unreachable: readonly { readonly from: Nanos; readonly until: Nanos }[]
}

async function planOf(target: Target, order: RunOrder, ports: RunPorts): Promise<Plan> {
  const feed = feedOf(target, ports.adapter(target.exchange).history)
  const wanted = datasetOfTarget(target)
  const dataset = datasetKey(wanted)
  const { held, lost } = await ports.ledger.proven(wanted)
  const now = ports.wall()
  const seams = target.channel !== 'ohlc'
  if (order.kind === 'backfill') {
    const range = rangeOf(target, feed, order, held, now)
    const stretches = missingStretches(range, held, lost, seams)
    return { target, dataset, feed, ...range, stretches, held, unreachable: [] }
  }
  const { exchange, pair, kind } = wanted
  const gaps = (await ports.ledger.gaps({ exchange, pair, kind })).filter((gap) => gap.dataset === dataset && !gap.lost)
  const reach = rangeOf(target, feed, { start: 'origin' }, held, now)
  const limits = rangeOf(
    target,
    feed,
    { start: order.start ?? 'origin', ...(order.until ? { until: order.until } : {}) },
    held,
    now,
  )
  const stretches: Stretch[] = []
  const unreachable: { from: Nanos; until: Nanos }[] = []
  for (const gap of gaps) {
    if (gap.from < reach.from)
      unreachable.push({ from: gap.from, until: gap.until < reach.from ? gap.until : reach.from })
    const [from, until] = [later(gap.from, limits.from), earlier(gap.until, limits.until)]
    if (from < until) stretches.push(...missingStretches({ from, until }, held, lost, seams))
  }
  const [first, last] = [gaps[0], gaps.at(-1)]
  const [from, until] = [first?.from ?? limits.from, last?.until ?? limits.from]
  return { target, dataset, feed, from, until, stretches, held, warnings: [], unreachable }
}

/** What an order would fetch, without fetching it. */
export async function planRun(order: RunOrder, ports: RunPorts): Promise<PlannedPart[]> {
  const parts: PlannedPart[] = []
  for (const target of order.targets) {
    const plan = await planOf(target, order, ports)
    const rowsHeld = await ports.ledger.rows(datasetOfTarget(target))
    parts.push({
      dataset: plan.dataset,
      from: plan.from.toString(),
      until: plan.until.toString(),
      missing: plan.stretches.map(({ from, until }) => ({ from: `${from}`, until: `${until}` })),
      ...estimate(
        plan.stretches,
        plan.feed,
        spanOf(target),
        plan.held,
        rowsHeld,
        ports.adapter(target.exchange).limits.rest,
      ),
      warnings: plan.warnings,
    })
  }
  return parts
}

/** Runs an order to its end; what could not be done stands in the parts. Rejects only when aborted. */
export async function executeRun(
  order: RunOrder,
  ports: RunPorts,
  tell: { parts(parts: readonly PartProgress[]): void; log(line: string): void },
  signal: AbortSignal,
): Promise<readonly PartProgress[]> {
  const parts = order.targets.map((target): Part => new Part(datasetKey(datasetOfTarget(target))))
  const show = () => tell.parts(parts.map((part) => part.show()))
  const waiting = order.targets.map((target, at) => ({ target, part: parts[at] }))
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (next.part) await runTarget(next.target, next.part, order, ports, { show, log: tell.log }, signal)
      show()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, order.parallel) }, work))
  await ports.commit()
  show()
  return parts.map((part) => part.show())
}

async function runTarget(
  target: Target,
  part: Part,
  order: RunOrder,
  ports: RunPorts,
  tell: { show(): void; log(line: string): void },
  signal: AbortSignal,
): Promise<void> {
  const { dataset } = part
  try {
    const plan = await planOf(target, order, ports)
    part.plan(plan)
    for (const warning of plan.warnings) tell.log(`${dataset}: ${warning}`)
    for (const stretch of plan.unreachable) {
      part.lose({ ...stretch, reason: 'out of reach of the exchange' })
      ports.lose(dataset, {
        ...stretch,
        code: 'HISTORY_OUT_OF_REACH',
        detail: 'the exchange does not serve history that old',
      })
    }
    if (plan.stretches.length === 0) {
      tell.log(`${dataset}: nothing is missing`)
      return
    }
    const seconds = Number(part.wanted / SECOND)
    tell.log(`${dataset}: ${plan.stretches.length} stretches are missing, ${seconds} s in all`)
    const instrument = await ports.instrument(target.exchange, target.pair, signal)
    const stretches = order.first === 'newest' ? [...plan.stretches].reverse() : plan.stretches
    for (const stretch of stretches) {
      await fetchStretch(
        target,
        instrument,
        plan.feed,
        stretch,
        ports,
        {
          onPage(page) {
            part.page(page)
            for (const lost of page.missing) {
              // Whoever asks from the origin on wants all that there is: what was never there is no loss.
              if (order.start === 'origin' && lost.from <= plan.from) {
                tell.log(`${dataset}: the exchange has nothing before ${isoFromNanos(lost.until)}`)
                continue
              }
              part.lose(lost)
              ports.lose(dataset, {
                from: lost.from,
                until: lost.until,
                code: 'HISTORY_INCOMPLETE',
                detail: lost.reason,
              })
              tell.log(`${dataset}: lost ${isoFromNanos(lost.from)} to ${isoFromNanos(lost.until)}: ${lost.reason}`)
            }
            tell.show()
          },
          onRetry: ({ code, message }, waitMs) =>
            tell.log(`${dataset}: ${code} ${message}; again in ${Math.ceil(waitMs / 1000)} s`),
        },
        signal,
      )
    }
    tell.log(`${dataset}: done, ${part.rows} rows by ${part.requests} requests`)
  } catch (error) {
    if (signal.aborted) return
    const known = asCollectorError(error, 'INTERNAL')
    part.error = { code: known.code, message: known.message, remedy: known.remedy }
    tell.log(`${dataset}: ${known.code} ${known.message}`)
  }
}

/** Progress of one dataset. */
class Part {
  readonly dataset: string
  rows = 0
  requests = 0
  wanted: Nanos = 0n
  error: PartError | null = null
  private done: Nanos = 0n
  private bytes = 0
  private range = { from: 0n, until: 0n }
  private readonly lost: { from: string; until: string; reason: string }[] = []

  constructor(dataset: string) {
    this.dataset = dataset
  }

  plan({ from, until, stretches }: Plan): void {
    this.range = { from, until }
    this.wanted = stretches.reduce((sum, stretch) => sum + (stretch.until - stretch.from), 0n)
  }

  page({
    rows,
    bytes,
    covers,
  }: {
    rows: number
    bytes: number
    covers: readonly { from: Nanos; until: Nanos }[]
  }): void {
    this.rows += rows
    this.bytes += bytes
    this.requests++
    for (const { from, until } of covers) this.done += until - from
  }

  lose({ from, until, reason }: { from: Nanos; until: Nanos; reason: string }): void {
    this.done += until - from
    if (this.lost.length < 100) this.lost.push({ from: `${from}`, until: `${until}`, reason })
  }

  show(): PartProgress {
    const { dataset, rows, requests, bytes, wanted, done, error, lost, range } = this
    return {
      dataset,
      from: `${range.from}`,
      until: `${range.until}`,
      wantedSeconds: seconds(wanted),
      doneSeconds: seconds(done < wanted ? done : wanted),
      rows,
      requests,
      bytes,
      lost: [...lost],
      error,
    }
  }
}

function seconds(time: Nanos): number {
  return Number(time / 1_000_000n) / 1000
}

function later(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b
}

function earlier(a: Nanos, b: Nanos): Nanos {
  return a < b ? a : b
}
