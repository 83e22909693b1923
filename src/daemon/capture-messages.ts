import type { MessagePort } from 'node:worker_threads'
import type { Instrument } from '../model/instrument.js'
import type { TaskReport, TaskSpec } from '../model/task.js'

/** What the main thread asks of a capture worker. */
export type CaptureMethods = {
  startTask(spec: TaskSpec): void
  /** `stillWanted`: the whole daemon stops; `stop` follows. */
  stopTask(key: string, instance: number, stillWanted: boolean): Promise<void>
  /** Hands everything received so far to the store thread, once it is safe in the journal. */
  cut(): Promise<void>
  /** Closes all connections, ends the lane and hands over the rest. */
  stop(): Promise<void>
}

/** What a capture worker tells by itself. */
export type CaptureNews =
  | { readonly news: 'report'; readonly report: TaskReport }
  | { readonly news: 'instruments'; readonly exchange: string; readonly list: readonly Instrument[] }
  /** Much has come since the last commit. */
  | { readonly news: 'commit-due' }

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
  readonly endpoints: Readonly<
    Record<string, { readonly websocket?: string | undefined; readonly rest?: string | undefined }>
  >
  readonly instruments: Readonly<Record<string, readonly Instrument[]>>
  readonly wantedSince: Readonly<Record<string, string>>
}

/** What the recovery worker is started with: lanes of processes that ended, and what of them is stored. */
export interface RecoverStart {
  readonly role: 'recover'
  readonly journal: string
  readonly store: MessagePort
  /** Only journal files of lower numbers: those of earlier processes; null for all. */
  readonly below: number | null
  readonly lanes: readonly { readonly lane: number; readonly committed: number }[]
}

/** What the recovery worker tells. */
export type RecoverNews =
  | { readonly news: 'recovered'; readonly lane: number; readonly records: number }
  | { readonly news: 'damaged'; readonly detail: string }
