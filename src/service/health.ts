import type { TaskState } from '../daemon/task.js'
import type { Drift } from '../model/shape.js'
import { isoFromNanos } from '../model/time.js'
import type { StreamsPort } from './streams.js'

/** What the health of the daemon is read from. */
export interface HealthPorts {
  readonly streams: StreamsPort
  readonly version: string
  /** Seconds since the daemon started. */
  uptime(): number
  /** How old the oldest frame is that is not yet durable, and how long ago the last commit was; absent before the first. */
  lags(): { readonly journalMs: number; readonly storeMs?: number }
  /** What exchanges send beside their documentation, since the daemon started. Absent: not known. */
  drifts?(): readonly Drift[]
}

/** A daemon whose frames are not durable within this time is not well. */
const DURABLE_WITHIN_MS = 1000

/** The daemon in one look. `degraded`: some task does not do what is wanted of it, or the disk does not keep up. */
export function health(ports: HealthPorts) {
  const rows = ports.streams.status()
  const streams: Record<TaskState, number> = {
    waiting: 0,
    connecting: 0,
    subscribing: 0,
    live: 0,
    degraded: 0,
    draining: 0,
    failed: 0,
    stopped: 0,
  }
  for (const { state } of rows) streams[state] += 1
  const { journalMs, storeMs } = ports.lags()
  const late = journalMs > DURABLE_WITHIN_MS
  const troubled = rows.some(({ state, error }) => state === 'degraded' || state === 'failed' || error !== undefined)
  return {
    status: late || troubled ? ('degraded' as const) : ('ok' as const),
    version: ports.version,
    uptime_s: Math.floor(ports.uptime()),
    streams,
    journal_lag_ms: journalMs,
    store_lag_ms: storeMs ?? null,
    drifts: (ports.drifts?.() ?? []).map(driftJson),
  }
}

function driftJson({ exchange, channel, what, name, count, first, last, frame }: Drift) {
  return {
    exchange,
    channel,
    what,
    name,
    count,
    first: isoFromNanos(first),
    last: isoFromNanos(last),
    frame: frame === null ? null : frame.toString(),
  }
}
