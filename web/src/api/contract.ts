/** The shapes of the HTTP API that the UI reads: docs/formats/http-api.md. */

export type StreamState =
  | 'waiting'
  | 'connecting'
  | 'subscribing'
  | 'live'
  | 'degraded'
  | 'draining'
  | 'failed'
  | 'stopped'

export interface Session {
  readonly login_needed: boolean
  readonly role: 'read' | 'control' | null
  readonly may_change: boolean
  readonly readonly: boolean
}

export interface ErrorFields {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

export interface StreamRow {
  readonly key: string
  readonly exchange: string
  readonly pair: string
  readonly channels: readonly string[]
  readonly time_step: number
  readonly running: boolean
  readonly state: StreamState
  readonly last_frame: string | null
  readonly last_event: string | null
  readonly rate: number
  readonly lag_ms: number | null
  readonly reconnects: number
  readonly gaps: number
  readonly rows: number
  readonly error: ErrorFields | null
  readonly configured: boolean
}

export interface Health {
  readonly status: 'ok' | 'degraded'
  readonly version: string
  readonly uptime_s: number
  readonly journal_lag_ms: number | null
  readonly store_lag_ms: number | null
}

export interface ChannelOffer {
  readonly channel: string
  readonly depths: readonly number[] | null
  readonly intervals: readonly string[] | null
  readonly proof: string
  readonly axis: 'exchange' | 'receive'
}

export interface ExchangeOffer {
  readonly exchange: string
  readonly task_per: 'pair' | 'channel'
  readonly channels: readonly ChannelOffer[]
}

export interface InstrumentRow {
  readonly exchange: string
  readonly pair: string
  readonly symbol: string
  readonly kind: string
  readonly base: string
  readonly quote: string
  readonly status: 'trading' | 'halted' | 'closed'
}

export interface InstrumentPage {
  readonly total: number
  readonly next_cursor: string | null
  readonly instruments: readonly InstrumentRow[]
}

export interface DatasetFields {
  readonly exchange: string
  readonly kind: string
  readonly pair: string
  readonly interval: string | null
}

export interface InventoryRow extends DatasetFields {
  readonly rows: number
  readonly unpublished_rows: number
  readonly files: number
  readonly bytes: number
  readonly first: string
  readonly last: string
  readonly published: string | null
  readonly held_until: string | null
  readonly coverage: number | null
  readonly gaps: number
}

export type CoverageState = 'observed' | 'backfilled' | 'unverifiable' | 'missing'

export interface CoverageInterval {
  readonly from: string
  readonly until: string
  readonly from_time: string
  readonly until_time: string
  readonly state: CoverageState
  readonly code: string | null
  readonly detail: string | null
  readonly held_s: number
  readonly missing_s: number
}

export interface CoverageDataset extends DatasetFields {
  readonly intervals: readonly CoverageInterval[]
}

export interface CoverageAnswer {
  readonly from_time: string | null
  readonly until_time: string | null
  readonly resolution_s: number
  readonly truncated: boolean
  readonly datasets: readonly CoverageDataset[]
}

export interface GapRow extends DatasetFields {
  readonly from: string
  readonly until: string
  readonly from_time: string
  readonly until_time: string
  readonly seconds: number
  readonly missing: string | null
  readonly code: string
  readonly detail: string
}

export interface ReadPage {
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[]
  readonly next_cursor: string | null
}

export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly truncated: boolean
}

export type BookLevel = readonly [string, string]

export interface BookView {
  readonly time: string | null
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

export interface BookAnswer extends BookView {
  readonly exchange: string
  readonly pair: string
  readonly at: string
  readonly sequence: string | null
  readonly proof: 'verified' | 'unverifiable' | 'pending' | 'missing'
}

export interface Candle {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly trades: number | null
}

export interface CandlesAnswer {
  readonly source: 'trades' | 'exchange'
  readonly truncated: boolean
  readonly candles: readonly Candle[]
}

export interface LogLine {
  readonly time: string
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface SyncAnswer {
  readonly remotes: readonly string[]
  readonly sync_interval: number
  readonly running: boolean
  readonly last_sync_at: string | null
  readonly results: readonly {
    readonly remote: string
    readonly ok: boolean
    readonly at: string
    readonly error: ErrorFields | null
  }[]
}

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'

export interface RunPart {
  readonly dataset: string
  readonly from: string
  readonly until: string
  readonly wanted_s: number
  readonly done_s: number
  readonly rows: number
  readonly requests: number
  readonly bytes: number
  readonly lost: readonly { readonly from: string; readonly until: string; readonly reason: string }[]
  readonly error: ErrorFields | null
}

export interface RunRow {
  readonly id: number
  readonly job: string | null
  readonly kind: 'backfill' | 'repair'
  readonly trigger: 'manual' | 'schedule' | 'gap'
  readonly state: RunState
  readonly request: {
    readonly exchange: string | null
    readonly pairs: readonly string[] | null
    readonly channels: readonly string[] | null
    readonly interval: string | null
    readonly start: string | null
    readonly until: string | null
  }
  readonly created: string
  readonly started: string | null
  readonly ended: string | null
  readonly rows: number
  readonly requests: number
  readonly bytes: number
  readonly rate: number
  readonly progress: number
  readonly eta_s: number | null
  readonly error: ErrorFields | null
  readonly parts: readonly RunPart[]
}

export interface RunDetail extends RunRow {
  readonly log: readonly string[]
}

export interface RunPlan {
  readonly requests: number
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
  readonly parts: readonly {
    readonly dataset: string
    readonly from: string
    readonly until: string
    readonly requests: number
    readonly rows: number
    readonly bytes: number
    readonly seconds: number
    readonly warnings: readonly string[]
  }[]
}

export interface JobRow {
  readonly id: string
  readonly trigger: string
  readonly schedule: string
  readonly next: string | null
  readonly running: number | null
  readonly last: RunRow | null
  readonly failures: number
}

export interface JobsAnswer {
  readonly paused: boolean
  readonly jobs: readonly JobRow[]
}

export interface ConfigProblem {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly found?: string
  readonly expected?: string
  readonly nearest?: string
}

export interface ConfigPlan {
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly restarted: readonly string[]
  readonly unchanged: readonly string[]
  readonly restart_needed: readonly string[]
}

export interface ConfigAnswer {
  readonly file: string | null
  readonly etag: string
  readonly yaml: string | null
  readonly config: Readonly<Record<string, unknown>>
  readonly in_force: boolean
  readonly warnings: readonly ConfigProblem[]
  readonly problems: readonly ConfigProblem[]
}

export interface ConfigCheck {
  readonly valid: boolean
  readonly yaml: string | null
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly diff: string
  readonly plan: ConfigPlan | null
}

export interface ConfigSaved {
  readonly etag: string
  readonly diff: string
  readonly warnings: readonly ConfigProblem[]
  readonly applied: ConfigPlan & { readonly rolled_back: boolean; readonly error: ErrorFields | null }
}
