import type { Channel, Interval } from './dataset.js'
import type { ErrorCode } from './error.js'
import type { Nanos } from './time.js'

/** A channel as a task carries it: `ohlc` with its interval, `book` with the depth asked for. */
export interface TaskChannel {
  readonly channel: Channel
  readonly interval?: Interval
  readonly depth?: number
}

/** One supervised unit: an exchange, a pair, its channels. `instance` tells two tasks of the same key apart (an old one draining). */
export interface TaskSpec {
  readonly key: string
  readonly instance: number
  readonly exchange: string
  readonly pair: string
  readonly channels: readonly TaskChannel[]
  /** Seconds between stored book snapshots. */
  readonly timeStep: number
}

/**
 * `waiting`: for the instrument list or a retry; `connecting`; `subscribing`: the socket is open, confirmations are missing;
 * `live`: every channel confirmed and its book (if any) built; `degraded`: some of them; `draining`: was stopped, still flushing; `failed`: will not be
 * retried soon (see `error`); `stopped`.
 */
export type TaskState =
  | 'waiting'
  | 'connecting'
  | 'subscribing'
  | 'live'
  | 'degraded'
  | 'draining'
  | 'failed'
  | 'stopped'

/** What a runner reports about a task, about once a second and at every change of state. */
export interface TaskReport {
  readonly key: string
  readonly instance: number
  readonly state: TaskState
  readonly lastFrame: Nanos | undefined
  readonly lastEvent: Nanos | undefined
  /** Events per second over the last ten seconds. */
  readonly rate: number
  /** Median of receive minus exchange time over the last events, ms. */
  readonly lagMs: number | undefined
  /** What 99 of a hundred of them stay below. */
  readonly lagP99Ms: number | undefined
  readonly reconnects: number
  readonly gaps: number
  readonly rows: number
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly remedy: string } | undefined
}
