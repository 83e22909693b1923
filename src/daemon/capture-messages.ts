import type { MessagePort } from 'node:worker_threads'
import type { ConnectionEvent } from '../model/connection-event.js'
import type { ErrorCode } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { LiveBatch, LiveWish } from '../model/live.js'
import type { Drift } from '../model/shape.js'
import type { TaskReport, TaskSpec } from '../model/task.js'

/** What the main thread asks of a capture worker. */
export type CaptureMethods = {
  startTask(spec: TaskSpec): void
  /** `stillWanted`: the whole daemon stops; `stop` follows. */
  stopTask(key: string, instance: number, stillWanted: boolean): Promise<void>
  /** Hands everything received so far to the store thread, once it is safe in the journal. */
  cut(): Promise<void>
  /**
   * The store lost what was not committed, or rows were forgotten: collects rows again, from the returned position on, which is safe in the
   * journal. `store`: the way to a store that was started anew.
   */
  rejoin(store: MessagePort | null): Promise<number>
  /** What lies before that position is stored: hands over again. */
  resume(): void
  /** Hands these out as they come, instead of those before. */
  follow(wish: LiveWish): void
  /** A batch that was handed out has been worked off. */
  liveTaken(): void
  /** Ends all connections and opens none before `unpause`. */
  pause(code: ErrorCode, message: string): void
  unpause(): void
  /** Closes all connections, ends the lane and hands over the rest. Whether all of it is handed over. */
  stop(): Promise<boolean>
}

/** What a capture worker tells by itself. */
export type CaptureNews =
  | { readonly news: 'reports'; readonly reports: readonly TaskReport[] }
  | { readonly news: 'connection'; readonly keys: readonly string[]; readonly event: ConnectionEvent }
  | { readonly news: 'instruments'; readonly exchange: string; readonly list: readonly Instrument[] }
  | { readonly news: 'drift'; readonly drifts: readonly Drift[] }
  | { readonly news: 'live'; readonly batch: LiveBatch }
  /** Much has come since the last commit. */
  | { readonly news: 'commit-due' }
  /** How long the oldest record has waited for the disk; told twice a second. */
  | { readonly news: 'lag'; readonly ms: number }
  /** Rows were forgotten because the store did not take them; the journal has their frames. */
  | { readonly news: 'behind' }

/** Base URLs used instead of those of the exchanges, by exchange. */
export type Endpoints = Readonly<
  Record<
    string,
    {
      readonly websocket?: string | undefined
      readonly rest?: string | undefined
      readonly archive?: string | undefined
    }
  >
>

/** What a capture worker is started with. */
export interface CaptureStart {
  readonly role: 'capture'
  readonly lane: number
  /** The config in force, without secrets, as JSON: the first record of the lane. */
  readonly config: string
  readonly journal: MessagePort
  readonly store: MessagePort
  /** Numbers of connections: element 0 is the next one, shared by all workers. */
  readonly connections: SharedArrayBuffer
  readonly endpoints: Endpoints
  readonly instruments: Readonly<Record<string, readonly Instrument[]>>
  readonly wantedSince: Readonly<Record<string, string>>
}

/** What the recovery worker is started with: lanes, and what of them is stored. */
export interface RecoverStart {
  readonly role: 'recover'
  readonly journal: string
  readonly store: MessagePort
  /** Only journal files of lower numbers: those of earlier processes; null for all. */
  readonly below: number | null
  readonly lanes: readonly LaneToRecover[]
}

/** `until`: the lane lives on and is derived up to this position only. */
export interface LaneToRecover {
  readonly lane: number
  readonly committed: number
  readonly until?: number
}

/** What the recovery worker tells. */
export type RecoverNews =
  | { readonly news: 'recovered'; readonly lane: number; readonly records: number }
  | { readonly news: 'damaged'; readonly detail: string }
