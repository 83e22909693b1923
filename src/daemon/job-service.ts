import { type HistoryJob, historyJobsOf } from '../config/history-jobs.js'
import type { CollectorConfig } from '../config/schema.js'
import type { RunOrder } from '../history/order.js'
import type { Target } from '../history/target.js'
import { datasetKey, KIND_OF } from '../model/dataset.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { Gap } from '../model/gaps.js'
import { Healer } from './healer.js'
import type { HistoryClient } from './history-client.js'
import { chosenTargets, configuredTargets, type Past } from './job-targets.js'
import type { HistoryRequest, Job, Jobs, Run, RunDetail, RunFilter, RunPlan } from './jobs.js'
import type { LiveRun } from './live-run.js'
import { RunBook, type RunBookDeps } from './run-book.js'
import { type LastRun, Scheduler } from './scheduler.js'
import { readStoredRun } from './stored-runs.js'

export interface JobServiceDeps extends RunBookDeps {
  readonly random: () => number
  history(): Promise<Pick<HistoryClient, 'run' | 'cancel' | 'plan'>>
  gaps(): Promise<readonly Gap[]>
  /** What each exchange has a past of. */
  past(exchange: string): readonly Past[]
  readonly exchanges: readonly string[]
}

const PARALLEL = 4

/** Histories of a data folder: runs that were asked for, scheduled jobs, and the healing of live gaps. */
export class JobService implements Jobs {
  private config: CollectorConfig
  private readonly deps: JobServiceDeps
  private readonly scheduler: Scheduler
  private readonly healer: Healer
  private readonly book: RunBook
  private readonly last = new Map<string, LastRun>()
  private readonly lastRuns = new Map<string, Run>()
  private scheduled: readonly HistoryJob[] = []
  private stopping = false
  private opened: Promise<void> | undefined

  constructor(config: CollectorConfig, deps: JobServiceDeps) {
    this.config = config
    this.deps = deps
    this.scheduled = historyJobsOf(config)
    this.book = new RunBook(deps, (run) => this.ended(run))
    this.scheduler = new Scheduler({
      clock: deps.clock,
      random: deps.random,
      jobs: () => this.scheduled,
      last: (job) => this.last.get(job),
      running: (job) => this.book.ofJob(job) !== undefined,
      start: (job) => void this.startJob(job, 'schedule').catch((error: unknown) => this.report(error)),
    })
    this.healer = new Healer({
      clock: deps.clock,
      targets: () => this.healable(),
      commit: () => deps.commit(),
      gaps: () => deps.gaps(),
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
    await this.book.open(this.config.settings.runs_retention_days)
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
    await this.book.end()
    await healed
  }

  private get now(): number {
    return Number(this.deps.clock.wall() / 1_000_000n)
  }

  private targetsOf(request: HistoryRequest): Target[] {
    refuseContradiction(request)
    const { past, exchanges } = this.deps
    return chosenTargets(request, configuredTargets(this.config, past), past, exchanges)
  }

  private orderOf(
    run: number,
    request: HistoryRequest,
    targets: readonly Target[],
    priority: RunOrder['priority'],
  ): RunOrder {
    const { kind, start, until, parallel = PARALLEL, first = 'oldest', retryLost = false, refetch = false } = request
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
      refetch,
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
    if (targets.length === 0)
      throw new CollectorError('USAGE', 'there is nothing to fetch', { remedy: 'Name an exchange and pairs.' })
    const orderOf = (run: number) => this.orderOf(run, request, targets, priority)
    return await this.book.add({ job, request, trigger }, orderOf, trigger === 'gap')
  }

  runs(filter?: RunFilter): Promise<readonly Run[]> {
    return this.book.runs(filter)
  }

  run(id: number): Promise<RunDetail | undefined> {
    return this.book.run(id)
  }

  /** Resolves when a run is over. */
  over(id: number): Promise<void> {
    return this.book.over(id)
  }

  cancel(id: number): Promise<boolean> {
    return this.book.cancel(id)
  }

  /** What the scheduler goes by. */
  private ended(run: LiveRun): void {
    const { job, state } = run
    if (job !== null) {
      const before = this.last.get(job)?.failures ?? 0
      const failures = state === 'failed' ? before + 1 : state === 'succeeded' ? 0 : before
      this.last.set(job, { state, created: run.created, ended: run.ended, failures })
      this.lastRuns.set(job, run.show(this.now))
    }
    if (!this.stopping) this.scheduler.look()
  }

  private report(error: unknown): void {
    this.deps.onError(asCollectorError(error, 'INTERNAL'))
  }

  async jobs(): Promise<readonly Job[]> {
    return this.scheduled.map((job) => {
      const due = this.scheduler.paused || this.book.ofJob(job.id) ? undefined : this.scheduler.due(job)
      return {
        id: job.id,
        request: requestOf(job),
        trigger: job.trigger.kind,
        schedule: scheduleText(job),
        next: due === undefined ? null : new Date(Math.max(due, this.now)).toISOString(),
        running: this.book.ofJob(job.id)?.id ?? null,
        last: this.lastRuns.get(job.id) ?? null,
        failures: this.last.get(job.id)?.failures ?? 0,
      }
    })
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
    const running = this.book.ofJob(job.id)
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

/** Throws USAGE where what is held cannot be what is asked for again. */
function refuseContradiction({ kind, start, archives, refetch }: HistoryRequest): void {
  if (!refetch) return
  if (kind === 'repair')
    throw new CollectorError('USAGE', 'a repair fetches gaps, of which nothing is held', {
      remedy: 'Fetch again with a backfill.',
    })
  if (archives === 'only')
    throw new CollectorError('USAGE', 'what is fetched again comes by requests, not from files', {
      remedy: 'Leave out the one or the other.',
    })
  if (start === undefined || start === 'last')
    throw new CollectorError('USAGE', 'fetching again needs a start', {
      remedy: 'Say from when on what is held is in question: a date, or origin.',
    })
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
