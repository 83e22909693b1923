import type { TaskReport, TaskRunner, TaskSpec } from '../src/daemon/task.js'

/** A runner that tests control: what was started, what may end when, what is reported. */
export class FakeRunner implements TaskRunner {
  /** Every instance ever started, in order. */
  readonly started: TaskSpec[] = []
  /** Instances that may still write: started and not yet drained. */
  readonly active = new Map<number, TaskSpec>()
  /** What went against the rules of the port. */
  readonly faults: string[] = []
  /** Whether a stop ends by itself; otherwise it waits for `drain`. */
  endsByItself = true
  /** Keys that `start` refuses, against its contract. */
  readonly refuses = new Set<string>()
  flushes = 0
  flush: () => Promise<void> = async () => {
    this.flushes += 1
  }
  readonly #listeners = new Set<(report: TaskReport) => void>()
  readonly #stops = new Map<number, () => void>()

  start(spec: TaskSpec): void {
    if (this.refuses.has(spec.key)) throw new Error(`cannot build ${spec.key}`)
    for (const other of this.active.values())
      if (other.exchange === spec.exchange && other.pair === spec.pair)
        for (const { channel } of spec.channels)
          if (other.channels.some((of) => of.channel === channel))
            this.faults.push(`${spec.key}#${spec.instance} and #${other.instance} write ${channel} at once`)
    this.started.push(spec)
    this.active.set(spec.instance, spec)
  }

  async stop(key: string, instance: number): Promise<void> {
    if (this.active.get(instance)?.key !== key) this.faults.push(`${key}#${instance} is not active`)
    if (!this.endsByItself) await new Promise<void>((resolve) => this.#stops.set(instance, resolve))
    this.active.delete(instance)
  }

  onReport(listener: (report: TaskReport) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** Instances asked to stop that have not. */
  get stopping(): number[] {
    return [...this.#stops.keys()]
  }

  /** Lets an instance that was asked to stop end. */
  drain(instance: number): void {
    this.#stops.get(instance)?.()
    this.#stops.delete(instance)
  }

  drainAll(): void {
    for (const instance of this.stopping) this.drain(instance)
  }

  /** The newest instance of a key. */
  last(key: string): TaskSpec {
    const spec = this.started.findLast((of) => of.key === key)
    if (!spec) throw new Error(`${key} was never started`)
    return spec
  }

  report(spec: TaskSpec, fields: Partial<TaskReport>): void {
    const report: TaskReport = {
      key: spec.key,
      instance: spec.instance,
      state: 'live',
      lastFrame: undefined,
      lastEvent: undefined,
      rate: 0,
      lagMs: undefined,
      lagP99Ms: undefined,
      reconnects: 0,
      gaps: 0,
      rows: 0,
      error: undefined,
      ...fields,
    }
    for (const listener of this.#listeners) listener(report)
  }
}
