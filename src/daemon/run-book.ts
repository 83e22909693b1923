import type { PartProgress, RunOrder } from '../history/order.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { RunQuery, StoredRun } from '../store/catalog.js'
import type { HistoryClient } from './history-client.js'
import { targetText } from './job-targets.js'
import type { Run, RunDetail, RunFilter, RunState } from './jobs.js'
import { LiveRun } from './live-run.js'
import { readStoredRun, withoutProcess } from './stored-runs.js'

/** The catalog as runs are kept in it. */
export interface RunStore {
  newRun(): Promise<number>
  saveRun(run: StoredRun): Promise<void>
  forgetRuns(before: number, states: readonly string[]): Promise<void>
  publish(options: { readonly all?: boolean }): Promise<unknown>
}

export interface RunBookDeps {
  readonly clock: Clock
  /** The history thread, started when it is not running. */
  history(): Promise<Pick<HistoryClient, 'run' | 'cancel'>>
  store(): Promise<RunStore>
  /** Runs as they were saved, newest first: without waiting for what the store does. */
  savedRuns(query: RunQuery): Promise<readonly StoredRun[]>
  /** What live streams received so far becomes safe, and known to the ledger. */
  commit(): Promise<void>
  onError(error: CollectorError): void
}

/** Runs at the same time; further ones wait. Gaps of live streams wait for nobody. */
const AT_ONCE = 2
/** Deaths of the history thread that a run survives. */
const ATTEMPTS = 3
const SAVE_MS = 5000
const DAY_MS = 86_400_000
/** Runs that may wait for their turn. */
const MOST_WAITING = 10_000
/** Finished runs that a list shows without another limit. */
const LIST = 50

/** Runs of histories, from the moment they are asked for: they wait, are carried out, saved as they go, and stay to be looked at. */
export class RunBook {
  private readonly deps: RunBookDeps
  private readonly onOver: (run: LiveRun) => void
  private readonly live = new Map<number, LiveRun>()
  private queue: { readonly run: LiveRun; readonly order: RunOrder }[] = []
  private active = 0
  private stopping = false
  private retentionDays = 0
  private forgotten = Number.NEGATIVE_INFINITY

  /** `onOver`: a run ended, and is saved. */
  constructor(deps: RunBookDeps, onOver: (run: LiveRun) => void) {
    this.deps = deps
    this.onOver = onOver
  }

  /** Takes over what an earlier process left: its unfinished runs are stale, and those of long ago are forgotten. */
  async open(retentionDays: number): Promise<void> {
    this.retentionDays = retentionDays
    const store = await this.deps.store()
    for (const state of ['running', 'queued'] as const) {
      for (const kept of await this.deps.savedRuns({ state, limit: 10_000 })) {
        const run = readStoredRun(kept.body)
        const ended = this.now
        const body = JSON.stringify(run ? { ...withoutProcess(run), ended: new Date(ended).toISOString() } : {})
        await store.saveRun({ id: kept.id, job: kept.job, state: 'stale', ended, body })
      }
    }
    await this.forget()
  }

  /** Takes a run on: at once, or when one of those under way is over. What cannot be written down is refused, as if it had not been asked for. */
  async add(
    { job, request, trigger }: Pick<LiveRun, 'job' | 'request' | 'trigger'>,
    orderOf: (run: number) => RunOrder,
    atOnce: boolean,
  ): Promise<Run> {
    if (this.queue.length >= MOST_WAITING)
      throw new CollectorError('TOO_MANY_REQUESTS', `${MOST_WAITING} runs wait already`, {
        remedy: 'Wait until some are over, or cancel some.',
      })
    const id = await (await this.deps.store()).newRun()
    if (this.stopping) throw new CollectorError('PROCESS_STOPPED', 'the daemon is stopping')
    const run = new LiveRun(id, job, request, trigger, this.now)
    const order = orderOf(id)
    this.live.set(id, run)
    try {
      await this.save(run)
    } catch (error) {
      this.live.delete(id)
      run.close()
      throw error
    }
    // Meanwhile it may have been cancelled, by a stop too.
    if (run.cancelled) await this.finish(run, 'cancelled', undefined)
    else if (atOnce) void this.carryOut(run, order)
    else {
      this.queue.push({ run, order })
      this.serve()
    }
    return run.show(this.now)
  }

  /** Ends all runs at their next page; what they proved is kept. */
  async end(): Promise<void> {
    this.stopping = true
    for (const { run } of this.queue.splice(0)) await this.finish(run, 'cancelled', undefined)
    const under = [...this.live.values()]
    for (const run of under) await this.cancel(run.id)
    await Promise.all(under.map(({ over }) => over))
  }

  /** The run of a job that waits or is under way. */
  ofJob(job: string): LiveRun | undefined {
    for (const run of this.live.values()) if (run.job === job) return run
    return undefined
  }

