import type { MessagePort } from 'node:worker_threads'
import type { PartProgress, PlannedPart, RunOrder } from '../history/order.js'
import type { Instrument } from '../model/instrument.js'
import type { Endpoints } from './capture-messages.js'

/** What the main thread asks of the history thread. */
export type HistoryMethods = {
  plan(order: RunOrder): Promise<readonly PlannedPart[]>
  /** Resolves when the run is over; what it could not do stands in the parts. Rejects with PROCESS_STOPPED when it was cancelled. */
  run(order: RunOrder): Promise<readonly PartProgress[]>
  /** Ends a run at its next page. */
  cancel(run: number): void
  /** Hands over what was fetched and ends the lane. */
  stop(): Promise<void>
}

/** What the history thread tells by itself. */
export type HistoryNews =
  | { readonly news: 'parts'; readonly run: number; readonly parts: readonly PartProgress[] }
  | { readonly news: 'log'; readonly run: number; readonly line: string }
  | { readonly news: 'instruments'; readonly exchange: string; readonly list: readonly Instrument[] }

/** What the history thread is started with. */
export interface HistoryStart {
  readonly role: 'history'
  readonly lane: number
  /** The config in force, without secrets, as JSON: the first record of the lane. */
  readonly config: string
  readonly journal: MessagePort
  readonly store: MessagePort
  /** Numbers of connections: element 0 is the next one, shared with the capture workers. */
  readonly connections: SharedArrayBuffer
  readonly endpoints: Endpoints
  /** Folder for files of archives while they are read. */
  readonly archives: string
}
