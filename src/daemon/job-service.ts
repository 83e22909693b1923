import { type HistoryJob, historyJobsOf } from '../config/history-jobs.js'
import type { CollectorConfig } from '../config/schema.js'
import type { PartProgress, RunOrder } from '../history/order.js'
import type { Target } from '../history/target.js'
import type { Clock } from '../lib/clock.js'
import { datasetKey, KIND_OF } from '../model/dataset.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { Gap } from '../model/gaps.js'
import type { RunQuery, StoredRun } from '../store/catalog.js'
import { Healer } from './healer.js'
import type { HistoryClient } from './history-client.js'
import { chosenTargets, configuredTargets, type Past, targetText } from './job-targets.js'
import type { HistoryRequest, Job, Jobs, Run, RunDetail, RunFilter, RunPlan, RunState } from './jobs.js'
import { LiveRun } from './live-run.js'
import { type LastRun, Scheduler } from './scheduler.js'
import { readStoredRun, withoutProcess } from './stored-runs.js'

/** The catalog as runs are kept in it. */
export interface RunStore {
  newRun(): Promise<number>
  saveRun(run: StoredRun): Promise<void>
  forgetRuns(before: number, states: readonly string[]): Promise<void>
  gaps(): Promise<readonly Gap[]>
  publish(options: { readonly all?: boolean }): Promise<unknown>
}

export interface JobServiceDeps {
  readonly clock: Clock
  readonly random: () => number
  /** The history thread, started when it is not running. */
  history(): Promise<HistoryClient>
  store(): Promise<RunStore>
  /** Runs as they were saved, newest first: without waiting for what the store does. */
  savedRuns(query: RunQuery): Promise<readonly StoredRun[]>
  /** What live streams received so far becomes safe, and known to the ledger. */
  commit(): Promise<void>
  /** What each exchange has a past of. */
  past(exchange: string): readonly Past[]
  readonly exchanges: readonly string[]
  onError(error: CollectorError): void
}

/** Runs at the same time; further ones wait. Gaps of live streams wait for nobody. */
const AT_ONCE = 2
const PARALLEL = 4
/** Deaths of the history thread that a run survives. */
const ATTEMPTS = 3
const SAVE_MS = 5000
const DAY_MS = 86_400_000
/** Finished runs that a list shows without another limit. */
const LIST = 50

/** Histories of a data folder: runs that were asked for, scheduled jobs, and the healing of live gaps. */
export class JobService implements Jobs {
  private config: CollectorConfig
  private readonly deps: JobServiceDeps
  private readonly scheduler: Scheduler
  private readonly healer: Healer
  private readonly live = new Map<number, LiveRun>()
  private queue: { readonly run: LiveRun; readonly order: RunOrder }[] = []
  private readonly last = new Map<string, LastRun>()
  private readonly lastRuns = new Map<string, Run>()
  private scheduled: readonly HistoryJob[] = []
  private active = 0
  private stopping = false
  private opened: Promise<void> | undefined

  constructor(config: CollectorConfig, deps: JobServiceDeps) {
    this.config = config
    this.deps = deps
    this.scheduled = historyJobsOf(config)
    this.scheduler = new Scheduler({
      clock: deps.clock,
      random: deps.random,
      jobs: () => this.scheduled,
      last: (job) => this.last.get(job),
      running: (job) => this.runningOf(job) !== undefined,
      start: (job) => void this.startJob(job, 'schedule').catch((error: unknown) => this.report(error)),
    })
    this.healer = new Healer({
      clock: deps.clock,
      targets: () => this.healable(),
      commit: () => deps.commit(),
      gaps: async () => (await deps.store()).gaps(),
      repair: (targets) => this.heal({ kind: 'repair' }, targets, 'heal'),
      filedAfterMs: ({ exchange, channel }) => this.filedAfterMs(exchange, channel),
      repairFromFiles: (targets, since) => this.heal({ kind: 'repair', start: since.toString() }, targets, 'backfill'),
      onError: deps.onError,
    })
  }

  /** Takes over what an earlier process left: its unfinished runs are stale. Called once, before anything else. */
  open(): Promise<void> {
    this.opened ??= this.openNow()
    return this.opened
  }

  private async openNow(): Promise<void> {
    const store = await this.deps.store()
    for (const state of ['running', 'queued'] as const) {
      for (const kept of await this.deps.savedRuns({ state, limit: 10_000 })) {
        const run = readStoredRun(kept.body)
        const ended = this.now
        const body = JSON.stringify(run ? { ...withoutProcess(run), ended: new Date(ended).toISOString() } : {})
        await store.saveRun({ id: kept.id, job: kept.job, state: 'stale', ended, body })
      }
    }
    const days = this.config.settings.runs_retention_days
    if (days > 0) await store.forgetRuns(this.now - days * DAY_MS, ['succeeded', 'stale', 'cancelled'])
    for (const { id } of this.scheduled) await this.loadLast(id)
  }

