import type { Channel, Interval } from '../model/dataset.js'
import type { ErrorCode } from '../model/error.js'

/** Which datasets a job is about: absent fields mean all that the config names and the exchange has a past of. */
export interface JobFilter {
  readonly exchange?: string
  readonly pairs?: readonly string[]
  /** Channels: `trades`, `ohlc`, `funding`, `open_interest`. */
  readonly channels?: readonly Channel[]
  readonly interval?: Interval
}

/** What is asked for. Times: `last` (go on from what is held), `origin` (the first there is), ISO time, or nanoseconds as text. */
export interface HistoryRequest extends JobFilter {
  /** `backfill`: what is missing between `start` and `until`. `repair`: the gaps of what was wanted. */
  readonly kind: 'backfill' | 'repair'
  readonly start?: string
  /** Absent: now. */
  readonly until?: string
  /** Datasets fetched at once; requests stay within the budget of each exchange. */
  readonly parallel?: number
  /** The newest or the oldest missing range first. */
  readonly first?: 'oldest' | 'newest'
  /** Files of archives: where they spare requests or reach further (`auto`), `never`, or nothing else (`only`); else as `settings.archives` says. */
  readonly archives?: 'auto' | 'never' | 'only'
  /** Ask again for what the exchange could not give when it was asked last. */
  readonly retryLost?: boolean
  /** Ask again for what is held between `start` and `until`, too: where the exchange tells something else now, that is stored. Only of `backfill`, with a start. */
  readonly refetch?: boolean
}

/**
 * `queued`: waits for its turn; `running`; `succeeded`; `failed`: see `error`; what was proven is kept; `cancelled`: the same;
 * `stale`: its process died, nobody runs it.
 */
export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'

/** How far one dataset of a run is. Times are nanoseconds as text, on exchange time. */
export interface RunPart {
  /** `datasetKey`. */
  readonly dataset: string
  /** The whole missing time at the start of the run, and how much of it is proven or known to be lost now, seconds. */
  readonly wantedSeconds: number
  readonly doneSeconds: number
  /** The range that was asked for. */
  readonly from: string
  readonly until: string
  readonly rows: number
  readonly requests: number
  readonly bytes: number
  /** What cannot be had, and why. */
  readonly lost: readonly { readonly from: string; readonly until: string; readonly reason: string }[]
  readonly error: RunError | null
}

export interface RunError {
  readonly code: ErrorCode
  readonly message: string
  readonly remedy: string
}

/** One run of a job, as it is or was. Times are ISO. */
export interface Run {
  readonly id: number
  /** The scheduled job that it is of; null for one that was asked for by hand or by a gap. */
  readonly job: string | null
  readonly kind: 'backfill' | 'repair'
  readonly request: HistoryRequest
  readonly trigger: 'manual' | 'schedule' | 'gap'
  readonly state: RunState
  readonly created: string
  readonly started: string | null
  readonly ended: string | null
  readonly rows: number
  readonly requests: number
  readonly bytes: number
  /** Rows per second over the last seconds. */
  readonly rate: number
  /** Part of the missing time that is done, 0 to 1. */
  readonly progress: number
  /** Seconds until it is done at this rate; null while that cannot be told. */
  readonly etaSeconds: number | null
  readonly error: RunError | null
  readonly parts: readonly RunPart[]
}

/** A run with the last lines of its log, oldest first: `2026-11-26T10:00:00Z text`. */
export interface RunDetail extends Run {
  readonly log: readonly string[]
}

/** What a run would do, without doing it. */
export interface RunPlan {
  readonly parts: readonly {
    readonly dataset: string
    readonly from: string
    readonly until: string
    readonly missing: readonly { readonly from: string; readonly until: string }[]
    /** Files of archives beside the requests, and their bytes. */
    readonly archives: {
      readonly files: number
      readonly bytes: number
      readonly first: string
      readonly last: string
    } | null
    /** Estimates: from what is held of the dataset, else from usual sizes. */
    readonly requests: number
    readonly rows: number
    readonly bytes: number
    readonly seconds: number
    /** Such as a start that is out of the venue's reach. */
    readonly warnings: readonly string[]
  }[]
  readonly requests: number
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
}

/** A job that the config schedules. */
export interface Job {
  /** `backfill:exchange:BASE/QUOTE:channel[:interval]`. */
  readonly id: string
  readonly request: HistoryRequest
  readonly trigger: 'once' | 'interval' | 'cron' | 'manual'
  /** `every 3600 s`, `cron 0 3 * * * Europe/Zurich`. */
  readonly schedule: string
  /** ISO; null where nothing is planned: manual, done, or the scheduler is paused. */
  readonly next: string | null
  readonly running: number | null
  readonly last: Run | null
  /** Failures in a row; while above 0 the next run waits longer. */
  readonly failures: number
}

export interface RunFilter {
  readonly job?: string
  readonly state?: RunState
  /** At most this many, newest first; 50 when absent. */
  readonly limit?: number
  /** Only runs with a smaller id: the next page. */
  readonly before?: number
}

/** Histories of a data folder: what API, CLI and UI call. Implemented over a running daemon, or over the data folder itself. */
export interface Jobs {
  /** Throws USAGE and UNSUPPORTED for what cannot be asked for. */
  plan(request: HistoryRequest): Promise<RunPlan>
  /** Returns at once; the run waits for its turn or has begun. */
  start(request: HistoryRequest): Promise<Run>
  runs(filter?: RunFilter): Promise<readonly Run[]>
  run(id: number): Promise<RunDetail | undefined>
  /** Ends it at the next page; what is proven stays. `false` when there is none that runs or waits. */
  cancel(id: number): Promise<boolean>
  jobs(): Promise<readonly Job[]>
  /** Starts a scheduled job now; the run that is under way if there is one. Throws NOT_FOUND. */
  runNow(job: string): Promise<Run>
  /** Whether the scheduler starts nothing by itself; runs under way go on. */
  paused(): Promise<boolean>
  pause(paused: boolean): Promise<void>
}
