import { channelText } from '../config/channel.js'
import type { TaskPlan } from '../config/tasks.js'
import type { CollectorError, ErrorCode } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import type { TaskState } from './task.js'
import type { RunningTask } from './task-set.js'

/** One task as the manager shows it. */
export interface StreamStatus {
  readonly key: string
  readonly exchange: string
  readonly pair: string
  readonly channels: readonly string[]
  /** Seconds between stored book snapshots. */
  readonly timeStep: number
  /** It is at work or tries to be; not when stopped, draining or failed. */
  readonly running: boolean
  readonly state: TaskState
  readonly lastFrame: Nanos | undefined
  readonly lastEvent: Nanos | undefined
  /** Events per second. */
  readonly rate: number
  readonly lagMs: number | undefined
  readonly lagP99Ms: number | undefined
  readonly reconnects: number
  /** What its connections lost since it was started. */
  readonly breaks: number
  /** Stretches that were wanted and are not held, as the ledger has them now; undefined where nobody counted. */
  readonly gaps: number | undefined
  readonly rows: number
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly remedy: string } | undefined
  /** Whether the config has an entry for it. */
  readonly configured: boolean
}

/** A runner reports about once a second; one that said nothing for this long is not believed to be live. */
const MUTE_AFTER_MS = 15_000

/** The row of a task; without `task` it does not run. */
export function streamStatus(
  plan: TaskPlan,
  task: RunningTask | undefined,
  configured: boolean,
  mono: bigint,
): StreamStatus {
  const report = task?.report
  const muteMs = task?.phase === 'started' ? Number((mono - task.heardAt) / 1_000_000n) : 0
  const mute = muteMs >= MUTE_AFTER_MS
  const state = mute ? 'degraded' : stateOf(task)
  return {
    key: plan.key,
    exchange: plan.exchange,
    pair: plan.pair,
    channels: plan.channels.map(channelText),
    timeStep: plan.timeStep,
    running: isRunning(task),
    state,
    lastFrame: report?.lastFrame,
    lastEvent: report?.lastEvent,
    rate: mute ? 0 : (report?.rate ?? 0),
    lagMs: report?.lagMs,
    lagP99Ms: report?.lagP99Ms,
    reconnects: report?.reconnects ?? 0,
    breaks: report?.gaps ?? 0,
    gaps: undefined,
    rows: report?.rows ?? 0,
    error: mute ? muteError(muteMs) : (report?.error ?? errorFields(task?.error)),
    configured,
  }
}

/** Whether an instance is at work or tries to be. */
export function isRunning(task: RunningTask | undefined): boolean {
  const state = stateOf(task)
  return state !== 'stopped' && state !== 'failed' && state !== 'draining'
}

function stateOf(task: RunningTask | undefined): TaskState {
  if (!task) return 'stopped'
  if (task.phase === 'draining') return 'draining'
  if (task.phase === 'broken') return 'failed'
  return task.report?.state ?? 'waiting'
}

function muteError(ms: number): StreamStatus['error'] {
  return {
    code: 'PROCESS_CRASHED',
    message: `the worker of this task has not reported for ${Math.round(ms / 1000)} s`,
    remedy: 'Look at the log; a crashed worker is started again by itself, a hanging one by a restart of the daemon.',
  }
}

function errorFields(error: CollectorError | undefined): StreamStatus['error'] {
  return error && { code: error.code, message: error.message, remedy: error.remedy }
}
