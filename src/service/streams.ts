import type { StreamStatus } from '../daemon/stream-status.js'
import { isoFromNanos, type Nanos } from '../model/time.js'

/** The part of the stream manager that shows. */
export interface StreamsPort {
  status(): readonly StreamStatus[]
}

/** Every task as JSON rows: the configured ones, then what runs or drains beside them. */
export function listStreams(manager: StreamsPort): StreamJson[] {
  return manager.status().map(statusJson)
}

export type StreamJson = ReturnType<typeof statusJson>

/** The row as JSON: snake_case, times as ISO text, `null` for what is not known. */
export function statusJson(row: StreamStatus) {
  const error: { readonly code: string; readonly message: string; readonly remedy: string } | null = row.error ?? null
  const time = (at: Nanos | undefined) => (at === undefined ? null : isoFromNanos(at))
  return {
    key: row.key,
    exchange: row.exchange,
    pair: row.pair,
    channels: row.channels,
    time_step: row.timeStep,
    running: row.running,
    state: row.state,
    last_frame: time(row.lastFrame),
    last_event: time(row.lastEvent),
    rate: row.rate,
    lag_ms: row.lagMs ?? null,
    lag_p99_ms: row.lagP99Ms ?? null,
    reconnects: row.reconnects,
    gaps: row.gaps ?? 0,
    rows: row.rows,
    error,
    configured: row.configured,
  }
}
