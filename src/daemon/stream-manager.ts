import type { CollectorConfig } from '../config/schema.js'
import type { Listed } from '../config/selection.js'
import type { JobOptions, TaskPlan } from '../config/tasks.js'
import type { CatalogEntry } from '../config/validate-against.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { Deadline, unlessAborted } from './deadline.js'
import { type Change, DesiredSet } from './desired-set.js'
import type { HealthMonitor } from './health-monitor.js'
import { isRunning, type StreamStatus, streamStatus } from './stream-status.js'
import type { TaskRunner } from './task.js'
import { recordReport } from './task-health.js'
import { TaskPlanner } from './task-planner.js'
import { samePlan, TaskSet } from './task-set.js'

/** The part of the sync service that the manager drives. */
interface SyncPort {
  start(): void
  stop(): Promise<void>
  /** Takes over changed remotes and intervals. */
  configure(config: CollectorConfig): void
}

/** Lists of instruments, as the manager drives them. */
interface ListsPort {
  listed(exchange: string): Listed | undefined
  /** Follows what the rules of this config need, until closed. */
  configure(config: CollectorConfig): void
  onChange(listener: () => void): void
  close(): void
}

export interface StreamDependencies {
  readonly clock: Clock
  readonly runner: TaskRunner
  readonly sync: SyncPort
  /** What the exchanges offer. */
  readonly catalog: readonly CatalogEntry[]
  /** What they list: for entries whose pairs are a rule. Without it such entries select nothing. */
  readonly lists?: ListsPort
  /** Rules have selected: these are all tasks that are wanted now. */
  onSelected?(plans: readonly TaskPlan[]): Promise<void>
  /** What no caller waits for. Must not throw. */
  onError(error: CollectorError): void
  /**
   * Opens what the tasks need (files, workers), so that its failure is the failure of `start`; what it opened before failing it closes.
   * `startOne` does not call it: a runner that was not opened opens itself.
   */
  open?(signal: AbortSignal): Promise<void>
  /** Closes what was opened; the next start opens it again. */
  close?(signal: AbortSignal): Promise<void>
  /** How long a new task waits for an older one on the same feed that does not end; 10 s. */
  readonly drainTimeoutMs?: number
}

/** What a change of config did, by key. After `rolledBack` everything is as before and `error` says why. */
export interface ApplyReport extends Omit<Change, 'edits'> {
  readonly rolledBack: boolean
  readonly error?: CollectorError
}

/**
 * Supervises the tasks of a config. Holds the desired set and makes the running set equal to it: start, `startOne`, `stopOne`, a change of
 * config and stop are all edits of the desired set.
 */