  private async loadLast(job: string): Promise<void> {
    if (this.last.has(job)) return
    const runs = (await this.deps.savedRuns({ job, limit: 20 })).flatMap(({ body }) => readStoredRun(body) ?? [])
    const [newest] = runs
    if (!newest) return
    const succeeded = runs.findIndex(({ state }) => state === 'succeeded')
    const since = succeeded < 0 ? runs : runs.slice(0, succeeded)
    const failures = since.filter(({ state }) => state === 'failed').length
    this.last.set(job, {
      state: newest.state,
      created: Date.parse(newest.created),
      ended: newest.ended === null ? null : Date.parse(newest.ended),
      failures,
    })
    this.lastRuns.set(job, newest)
  }

  /** Starts the scheduler and the healing of live gaps. */
  async begin(): Promise<void> {
    await this.open()
    this.scheduler.start()
    this.healer.start()
  }

  start(request: HistoryRequest): Promise<Run> {
    return this.accept(request, null, 'manual')
  }

  /** A live stream lost something or came back: its gap is looked for soon. */
  disturbed(): void {
    this.healer.disturbed()
  }

  /** Takes over another config. Runs under way go on. */
  async apply(config: CollectorConfig): Promise<void> {
    this.config = config
    this.scheduled = historyJobsOf(config)
    for (const { id } of this.scheduled) await this.loadLast(id)
    this.scheduler.look()
  }

  /** Ends all runs at their next page; what they proved is kept. */
  async stop(): Promise<void> {
    this.stopping = true
    this.scheduler.stop()
    const healed = this.healer.stop()
    for (const { run } of this.queue.splice(0)) await this.finish(run, 'cancelled', undefined)
    const under = [...this.live.values()]
    for (const run of under) await this.cancel(run.id)
    await Promise.all(under.map(({ over }) => over))
    await healed
  }

  private get now(): number {
    return Number(this.deps.clock.wall() / 1_000_000n)
  }

  private targetsOf(request: HistoryRequest): Target[] {
    const { past, exchanges } = this.deps
    return chosenTargets(request, configuredTargets(this.config, past), past, exchanges)
  }

  private orderOf(
    run: number,
    request: HistoryRequest,
    targets: readonly Target[],
    priority: RunOrder['priority'],
  ): RunOrder {
    const { kind, start, until, parallel = PARALLEL, first = 'oldest', retryLost = false } = request
    const { archives = this.config.settings.archives } = request
    return {
      run,
      kind,
      targets,
      ...(start === undefined ? {} : { start }),
      ...(until === undefined ? {} : { until }),
      parallel: Math.max(1, Math.min(32, Math.floor(parallel))),
      first,
      archives,
      retryLost,
      priority,
    }
  }

  async plan(request: HistoryRequest): Promise<RunPlan> {
    await this.open()
    await this.deps.commit()
    const order = this.orderOf(0, request, this.targetsOf(request), 'backfill')
    const parts = await (await this.deps.history()).plan(order)
    const sum = (field: 'requests' | 'rows' | 'bytes') => parts.reduce((all, part) => all + part[field], 0)
    // Exchanges are asked side by side, the datasets of one after another.
    const byExchange = new Map<string, number>()
    for (const { dataset, seconds } of parts) {
      const [exchange = ''] = dataset.split(' ')
      byExchange.set(exchange, (byExchange.get(exchange) ?? 0) + seconds)
    }
    return {
      parts,
      requests: sum('requests'),
      rows: sum('rows'),
      bytes: sum('bytes'),
      seconds: Math.max(0, ...byExchange.values()),
    }
  }

  private async accept(
    request: HistoryRequest,
    job: string | null,
    trigger: Run['trigger'],
    targets: readonly Target[] = this.targetsOf(request),
    priority: RunOrder['priority'] = 'backfill',
  ): Promise<Run> {
    if (this.stopping) throw new CollectorError('PROCESS_STOPPED', 'the daemon is stopping')
    await this.open()
    const store = await this.deps.store()
    if (targets.length === 0)
      throw new CollectorError('USAGE', 'there is nothing to fetch', { remedy: 'Name an exchange and pairs.' })
    const run = new LiveRun(await store.newRun(), job, request, trigger, this.now)
    this.live.set(run.id, run)
    await this.save(run)
    const order = this.orderOf(run.id, request, targets, priority)
    if (trigger === 'gap') void this.carryOut(run, order)
    else {
      this.queue.push({ run, order })
      this.serve()
    }
    return run.show(this.now)
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
    const { job } = run
    if (job !== null) {
      const before = this.last.get(job)?.failures ?? 0
      const failures = state === 'failed' ? before + 1 : state === 'succeeded' ? 0 : before
      this.last.set(job, { state, created: run.created, ended: run.ended, failures })
      this.lastRuns.set(job, run.show(this.now))
    }
    try {
      await this.save(run)
    } catch (cause) {
      this.report(cause)
    }
    this.live.delete(run.id)
    if (!this.stopping) this.scheduler.look()
  }

