import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { CaptureStart, RecoverStart } from './daemon/capture-messages.js'
import type { HistoryStart } from './daemon/history-messages.js'
import type { JournalStart } from './daemon/journal-messages.js'
import type { QueryStart } from './daemon/query-messages.js'
import type { StoreStart } from './daemon/store-messages.js'
import type { Port } from './lib/rpc.js'

/**
 * The entry of every worker thread: what it is started with says which one it is. A thread loads the code of its part alone: that of all would cost each
 * of them some 40 MB and a third of a second.
 */
async function main(port: Port): Promise<void> {
  const start = workerData as JournalStart | StoreStart | CaptureStart | HistoryStart | RecoverStart | QueryStart // set by app.ts, told by `role`
  switch (start.role) {
    case 'journal':
      return await (await import('./threads/journal.js')).journalThread(port, start)
    case 'store':
      return await (await import('./threads/store.js')).storeThread(port, start)
    case 'capture':
      return (await import('./threads/capture.js')).captureThread(port, start)
    case 'history':
      return (await import('./threads/history.js')).historyThread(port, start)
    case 'query':
      return (await import('./threads/query.js')).queryThread(port, start)
    case 'recover':
      return await (await import('./threads/recover.js')).recoverThread(port, start)
  }
}

if (!isMainThread && parentPort) await main(parentPort)
