import { channelText } from '../config/channel.js'
import type { TaskPlan } from '../config/tasks.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, type CollectorError } from '../model/error.js'
import type { TaskReport, TaskRunner, TaskSpec } from './task.js'

/** One instance of a task as the set holds it. */
export interface RunningTask {
  readonly spec: TaskSpec
  /** `queued`: waits for an older task on the same feed to drain; `broken`: the runner refused it. */
  readonly phase: 'queued' | 'started' | 'broken' | 'draining'
  readonly report: TaskReport | undefined
  /** Monotonic time of the last report, or of the start. */
  readonly heardAt: bigint
  readonly error: CollectorError | undefined
}

interface Entry extends RunningTask {
  phase: RunningTask['phase']
  report: TaskReport | undefined
  heardAt: bigint
  error: CollectorError | undefined
  /** Resolved when the entry was handed to the runner, or never will be. */
  begun: Promise<void>
  drained: Promise<void>
}

export interface TaskSetOptions {
  readonly runner: TaskRunner
  readonly clock: Clock
  /** How long a new task waits for an older one on the same feed that does not end. */
  readonly drainTimeoutMs: number
  readonly onReport: (previous: TaskReport | undefined, report: TaskReport) => void
  /** The runner refused to start a task. */
  readonly onBroken: (key: string, error: CollectorError) => void
  /** A task did not end well. */
  readonly onError: (error: CollectorError) => void
}

/** The running set: at most one current instance per key, and the older ones that still drain. */
export class TaskSet {
  readonly #options: TaskSetOptions
  readonly #current = new Map<string, Entry>()
  readonly #draining = new Map<number, Entry>()
  #instances = 0
  #unlisten: (() => void) | undefined

  constructor(options: TaskSetOptions) {
    this.#options = options
  }

  get(key: string): RunningTask | undefined {
    return this.#current.get(key)
  }

  current(): readonly RunningTask[] {
    return [...this.#current.values()]
  }

  draining(): readonly RunningTask[] {
    return [...this.#draining.values()]
  }

  /**
   * Starts a fresh instance. It takes the key at once; the runner gets it when no older task on the same feed drains any more,
   * so that two writers of one dataset never overlap.
   */
  start(plan: TaskPlan): void {
    this.#unlisten ??= this.#options.runner.onReport((report) => this.#hear(report))
    const entry: Entry = {
      spec: { ...plan, instance: ++this.#instances },
      phase: 'queued',
      report: undefined,
      heardAt: this.#options.clock.mono(),
      error: undefined,
      begun: Promise.resolve(),
      drained: Promise.resolve(),
    }
    this.#current.set(plan.key, entry)
    const older = [...this.#draining.values()].filter(({ spec }) => sameFeed(spec, plan))
    if (older.length === 0) this.#begin(entry)
    else entry.begun = this.#afterAll(older.map(({ drained }) => drained)).then(() => this.#begin(entry))
  }

  /** Frees the key at once and lets the instance drain. Resolves when it has; `undefined` when there is none. */
  stop(key: string): Promise<void> | undefined {
    const entry = this.#current.get(key)
    if (!entry) return undefined
    this.#current.delete(key)
    if (entry.phase !== 'started') return entry.drained
    entry.phase = 'draining'
    this.#draining.set(entry.spec.instance, entry)
    entry.drained = this.#drain(entry)
    return entry.drained
  }

  /** Resolves when every current task has been handed to the runner. */
  async begun(): Promise<void> {
    await Promise.all([...this.#current.values()].map((entry) => entry.begun))
  }

  /** Resolves when nothing drains any more, or after the drain timeout. */
  drained(): Promise<void> {
    return this.#afterAll([...this.#draining.values()].map(({ drained }) => drained))
  }

  /** Hears no more reports until the next start. */
  close(): void {
    this.#unlisten?.()
    this.#unlisten = undefined
  }

  #begin(entry: Entry): void {
    // Stopped while it waited: a newer instance may hold the key already.
    if (this.#current.get(entry.spec.key) !== entry) return
    entry.heardAt = this.#options.clock.mono()
    entry.phase = 'started'
    try {
      this.#options.runner.start(entry.spec)
    } catch (cause) {
      entry.phase = 'broken'
      entry.error = asCollectorError(cause, 'PROCESS_CRASHED')
      this.#options.onBroken(entry.spec.key, entry.error)
    }
  }

  async #drain(entry: Entry): Promise<void> {
    const { key, instance } = entry.spec
    try {
      await this.#options.runner.stop(key, instance)
    } catch (cause) {
      this.#options.onError(asCollectorError(cause, 'STORE_FAILED'))
    } finally {
      this.#draining.delete(instance)
    }
  }

  #hear(report: TaskReport): void {
    // Identity guard: an old instance never speaks for the new holder of its key.
    const current = this.#current.get(report.key)
    const entry = current?.spec.instance === report.instance ? current : this.#draining.get(report.instance)
    if (!entry) return
    const previous = entry.report
    entry.report = report
    entry.heardAt = this.#options.clock.mono()
    this.#options.onReport(previous, report)
  }

  #afterAll(drains: readonly Promise<void>[]): Promise<void> {
    if (drains.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(this.#options.drainTimeoutMs, resolve)
      void Promise.all(drains).then(() => {
        cancel()
        resolve()
      })
    })
  }
}

/** Whether two tasks record one and the same channel of one pair. */
function sameFeed(a: TaskPlan, b: TaskPlan): boolean {
  if (a.exchange !== b.exchange || a.pair !== b.pair) return false
  const names = new Set(a.channels.map(channelText))
  return b.channels.some((channel) => names.has(channelText(channel)))
}

/** Whether two plans ask for the same in every option. */
export function samePlan(a: TaskPlan, b: TaskPlan): boolean {
  const text = ({ key, exchange, pair, channels, timeStep }: TaskPlan) =>
    JSON.stringify([key, exchange, pair, timeStep, channels.map((of) => [of.channel, of.interval, of.depth])])
  return text(a) === text(b)
}
