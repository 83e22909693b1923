import type { Environment } from '../config/environment.js'
import type { ParsedConfig } from '../config/parse.js'
import { secretTexts } from '../config/redact.js'
import type { CollectorConfig } from '../config/schema.js'
import type { CatalogEntry } from '../config/validate-against.js'
import type { ApplyReport } from '../daemon/stream-manager.js'
import type { StreamedExport } from '../export/export-stream.js'
import type { Clock } from '../lib/clock.js'
import type { Dataset } from '../model/dataset.js'
import type { Instrument } from '../model/instrument.js'
import type { Drift } from '../model/shape.js'
import type { SqlRequest, SqlResult } from '../store/sql.js'
import { accessTokens, isThisMachine, withoutTokens } from './access.js'
import { ConfigFile } from './config-file.js'
import { restartNeeded } from './config-restart.js'
import { EventHub } from './event-hub.js'
import { watchForEvents } from './event-sources.js'
import { GapCounts } from './gap-counts.js'
import type { Jobs } from './jobs.js'
import { LiveHub, type LiveSource } from './live-hub.js'
import type { LogPort } from './log-lines.js'
import type { AlertsPort, AppliedConfig, Ports, StreamControl } from './ports.js'
import type { StoredData } from './services.js'
import type { Tokens } from './tokens.js'

/** Where a daemon's config came from. */
export interface ConfigOrigin {
  readonly parsed: ParsedConfig
  readonly environment: Environment
}

export interface RunningDeps {
  readonly version: string
  readonly catalog: readonly CatalogEntry[]
  readonly config: CollectorConfig
  /** Absent when the config was made in code. */
  readonly origin?: ConfigOrigin | undefined
  /** Token of this machine's user, for the command line. */
  readonly localToken?: string | undefined
  readonly manager: StreamControl & { apply(config: CollectorConfig): Promise<ApplyReport> }
  /** Hears of texts that are secret from now on, before anything is done with them. */
  onSecrets?(texts: readonly string[]): void
  /** Takes over a config that is in force now; must not throw. */
  onConfig?(config: CollectorConfig): void
  /** Where live market events come from. */
  readonly source: LiveSource
  readonly sync: Ports['sync']
  readonly logs: LogPort
  connections: Ports['connections']
  readonly alerts: AlertsPort
  readonly jobs?: Jobs | undefined
  openData(dataPath: string): Promise<StoredData>
  /** How many gaps the ledger has of a dataset, at once; absent where nothing is recorded. */
  gapsOf?(dataset: Dataset): number
  sql(request: SqlRequest, signal: AbortSignal): Promise<SqlResult>
  exportData(request: StreamedExport, signal: AbortSignal): AsyncIterable<string | Uint8Array>
  instruments(exchange: string): Promise<readonly Instrument[] | undefined>
  readonly offload?: Ports['offload']
  readonly offloadText?: Ports['offloadText']
  readonly clock: Clock
  uptime(): number
  readonly lags: Ports['lags']
  drifts(): readonly Drift[]
}

/** The parts of a running daemon, as the operations work on them. */
export class Running implements Ports {
  readonly configFile: ConfigFile
  readonly dataPath: string
  readonly events: EventHub
  readonly live: LiveHub
  readonly streams: StreamControl
  readonly #deps: RunningDeps
  #tokens: Tokens
  #config: CollectorConfig
  #origin: ParsedConfig | undefined
  #etag: string | undefined
  #data: Promise<StoredData> | undefined
  readonly #counts: GapCounts | undefined
  #stopWatching: () => void = () => {}

  constructor(deps: RunningDeps) {
    this.#deps = deps
    this.#tokens = this.#tokensOf(deps.config)
    this.#config = withoutTokens(deps.config)
    this.#origin = deps.origin && { ...deps.origin.parsed, config: withoutTokens(deps.origin.parsed.config) }
    this.dataPath = deps.config.storage.local_path
    const { manager, gapsOf } = deps
    const counts = gapsOf && new GapCounts(deps.clock, gapsOf)
    this.#counts = counts
    this.streams = {
      status: () => {
        const rows = manager.status()
        return counts ? rows.map((row) => ({ ...row, gaps: counts.of(row) })) : rows
      },
      startOne: (job, pair, channels) => manager.startOne(job, pair, channels),
      stopOne: (key) => manager.stopOne(key),
    }
    this.events = new EventHub(deps.clock.wall().toString(36))
    this.live = new LiveHub(deps.source, deps.manager)
    this.configFile = new ConfigFile({
      file: deps.origin?.parsed.file,
      environment: deps.origin?.environment ?? {},
      catalog: deps.catalog,
    })
  }

