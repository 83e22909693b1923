import type { ParsedConfig } from '../config/parse.js'
import type { CollectorConfig } from '../config/schema.js'
import type { JobOptions } from '../config/tasks.js'
import type { CatalogEntry } from '../config/validate-against.js'
import type { AlertRow } from '../daemon/alert-log.js'
import type { ApplyReport } from '../daemon/stream-manager.js'
import type { SyncReport } from '../daemon/sync-service.js'
import type { StreamedExport } from '../export/export-stream.js'
import type { ConnectionEvent } from '../model/connection-event.js'
import type { Instrument } from '../model/instrument.js'
import type { SqlRequest, SqlResult } from '../store/sql.js'
import type { ConfigFile } from './config-file.js'
import type { EventHub } from './event-hub.js'
import type { HealthPorts } from './health.js'
import type { Jobs } from './jobs.js'
import type { LiveHub } from './live-hub.js'
import type { LogPort } from './log-lines.js'
import type { StoredData } from './services.js'
import type { StreamsPort } from './streams.js'
import type { Tokens } from './tokens.js'

/** The running streams as operations drive them. */
export interface StreamControl extends StreamsPort {
  startOne(job: JobOptions, pair: string, channels: readonly string[]): string
  stopOne(key: string): boolean
}

/** What an operation that is `apart` works on. */
export type StoredPorts = Pick<Ports, 'data' | 'dataPath' | 'config' | 'sql'>

/** What keeps failing, and who is told. */
export interface AlertsPort {
  list(): readonly AlertRow[]
  /** Throws NOT_FOUND. */
  acknowledge(id: number): AlertRow | Promise<AlertRow>
  /** Throws UNSUPPORTED where nobody is told, and what sending throws. */
  test(signal: AbortSignal): Promise<{ readonly receiver: string; readonly status: number }>
}

/** What a changed config did. */
export interface AppliedConfig extends ApplyReport {
  /** Changed keys that count only after a restart of the daemon. */
  readonly restartNeeded: readonly string[]
}

/** What the operations work on: the parts of a running daemon. */
export interface Ports extends HealthPorts {
  readonly streams: StreamControl
  /** What happened to the connections of a stream, oldest first. */
  connections(key: string): readonly ConnectionEvent[]
  readonly catalog: readonly CatalogEntry[]
  readonly dataPath: string
  /** Who may ask. */
  tokens(): Tokens
  /** The config in force, without its tokens. */
  config(): CollectorConfig
  /** Keys of it whose value came from the environment. */
  secrets(): ReadonlySet<string>
  /** Which content of the file is in force. */
  configEtag(): string | undefined
  readonly configFile: ConfigFile
  /** Puts a config into force, or leaves everything as it is. */
  apply(parsed: ParsedConfig, etag: string): Promise<AppliedConfig>
  /** The stored data, opened at first use. */
  data(): Promise<StoredData>
  /** Answers an operation that is `apart`, its input checked before; absent where one answers in this thread. */
  readonly offload?: ((name: string, input: unknown, signal: AbortSignal) => Promise<unknown>) | undefined
  /** The same as JSON, for who only passes it on. */
  readonly offloadText?: ((name: string, input: unknown, signal: AbortSignal) => Promise<string>) | undefined
  sql(request: SqlRequest, signal: AbortSignal): Promise<SqlResult>
  /** Stored rows as a file of another format. */
  exportData(request: StreamedExport, signal: AbortSignal): AsyncIterable<string | Uint8Array>
  /** What an exchange lists, from the last time it was asked; undefined when it never was. */
  instruments(exchange: string): Promise<readonly Instrument[] | undefined>
  readonly sync: {
    last(): Promise<SyncReport | undefined>
    syncNow(): Promise<SyncReport>
    readonly running: boolean
  }
  readonly logs: LogPort
  readonly alerts: AlertsPort
  readonly events: EventHub
  readonly live: LiveHub
  /** Absent in a process that fetches no histories. */
  readonly jobs?: Jobs | undefined
  /** Now, UTC nanoseconds. */
  now(): bigint
}