  async runs(filter: RunFilter = {}): Promise<readonly Run[]> {
    const { job, state, before, limit = LIST } = filter
    // One that ends while the catalog is asked is told as it ended.
    const known = new Map(this.live)
    const kept = await this.deps.savedRuns({
      ...(job === undefined ? {} : { job }),
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { before }),
      limit: Math.max(1, Math.min(1000, limit)),
    })
    return kept.flatMap(({ id, body }) => {
      const live = known.get(id) ?? this.live.get(id)
      if (live) return [live.show(this.now)]
      const run = readStoredRun(body)
      if (!run) return []
      const { log: _, ...shown } = withoutProcess(run)
      return [shown]
    })
  }

  async run(id: number): Promise<RunDetail | undefined> {
    const live = this.live.get(id)
    if (live) return live.detail(this.now)
    const [kept] = await this.deps.savedRuns({ before: id + 1, limit: 1 })
    const run = kept?.id === id ? readStoredRun(kept.body) : undefined
    return run && withoutProcess(run)
  }

  /** Resolves when a run is over, and saved. */
  async over(id: number): Promise<void> {
    await this.live.get(id)?.over
  }

  async cancel(id: number): Promise<boolean> {
    const run = this.live.get(id)
    if (!run || run.ended !== null) return false
    run.cancelled = true
    const waiting = this.queue.find((each) => each.run === run)
    if (waiting) {
      this.queue = this.queue.filter((each) => each !== waiting)
      await this.finish(run, 'cancelled', undefined)
    } else if (run.state === 'running') (await this.deps.history()).cancel(id)
    return true
  }

  private get now(): number {
    return Number(this.deps.clock.wall() / 1_000_000n)
  }

  private serve(): void {
    while (this.active < AT_ONCE) {
      const next = this.queue.shift()
      if (!next) return
      this.active++
      void this.carryOut(next.run, next.order).finally(() => {
        this.active--
        this.serve()
      })
    }
  }

  private async carryOut(run: LiveRun, order: RunOrder): Promise<void> {
    const stopSaving = this.deps.clock.every(
      SAVE_MS,
      () => void this.save(run).catch((error: unknown) => this.report(error)),
    )
    run.begin(this.now)
    run.say(`${order.kind} of ${order.targets.map(targetText).join(', ')}`, this.now)
    let state: RunState = 'succeeded'
    let error: CollectorError | undefined
    try {
      await this.save(run)
      await this.deps.commit()
      run.take(await this.execute(run, order), this.now)
      const [failed] = run.failures
      if (failed?.error) {
        state = 'failed'
        error = new CollectorError(failed.error.code, `${failed.dataset}: ${failed.error.message}`, {
          remedy: failed.error.remedy,
        })
      }
      if (order.priority !== 'heal' && !this.stopping) await (await this.deps.store()).publish({ all: true })
    } catch (cause) {
      state = run.cancelled ? 'cancelled' : 'failed'
      error = run.cancelled ? undefined : asCollectorError(cause, 'INTERNAL')
    }
    stopSaving()
    await this.finish(run, state, error)
  }

  /** The history thread does it; should it die, the next one goes on with what the ledger lacks by then. */
  private async execute(run: LiveRun, order: RunOrder): Promise<readonly PartProgress[]> {
    for (let attempt = 1; ; attempt++) {
      const history = await this.deps.history()
      if (run.cancelled) throw new CollectorError('PROCESS_STOPPED', 'the run was cancelled')
      try {
        return await history.run(order, {
          onParts: (each) => run.take(each, this.now),
          onLog: (line) => run.say(line, this.now),
        })
      } catch (error) {
        const died = error instanceof CollectorError && error.code === 'PROCESS_CRASHED'
        if (!died || this.stopping || attempt >= ATTEMPTS) throw error
        run.say(`${error.message}; the run begins again`, this.now)
      }
    }
  }

  private async finish(run: LiveRun, state: RunState, error: CollectorError | undefined): Promise<void> {
    run.say(error ? `${state}: ${error.code} ${error.message}` : state, this.now)
    run.end(state, this.now, error)
    try {
      await this.save(run)
      if (!this.stopping) await this.forget()
    } catch (cause) {
      this.report(cause)
    }
    this.live.delete(run.id)
    this.onOver(run)
    run.close()
  }

  /** Once a day, what is older than it is listed. */
  private async forget(): Promise<void> {
    if (this.retentionDays <= 0 || this.now - this.forgotten < DAY_MS) return
    this.forgotten = this.now
    const before = this.now - this.retentionDays * DAY_MS
    await (await this.deps.store()).forgetRuns(before, ['succeeded', 'failed', 'stale', 'cancelled'])
  }

  private async save(run: LiveRun): Promise<void> {
    const { id, job, state, ended } = run
    const body = JSON.stringify(run.detail(this.now))
    await (await this.deps.store()).saveRun({ id, job, state, ended, body })
  }

  private report(error: unknown): void {
    this.deps.onError(asCollectorError(error, 'INTERNAL'))
  }
}
