import { datasetKey } from '../model/dataset.js'
import { asCollectorError } from '../model/error.js'
import { isoFromNanos, type Nanos, SECOND } from '../model/time.js'
import { withinReach } from './archive-files.js'
import { type FilePorts, fetchFile, isReplaceable, leftText, plannedArchives, unusedText } from './archive-run.js'
import { estimate } from './estimate.js'
import { fetchStretch, type PagePorts } from './fetch.js'
import { sinceListing } from './listing.js'
import type { PartProgress, PlannedPart, RunOrder } from './order.js'
import { Part } from './part.js'
import { filesOf, type Plan, type PlanPorts, planOf } from './plan.js'
import { datasetOfTarget, spanOf, type Target } from './target.js'

export interface RunPorts extends PagePorts, PlanPorts {
  readonly archives: FilePorts
  /** Puts into the ledger that a stretch cannot be had. */
  lose(
    dataset: string,
    lost: { from: Nanos; until: Nanos; code: 'HISTORY_OUT_OF_REACH' | 'HISTORY_INCOMPLETE'; detail: string },
  ): void
  /** Makes what was fetched safe in the store. */
  commit(): Promise<void>
}

/** What an order would fetch, without fetching it. */
export async function planRun(order: RunOrder, ports: RunPorts, signal: AbortSignal): Promise<PlannedPart[]> {
  const parts: PlannedPart[] = []
  for (const target of order.targets) {
    const { plan, files, warnings } = await planWithFiles(target, order, ports, signal)
    const rowsHeld = await ports.ledger.rows(datasetOfTarget(target))
    parts.push({
      dataset: plan.dataset,
      from: plan.from.toString(),
      until: plan.until.toString(),
      missing: plan.stretches.map(({ from, until }) => ({ from: `${from}`, until: `${until}` })),
      archives: await plannedArchives(target.exchange, files, ports.archives, signal),
      ...estimate(
        plan.stretches,
        files,
        plan.feed,
        spanOf(target),
        plan.held,
        rowsHeld,
        ports.adapter(target.exchange).limits.rest,
      ),
      warnings: [...plan.warnings, ...warnings],
    })
  }
  return parts
}

/** Where the exchange cannot be asked for its instruments, what is missing can be told without files. */
async function planWithFiles(target: Target, order: RunOrder, ports: RunPorts, signal: AbortSignal) {
  try {
    const begun = await planOf(target, order, ports, signal)
    const since = await sinceListingOf(begun, order, ports, signal)
    const plan = since ? await planOf(target, since.order, ports, signal) : begun
    const files = await filesOf(plan, order, ports, new Set(), signal)
    return { plan, files, warnings: since ? [notBefore(since.listed)] : [] }
  } catch (error) {
    if (!isReplaceable(error)) throw error
    const plan = await planOf(target, { ...order, archives: 'never' }, ports, signal)
    return { plan, files: [], warnings: [`files are not counted: ${error.code} ${error.message}`] }
  }
}

async function sinceListingOf(plan: Plan, order: RunOrder, ports: RunPorts, signal: AbortSignal) {
  const { exchange, pair } = plan.target
  const { history = [] } = ports.adapter(exchange)
  const instrument = () => ports.instrument(exchange, pair, signal)
  return await sinceListing(plan, order, instrument, history, ports.archives.look, signal)
}

function notBefore(listed: string): string {
  return `there is no candle before ${listed}: that is where the past begins (give a date as start to look further)`
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
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
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
  asked: RunOrder,
  ports: RunPorts,
  tell: { show(): void; log(line: string): void },
  signal: AbortSignal,
): Promise<void> {
  const { dataset } = part
  try {
    let order = asked
    let plan = await planOf(target, order, ports, signal)
    const since = await sinceListingOf(plan, order, counting(ports, part), signal)
    if (since) {
      tell.log(`${dataset}: ${notBefore(since.listed)}`)
      order = since.order
      plan = await planOf(target, order, ports, signal)
    }
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
    plan = await useArchives(plan, part, order, ports, tell, signal)
    const { asked: requested, left } = withinReach(plan.stretches, plan.reach)
    for (const stretch of plan.archive ? left : []) tell.log(`${dataset}: ${leftText(stretch)}`)
    if (requested.length === 0 || order.archives === 'only') {
      if (plan.stretches.length === 0 && part.rows === 0) tell.log(`${dataset}: nothing is missing`)
      return
    }
    const seconds = Number(requested.reduce((sum, { from, until }) => sum + (until - from), 0n) / SECOND)
    tell.log(`${dataset}: ${requested.length} stretches are missing, ${seconds} s in all`)
    const instrument = await ports.instrument(target.exchange, target.pair, signal)
    const stretches = order.first === 'newest' ? [...requested].reverse() : requested
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
            if (page.begins !== undefined)
              tell.log(`${dataset}: the exchange has nothing before ${isoFromNanos(page.begins)}`)
            for (const lost of page.missing) {
              // Whoever asks from the origin on wants all that there is: what was never there is no loss.
              if (asked.start === 'origin' && lost.from <= plan.from) {
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
    part.fail(known)
    tell.log(`${dataset}: ${known.code} ${known.message}`)
  }
}

/** What is looked at is asked for too. */
function counting(ports: RunPorts, part: Part): RunPorts {
  const look: FilePorts['look'] = (...of) => {
    part.requests++
    return ports.archives.look(...of)
  }
  return { ...ports, archives: { ...ports.archives, look } }
}

/** Files in a row whose host does not answer, until it is left alone. */
const FAILED_FILES = 2
/** So many files that are not there are named; of an instrument that was listed late there are many. */
const NAMED_MISSING = 3

/** Takes from files what they hold, and plans anew after each: what one leaves out is still missing. */
async function useArchives(
  begun: Plan,
  part: Part,
  order: RunOrder,
  ports: RunPorts,
  tell: { show(): void; log(line: string): void },
  signal: AbortSignal,
): Promise<Plan> {
  const { target, archive, dataset } = begun
  if (!archive) return begun
  const instrument = await ports.instrument(target.exchange, target.pair, signal)
  const files = counting(ports, part).archives
  const tried = new Set<string>()
  let plan = begun
  let [failed, absent] = [0, 0]
  while (failed < FAILED_FILES) {
    const planned = await filesOf(plan, order, ports, tried, signal)
    const next = order.first === 'newest' ? planned.at(-1) : planned[0]
    if (!next) break
    const { path } = next.file
    tried.add(path)
    const before = part.rows
    try {
      await fetchFile(
        target,
        instrument,
        archive,
        next,
        order.archives,
        files,
        (page) => {
          part.page(page, page.bytes > 0 ? 1 : 0)
          tell.show()
        },
        signal,
      )
      failed = 0
      tell.log(`${dataset}: ${path} gave ${part.rows - before} rows`)
    } catch (error) {
      signal.throwIfAborted()
      if (!isReplaceable(error)) throw error
      failed = error.code === 'CONNECT_FAILED' || error.code === 'BANNED' ? failed + 1 : 0
      const isAbsent = error.code === 'ARCHIVE_MISSING'
      if (order.archives === 'only' && !isAbsent) part.fail(error)
      if (isAbsent) absent++
      if (!isAbsent || absent <= NAMED_MISSING) tell.log(`${dataset}: ${unusedText(next.file, error, order.archives)}`)
    }
    await ports.commit()
    plan = await planOf(target, order, ports, signal)
  }
  if (absent > NAMED_MISSING) tell.log(`${dataset}: ${absent} files in all are not there`)
  return plan
}
