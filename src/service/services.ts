import type { ChaosRequest, ChaosVerdict } from '../chaos/chaos.js'
import type { CollectorConfig } from '../config/schema.js'
import type { CatalogEntry } from '../config/validate-against.js'
import type { StreamStatus } from '../daemon/stream-status.js'
import type { ExportReport, ExportRequest } from '../export/export-data.js'
import type { Dataset, Interval } from '../model/dataset.js'
import type { CollectorError } from '../model/error.js'
import type { Covered, Gap } from '../model/gaps.js'
import type { Instrument } from '../model/instrument.js'
import type { Nanos } from '../model/time.js'
import type { RunQuery, StoredRun } from '../store/catalog.js'
import type { BarRule, DerivedCandle } from '../store/derived-candles.js'
import type { EventRange } from '../store/event-ranges.js'
import type { ImportReport } from '../store/import-predecessor.js'
import type { PagePlace } from '../store/page-place.js'
import type { PageRange } from '../store/page-reader.js'
import type { DatasetLedger, GapFilter, InventoryEntry, StoredRow } from '../store/reader.js'
import type { SqlRequest, SqlResult } from '../store/sql.js'
import type { Standing } from '../store/standing.js'
import type { DecodeReport } from './decode.js'
import type { Jobs } from './jobs.js'
import type { Ports } from './ports.js'
import type { RebuildReport } from './rebuild.js'
import type { ConfigOrigin } from './running.js'
import type { VerifyReport } from './verify.js'

export type { DerivedCandle } from '../store/derived-candles.js'
export type { StoredRow } from '../store/reader.js'

/** A running daemon, in this process. */
export interface Daemon {
  readonly url: string
  readonly dataPath: string
  status(): readonly StreamStatus[]
  /** Its histories. */
  readonly jobs: Jobs
  /** Resolves with the reason when the daemon cannot go on. */
  readonly failed: Promise<CollectorError>
  /** Flushes, closes and lets go of everything, within the deadline: `settings.stop_timeout` when not given. */
  stop(deadlineMs?: number): Promise<void>
}

/** Histories of a data folder that no daemon records into. `close` ends what runs and lets go of the folder. */
export interface OpenJobs {
  readonly jobs: Jobs
  close(): Promise<void>
}

/** What `emulate` and `demo` ask of the emulator; see `dccd emulate --help`. */
export interface EmulatorRequest {
  readonly port: number
  readonly seed?: string
  readonly rate?: number
  readonly instruments?: number
  readonly exchanges?: readonly string[]
  /** Seconds. */
  readonly past?: number
  readonly truth?: string
  readonly faults?: string
  readonly faultLog?: string
  readonly play?: { readonly file: string; readonly capture?: string; readonly pace?: number | 'max' }
}

export interface RunningEmulator {
  readonly port: number
  close(): Promise<void>
}

/** A data folder opened for reading alone, beside its daemon or without one. */
export interface StoredData {
  inventory(): InventoryEntry[]
  /** First and last event of every dataset, by its key. */
  eventRanges(signal?: AbortSignal): Promise<ReadonlyMap<string, EventRange>>
  /** Bytes of Parquet ever written, and those that stand there. */
  writeAmplification(): { readonly written: number; readonly stored: number }
  /** Runs of histories as they were saved, newest first. */
  runs(query: RunQuery): StoredRun[]
  gaps(filter: GapFilter): Gap[]
  /** The ledger dataset by dataset; others have their turn in between, and aborting `signal` ends it. */
  eachLedger(filter: GapFilter, signal?: AbortSignal): AsyncIterable<DatasetLedger>
  /** What an exchange listed when it was last asked; undefined when it never was. */
  instruments(exchange: string): readonly Instrument[] | undefined
  /** What it listed at a moment, as far as this data folder saw it, and since when it looks. */
  listing(exchange: string, at: Nanos): { readonly list: readonly Instrument[]; readonly since: Nanos | undefined }
  /** Every dataset that is stored or wanted, by exchange, kind and pair. */
  datasets(): Dataset[]
  /** What of it is held by proof, in order. */
  covered(dataset: Dataset): Covered[]
  /** What the ledger says of one moment of a dataset. */
  standing(dataset: Dataset, at: Nanos): Standing
  /** Rows to rebuild a book from, as it stood at an instant. */
  bookRows(dataset: Dataset, at: Nanos, signal?: AbortSignal): AsyncIterable<StoredRow>
  /** Candles made from stored trades. */
  derivedCandles(
    dataset: Dataset,
    rule: Interval | BarRule,
    from: Nanos,
    until: Nanos,
    signal?: AbortSignal,
  ): AsyncIterable<DerivedCandle>
  scan(
    dataset: Dataset,
    from: Nanos,
    until: Nanos,
    columns?: readonly string[],
    signal?: AbortSignal,
  ): AsyncIterable<StoredRow>
  /** One page of what `scan` gives. Throws USAGE for a place that is none. */
  page(
    dataset: Dataset,
    range: PageRange,
    columns?: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ readonly rows: readonly StoredRow[]; readonly next: PagePlace | undefined }>
  close(): Promise<void>
}