export class StreamManager {
  readonly #health: HealthMonitor | undefined
  readonly #deps: StreamDependencies
  readonly #planner: TaskPlanner
  readonly #tasks: TaskSet
  readonly #desired = new DesiredSet()
  #config: CollectorConfig
  /** The tasks of the config in force, as its rules selected them last. */
  #planned: ReadonlyMap<string, TaskPlan> = new Map()
  #started = false
  /** Whether anything was opened or started since the last stop. */
  #used = false
  /** Aborted by stop: whoever waits inside start or apply gives up. */
  #life = new AbortController()
  #stopping: Promise<void> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(config: CollectorConfig, health: HealthMonitor | undefined, deps: StreamDependencies) {
    this.#config = config
    this.#health = health
    this.#deps = deps
    this.#planner = new TaskPlanner(deps.catalog, (exchange) => deps.lists?.listed(exchange))
    deps.lists?.onChange(() => {
      this.follow().catch((cause: unknown) => deps.onError(asCollectorError(cause, 'CONFIG_INVALID')))
    })
    this.#tasks = new TaskSet({
      runner: deps.runner,
      clock: deps.clock,
      drainTimeoutMs: deps.drainTimeoutMs ?? 10_000,
      onReport: (previous, report) => health && recordReport(health, previous, report),
      onBroken: (key, error) => {
        health?.recordFailure(key, error)
        deps.onError(error)
      },
      onError: (error) => deps.onError(error),
    })
  }

  /** Starts the sync service and every configured task that does not run. Throws CONFIG_INVALID and what opening throws. */
  start(): Promise<void> {
    const { signal } = this.#life
    return this.#inTurn(async () => {
      await this.#stopping
      if (signal.aborted) return
      const plans = this.#planner.plan(this.#config)
      this.#planned = plans
      this.#used = true
      await this.#health?.open()
      await this.#deps.open?.(signal)
      if (signal.aborted) return
      this.#want([...plans.values()])
      this.#started = true
      this.#deps.lists?.configure(this.#config)
      this.#deps.sync.start()
    })
  }

  /**
   * Starts one task, configured or not, and returns its key. Does nothing while it runs with the same options; with others it is started
   * anew; one that failed is tried again. Throws when the options are wrong, another task records the same channel, or the
   * manager is stopping.
   */
  startOne(job: JobOptions, pair: string, channels: readonly string[]): string {
    if (this.#stopping)
      throw new CollectorError('PROCESS_STOPPED', 'the manager is stopping', { remedy: 'Wait until it has stopped.' })
    const plan = this.#planner.planOne(this.#config, job, pair, channels)
    this.#used = true
    this.#want([plan])
    return plan.key
  }

  /**
   * Stops one task. Its key is free at once: a following `startOne` gets a fresh task while the old one drains by itself. Returns
   * whether there was something to stop.
   */
  stopOne(key: string): boolean {
    const found = this.#tasks.get(key) !== undefined
    this.#desired.drop(key)
    this.#reconcile()
    return found
  }

  /** Keys of the tasks that are at work or try to be. */
  runningKeys(): string[] {
    const running = this.#tasks.current().filter(isRunning)
    return running.map(({ spec }) => spec.key)
  }

  /**
   * The tasks of `config` (by default the one in force), running or not; then those that run or drain without an entry in it, marked by
   * `configured: false`; then older instances that drain beside a new one of the same key.
   */
  status(config: CollectorConfig = this.#config): StreamStatus[] {
    const mono = this.#deps.clock.mono()
    const plans = this.#planner.list(config)
    const draining = [...this.#tasks.draining()]
    const rows: StreamStatus[] = []
    for (const plan of plans.values()) {
      const task = this.#tasks.get(plan.key)
      const last = task ? -1 : draining.findLastIndex(({ spec }) => spec.key === plan.key)
      const shown = task ?? (last < 0 ? undefined : draining.splice(last, 1)[0])
      // What runs says how it runs, also where the config has been edited since.
      rows.push(streamStatus(shown?.spec ?? plan, shown, true, mono))
    }
    for (const task of this.#tasks.current())
      if (!plans.has(task.spec.key)) rows.push(streamStatus(task.spec, task, false, mono))
    for (const task of draining) rows.push(streamStatus(task.spec, task, plans.has(task.spec.key), mono))
    return rows
  }

  /**
   * Stops the sync service and every task, commits what they received, and is back within the deadline (10 s) whatever hangs; what did not
   * end is told to `onError` and lies in the journal. The manager can be started again.
   */
  stop(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#shutDown(options.deadlineMs ?? 10_000).finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  /**
   * Takes over another config while running: what is new starts, what is gone stops, what changed is started anew, the rest does
   * not notice. Tasks started or stopped by hand stay as they are unless their entry changed. Resolves when the old tasks have drained.
   * Where something of the new config cannot be built, everything is put back.
   */
  apply(config: CollectorConfig): Promise<ApplyReport> {
    return this.#inTurn(async () => {
      await this.#stopping
      const { signal } = this.#life
      const before = this.#config
      const planned = this.#planned
      let change: Change = { started: [], stopped: [], restarted: [], unchanged: [], edits: [] }
      try {
        const plans = this.#planner.plan(config)
        if (this.#started) change = this.#desired.change(this.#planned, plans)
        this.#config = config
        this.#planned = plans
        this.#reconcile()
        await unlessAborted(this.#tasks.begun(), signal)
        if (!signal.aborted) this.#refuseBroken(change)
        this.#deps.sync.configure(config)
        if (this.#started) this.#deps.lists?.configure(config)
        await unlessAborted(this.#tasks.drained(), signal)
        const { edits: _, ...report } = change
        return { ...report, rolledBack: false }
      } catch (cause) {
        this.#config = before
        this.#planned = planned
        // A stop meanwhile has ended everything; nothing of it comes back.
        if (!signal.aborted) this.#desired.undo(change)
        this.#reconcile()
        const error = asCollectorError(cause, 'CONFIG_INVALID')
        return { started: [], stopped: [], restarted: [], unchanged: this.#desired.keys(), rolledBack: true, error }
      }
    })
  }

  /** The exchanges list something else: rules of the config select anew. What is selected now starts, what is not any more ends. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#started || this.#stopping) return
      const plans = this.#planner.plan(this.#config)
      this.#desired.change(this.#planned, plans)
      this.#planned = plans
      this.#reconcile()
      await this.#deps.onSelected?.(this.#desired.plans())
    })
  }

  /** Wants these plans; an instance of theirs that has given up makes room for a fresh one. */
  #want(plans: readonly TaskPlan[]): void {
    this.#desired.want(plans)
    for (const { key } of plans) {
      const task = this.#tasks.get(key)
      if (task && !isRunning(task)) void this.#tasks.stop(key)
    }
    this.#reconcile()
  }

  /** Makes the running set equal to the desired one. What stops, stops first: what starts on the same feed waits for it. */
  #reconcile(): void {
    for (const { spec } of this.#tasks.current()) {
      const plan = this.#desired.get(spec.key)
      if (!plan || !samePlan(plan, spec)) void this.#tasks.stop(spec.key)
    }
    for (const plan of this.#desired.plans()) if (!this.#tasks.get(plan.key)) this.#tasks.start(plan)
  }

  #refuseBroken({ started, restarted }: Change): void {
    for (const key of [...started, ...restarted]) {
      const task = this.#tasks.get(key)
      if (task?.phase === 'broken' && task.error) throw task.error
    }
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    this.#deps.runner.ending?.()
    const { clock, sync, runner, close, onError } = this.#deps
    const used = this.#used
    const deadline = new Deadline(deadlineMs, clock, onError)
    this.#life.abort()
    this.#life = new AbortController()
    this.#started = false
    this.#used = false
    this.#desired.clear()
    this.#deps.lists?.close()
    this.#reconcile()
    await Promise.all([
      deadline.step('ending the copies', 0.5, () => sync.stop()),
      deadline.step('ending the tasks', 0.5, () => this.#allDrained()),
    ])
    if (used) await deadline.step('committing what was received', 0.8, () => runner.flush())
    await deadline.step('saving the metrics', 0.82, async () => this.#health?.flush())
    if (used) await deadline.step('closing', 0.97, async (signal) => close?.(signal))
    this.#tasks.close()
  }

  async #allDrained(): Promise<void> {
    while (this.#tasks.draining().length > 0) await this.#tasks.drained()
  }

  /** One change at a time, in the order asked for. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}
