import { join } from 'node:path'
import { type Transferable, Worker } from 'node:worker_threads'
import type { CollectorConfig } from '../config/schema.js'
import type { CaptureStart, RecoverStart } from '../daemon/capture-messages.js'
import type { HistoryStart } from '../daemon/history-messages.js'
import type { JournalStart } from '../daemon/journal-messages.js'
import type { QueryStart } from '../daemon/query-messages.js'
import type { StoreStart } from '../daemon/store-messages.js'
import type { CollectorError } from '../model/error.js'
import { WORKER } from './places.js'

/** Where what nobody waits for is told. */
export interface DaemonLog {
  error(error: CollectorError): void
  /** Hears of each thread that is started, and its part; tests end one. */
  thread?(role: string, thread: Worker): void
}

/** What these threads make is either gone after a page or a block, or no object of the heap: room for more of it would only be memory. */
const SHORT_LIVED: readonly string[] = ['history', 'journal', 'store']

export function spawn(
  start: JournalStart | StoreStart | CaptureStart | HistoryStart | RecoverStart | QueryStart,
  transfer: readonly Transferable[],
  log: DaemonLog,
): Worker {
  const thread = new Worker(WORKER, {
    workerData: start,
    transferList: [...transfer],
    name: start.role,
    ...(SHORT_LIVED.includes(start.role) ? { resourceLimits: { maxYoungGenerationSizeMb: 6 } } : {}),
  })
  log.thread?.(start.role, thread)
  return thread
}

export function hiddenFolder(config: CollectorConfig): string {
  return join(config.storage.local_path, '.dccd')
}