export type { ChaosRequest, ChaosVerdict } from '../chaos/chaos.js'
export type { ExportFormat, ExportReport, ExportRequest } from '../export/export-data.js'

/** The parts of a daemon that does not run, to be closed after use. */
export interface LocalPorts extends Ports {
  close(): Promise<void>
}

/** An exchange that can be emulated. `streams`: its pairs with every channel that they have. */
interface Emulated {
  readonly exchange: string
  readonly pairs: readonly string[]
  readonly streams: readonly { readonly pairs: readonly string[]; readonly channels: readonly string[] }[]
}

/** Everything that a user can ask for: what command line, API and UI call. Implemented by the composition root. */
export interface Services {
  readonly version: string
  /** What the exchanges offer. */
  catalog(): Promise<readonly CatalogEntry[]>
  /** A config to begin with, comments and all. */
  exampleConfig(): Promise<string>
  /** Every configured stream as it shows while nothing runs. */
  idleStreams(config: CollectorConfig): Promise<StreamStatus[]>
  /** `origin`: the file that the config is of, so that it can be edited while the daemon runs. */
  startDaemon(config: CollectorConfig, onError: (error: CollectorError) => void, origin?: ConfigOrigin): Promise<Daemon>
  /** Takes the data folder for histories alone. Throws DATA_LOCKED where a daemon or another command has it. */
  openJobs(config: CollectorConfig, onError: (error: CollectorError) => void): Promise<OpenJobs>
  startEmulator(request: EmulatorRequest): Promise<RunningEmulator>
  /** The exchanges that can be emulated, with the first pairs of each. */
  emulated(instruments: number): Promise<readonly Emulated[]>
  /** Records emulated exchanges in a process of its own, torments it and compares. `tell` hears what is done. */
  chaos(request: ChaosRequest, tell: (line: string) => void, signal: AbortSignal): Promise<ChaosVerdict>
  /** Derives everything that the journal holds anew into another folder and compares. */
  rebuild(dataPath: string, output: string, tell: (line: string) => void): Promise<RebuildReport>
  /** Compares what is stored with what was written, and mends it when asked. `tell` hears what is looked at. */
  verify(
    dataPath: string,
    options: { readonly deep: boolean; readonly repair: boolean },
    tell: (line: string) => void,
  ): Promise<VerifyReport>
  /** Takes the data tree of dccd 2 or 3 into ours. */
  importTree(dataPath: string, tree: string, dryRun: boolean, tell: (line: string) => void): Promise<ImportReport>
  /** Writes stored rows or the ledger into a file of another format. */
  export(dataPath: string, request: ExportRequest): Promise<ExportReport>
  /** One query over what is published, in a process-wide sandbox of its own. */
  sql(dataPath: string, request: SqlRequest, signal?: AbortSignal): Promise<SqlResult>
  /** What operations work on where no daemon runs: nothing is recorded, and nothing is locked. `origin`: the config of the folder. */
  openLocal(dataPath: string, origin?: ConfigOrigin): Promise<LocalPorts>
  openData(dataPath: string): Promise<StoredData>
  /** The living daemon of a data folder, with the token by which its own user may ask it. */
  daemonOf(
    dataPath: string,
  ): Promise<
    { readonly pid: number; readonly host: string; readonly port: number; readonly token?: string } | undefined
  >
  /** Throws UNSUPPORTED for an unknown exchange. */
  decode(
    exchange: string,
    input: AsyncIterable<Uint8Array>,
    write: (text: string) => void | Promise<void>,
  ): Promise<DecodeReport>
}