  private async save(run: LiveRun): Promise<void> {
    const { id, job, state, ended } = run
    const body = JSON.stringify(run.detail(this.now))
    await (await this.deps.store()).saveRun({ id, job, state, ended, body })
  }

  private report(error: unknown): void {
    this.deps.onError(asCollectorError(error, 'INTERNAL'))
  }

  async runs(filter: RunFilter = {}): Promise<readonly Run[]> {
    const { job, state, before, limit = LIST } = filter
    const kept = await this.deps.savedRuns({
      ...(job === undefined ? {} : { job }),
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { before }),
      limit: Math.max(1, Math.min(1000, limit)),
    })
    return kept.flatMap(({ id, body }) => {
      const live = this.live.get(id)
      if (live) return [live.show(this.now)]
      const run = readStoredRun(body)
      if (!run) return []
      const { log: _, ...shown } = run
      return [shown]
    })
  }

  async run(id: number): Promise<RunDetail | undefined> {
    const live = this.live.get(id)
    if (live) return live.detail(this.now)
    const [kept] = await this.deps.savedRuns({ before: id + 1, limit: 1 })
    return kept?.id === id ? readStoredRun(kept.body) : undefined
  }

  /** Resolves when a run is over. */
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

  async jobs(): Promise<readonly Job[]> {
    return this.scheduled.map((job) => {
      const due = this.scheduler.paused || this.runningOf(job.id) ? undefined : this.scheduler.due(job)
      return {
        id: job.id,
        request: requestOf(job),
        trigger: job.trigger.kind,
        schedule: scheduleText(job),
        next: due === undefined ? null : new Date(Math.max(due, this.now)).toISOString(),
        running: this.runningOf(job.id)?.id ?? null,
        last: this.lastRuns.get(job.id) ?? null,
        failures: this.last.get(job.id)?.failures ?? 0,
      }
    })
  }

  private runningOf(job: string): LiveRun | undefined {
    for (const run of this.live.values()) if (run.job === job) return run
    return undefined
  }

  async runNow(id: string): Promise<Run> {
    const job = this.scheduled.find((each) => each.id === id)
    if (!job)
      throw new CollectorError('NOT_FOUND', `there is no job ${id}`, { remedy: 'List them with: dccd runs --jobs.' })
    return await this.startJob(job, 'manual')
  }

  private readonly starting = new Map<string, Promise<Run>>()

  /** One run of a job at a time: who asks again gets the one under way. */
  private startJob(job: HistoryJob, trigger: Run['trigger']): Promise<Run> {
    const running = this.runningOf(job.id)
    if (running) return Promise.resolve(running.show(this.now))
    const known = this.starting.get(job.id)
    if (known) return known
    const started = this.accept(requestOf(job), job.id, trigger, [targetOf(job)]).finally(() =>
      this.starting.delete(job.id),
    )
    this.starting.set(job.id, started)
    return started
  }

  async paused(): Promise<boolean> {
    return this.scheduler.paused
  }

  async pause(paused: boolean): Promise<void> {
    this.scheduler.paused = paused
    this.scheduler.look()
  }

  /** Datasets of the config whose gaps can be filled. */
  private healable(): ReadonlyMap<string, Target> {
    const targets = configuredTargets(this.config, this.deps.past)
    return new Map(
      targets.flatMap((target) => {
        const kind = KIND_OF[target.channel]
        if (!kind) return []
        const { exchange, pair, interval } = target
        return [[datasetKey({ exchange, pair, kind, ...(interval ? { interval } : {}) }), target]]
      }),
    )
  }

  private async heal(
    request: HistoryRequest,
    targets: readonly Target[],
    priority: RunOrder['priority'],
  ): Promise<boolean> {
    const run = await this.accept(request, null, 'gap', targets, priority)
    await this.over(run.id)
    return (await this.run(run.id))?.state === 'succeeded'
  }

  private filedAfterMs(exchange: string, channel: Target['channel']): number | undefined {
    if (this.config.settings.archives === 'never') return undefined
    return this.deps.past(exchange).find((each) => each.channel === channel)?.filedAfterMs
  }
}

function targetOf({ exchange, pair, channel, interval, retries }: HistoryJob): Target {
  return { exchange, pair, channel, ...(interval ? { interval } : {}), ...(retries ? { retries } : {}) }
}

function requestOf(job: HistoryJob): HistoryRequest {
  const { exchange, pair, channel, interval, start } = job
  return { kind: 'backfill', exchange, pairs: [pair], channels: [channel], ...(interval ? { interval } : {}), start }
}

function scheduleText({ trigger }: HistoryJob): string {
  switch (trigger.kind) {
    case 'interval':
      return `every ${trigger.everyMs / 1000} s`
    case 'cron':
      return `cron ${trigger.expression} ${trigger.timezone}`
    default:
      return trigger.kind
  }
}
