import { Cron } from 'croner'
import type { HistoryJob } from '../config/history-jobs.js'
import type { Clock } from '../lib/clock.js'
import type { RunState } from './jobs.js'

/** How a job went last, from the catalog or from this process. Times are milliseconds since 1970. */
export interface LastRun {
  readonly state: RunState
  readonly created: number
  readonly ended: number | null
  /** Failures in a row up to this run. */
  readonly failures: number
}

const MINUTE = 60_000
/** After a failure: a minute, doubled each time, at most this long or the job's own pace. */
const BACKOFF_MOST = 6 * 60 * MINUTE
/** Runs of one moment are spread over a tenth of their pace, at most this long. */
const JITTER_MOST = 30_000
/** A step of the machine's clock is noticed this soon. */
const LOOK_MS = 30_000

/**
 * When a job is due next, milliseconds since 1970; `undefined` for never. `last` undefined: it never ran, and a paced one is due since `known`, the moment
 * it was first seen. What was missed while nothing ran is made up for by one run.
 */
export function nextRun(
  { trigger }: Pick<HistoryJob, 'trigger'>,
  last: LastRun | undefined,
  known: number,
): number | undefined {
  if (trigger.kind === 'manual') return undefined
  if (last?.failures) {
    const pace = trigger.kind === 'interval' ? trigger.everyMs : BACKOFF_MOST
    const wait = Math.min(MINUTE * 2 ** Math.min(last.failures - 1, 20), BACKOFF_MOST, Math.max(pace, MINUTE))
    return (last.ended ?? last.created) + wait
  }
  switch (trigger.kind) {
    case 'once':
      return last?.state === 'succeeded' ? undefined : last ? last.created + MINUTE : known
    case 'interval':
      return last ? last.created + trigger.everyMs : known
    case 'cron':
      return cronNext(trigger, last ? last.created : known)
  }
}

function cronNext(
  { expression, timezone }: { expression: string; timezone: string },
  after: number,
): number | undefined {
  const cron = new Cron(expression, { paused: true, ...(timezone === 'local' ? {} : { timezone }) })
  return cron.nextRun(new Date(after))?.getTime()
}

export interface SchedulerPorts {
  readonly clock: Clock
  readonly random: () => number
  jobs(): readonly HistoryJob[]
  last(job: string): LastRun | undefined
  running(job: string): boolean
  /** Starts a run; called when the job is due and does not run. */
  start(job: HistoryJob): void
}

/** Starts jobs when they are due. One run of a job at a time; nothing while paused. */
export class Scheduler {
  private readonly ports: SchedulerPorts
  private readonly jitter = new Map<string, number>()
  /** Since when a job is known as it is. A due time that was counted from now would never come. */
  private readonly known = new Map<string, number>()
  private cancel: () => void = () => {}
  private started = false
  paused = false

  constructor(ports: SchedulerPorts) {
    this.ports = ports
  }

  start(): void {
    this.started = true
    this.look()
  }

  stop(): void {
    this.started = false
    this.cancel()
  }

  /** When a job is due, jitter included; `undefined` for never. */
  due(job: HistoryJob): number | undefined {
    const at = nextRun(job, this.ports.last(job.id), this.knownSince(job))
    return at === undefined ? undefined : at + this.jitterOf(job)
  }

  private knownSince({ id, trigger }: HistoryJob): number {
    const key = `${id} ${JSON.stringify(trigger)}`
    const since = this.known.get(key) ?? this.now
    this.known.set(key, since)
    return since
  }

  private get now(): number {
    return Number(this.ports.clock.wall() / 1_000_000n)
  }

  /** The same for a job as long as the process lives, so that `due` does not wander. */
  private jitterOf(job: HistoryJob): number {
    const known = this.jitter.get(job.id)
    if (known !== undefined) return known
    const pace = job.trigger.kind === 'interval' ? job.trigger.everyMs / 10 : JITTER_MOST
    // Who writes a cron expression or `once` means that moment; only seconds are spread.
    const most = job.trigger.kind === 'interval' ? Math.min(JITTER_MOST, pace) : 1000
    const made = Math.floor(this.ports.random() * most)
    this.jitter.set(job.id, made)
    return made
  }

  /** Looks at all jobs now and when the next one is due. To be called after whatever changes that. */
  look(): void {
    this.cancel()
    if (!this.started) return
    let wait = LOOK_MS
    if (!this.paused) {
      for (const job of this.ports.jobs()) {
        if (this.ports.running(job.id)) continue
        const due = this.due(job)
        if (due === undefined) continue
        if (due <= this.now) this.ports.start(job)
        else wait = Math.min(wait, due - this.now)
      }
    }
    this.cancel = this.ports.clock.after(Math.max(1, wait), () => this.look())
  }
}