  /** Learns which content of the config file is in force, and begins to look for what changes. */
  async open(): Promise<void> {
    const stopCounting = this.#countGaps()
    const stopWatching = watchForEvents(this.events, this, this.#deps.clock)
    this.#stopWatching = () => {
      stopCounting()
      stopWatching()
    }
    if (this.configFile.file !== undefined) this.#etag = (await this.configFile.shown()).etag
  }

  #countGaps(): () => void {
    const counts = this.#counts
    if (!counts) return () => {}
    const { clock, manager } = this.#deps
    const stopHearing = this.events.listen(new Set(['progress']), () => counts.disturbed())
    const stopLooking = clock.every(1000, () => {
      try {
        counts.look(manager.status().filter(({ state }) => state !== 'draining'))
      } catch {
        // No catalog before the store is open; what is wrong with it later the store tells.
      }
    })
    return () => {
      stopHearing()
      stopLooking()
    }
  }

  get version(): string {
    return this.#deps.version
  }

  get catalog(): readonly CatalogEntry[] {
    return this.#deps.catalog
  }

  get sync(): Ports['sync'] {
    return this.#deps.sync
  }

  get jobs(): Jobs | undefined {
    return this.#deps.jobs
  }

  get offload(): Ports['offload'] {
    return this.#deps.offload
  }

  get offloadText(): Ports['offloadText'] {
    return this.#deps.offloadText
  }

  get logs(): LogPort {
    return this.#deps.logs
  }

  get alerts(): AlertsPort {
    return this.#deps.alerts
  }

  connections(key: string): ReturnType<Ports['connections']> {
    return this.#deps.connections(key)
  }

  uptime(): number {
    return this.#deps.uptime()
  }

  lags() {
    return this.#deps.lags()
  }

  drifts() {
    return this.#deps.drifts()
  }

  now(): bigint {
    return this.#deps.clock.wall()
  }

  tokens(): Tokens {
    return this.#tokens
  }

  #tokensOf(config: CollectorConfig): Tokens {
    return accessTokens(config, this.#deps.localToken, !isThisMachine(this.#deps.config.settings.ui_host))
  }

  config(): CollectorConfig {
    return this.#config
  }

  secrets(): ReadonlySet<string> {
    return this.#origin?.secrets ?? new Set()
  }

  configEtag(): string | undefined {
    return this.#etag
  }

  exportData(request: StreamedExport, signal: AbortSignal): AsyncIterable<string | Uint8Array> {
    return this.#deps.exportData(request, signal)
  }

  instruments(exchange: string): Promise<readonly Instrument[] | undefined> {
    return this.#deps.instruments(exchange)
  }

  data(): Promise<StoredData> {
    this.#data ??= this.#deps.openData(this.dataPath).catch((error: unknown) => {
      this.#data = undefined
      throw error
    })
    return this.#data
  }

  sql(request: SqlRequest, signal: AbortSignal): Promise<SqlResult> {
    return this.#deps.sql(request, signal)
  }

  async apply(parsed: ParsedConfig, etag: string): Promise<AppliedConfig> {
    const older = this.#origin?.config ?? this.#config
    // What the command line said, and what is read at the start alone, stays as it is.
    const { ui_host, ui_port, workers, endpoints, data_path } = this.#config.settings
    const settings = { ...parsed.config.settings, ui_host, ui_port, workers, endpoints, data_path }
    const storage = { ...parsed.config.storage, local_path: this.#config.storage.local_path }
    const next = { ...parsed.config, settings, storage, journal: this.#config.journal }
    const tokens = this.#tokensOf(next)
    this.#deps.onSecrets?.(secretTexts(next, parsed.secrets))
    const report = await this.#deps.manager.apply(next)
    if (!report.rolledBack) {
      this.#tokens = tokens
      this.#config = withoutTokens(next)
      this.#origin = { ...parsed, config: withoutTokens(parsed.config) }
      this.#etag = etag
      this.#deps.onConfig?.(next)
      this.events.publish('config', { etag })
    }
    return { ...report, restartNeeded: restartNeeded(older, parsed.config) }
  }

  async close(): Promise<void> {
    this.#stopWatching()
    const data = await this.#data?.catch(() => undefined)
    this.#data = undefined
    await data?.close()
  }
}
