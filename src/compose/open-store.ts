import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { CollectorConfig } from '../config/schema.js'
import type { StoreThread } from '../daemon/store-host.js'
import type { StoreConnect, StoreOpened } from '../daemon/store-messages.js'
import { scanJournal } from '../journal/recover.js'
import { asCollectorError, CollectorError, decodeError } from '../model/error.js'
import { StoreClient } from '../store/store-thread.js'
import { type DaemonLog, hiddenFolder, spawn } from './threads.js'

/** The store in a thread of its own. `onExit` hears when it dies. */
export async function openStore(
  config: CollectorConfig,
  log: DaemonLog,
  onExit: (reason: string) => void,
): Promise<StoreThread> {
  const thread = spawn({ role: 'store', dataPath: config.storage.local_path }, [], log)
  let reason = 'it ended by itself'
  await new Promise<void>((resolve, reject) => {
    thread.once('message', (opened: StoreOpened) => {
      if (opened === 'open') resolve()
      else reject(decodeError(opened.failed))
    })
    thread.on('error', (error) => {
      reason = error.message
      reject(asCollectorError(error, 'STORE_FAILED'))
    })
    thread.once('exit', () => reject(new CollectorError('STORE_FAILED', `the store did not open: ${reason}`)))
  })
  let closing = false
  const serve = (port: MessagePort) => thread.postMessage({ connect: port } satisfies StoreConnect, [port])
  const { port1, port2: own } = new MessageChannel()
  serve(port1)
  const client = new StoreClient(own)
  thread.on('exit', () => {
    own.close()
    if (!closing) onExit(reason)
  })
  const { close, gaps, ...calls } = client
  if (await client.isRestored()) {
    const { lanes } = await scanJournal(join(hiddenFolder(config), 'journal'), { onDamage: () => {} })
    await client.adoptLanes([...lanes.keys()])
    const message = 'the catalog was lost: the last backup is in its place, and what came since is derived again'
    log.error(new CollectorError('CATALOG_RESTORED', message))
  }
  return {
    ...calls,
    gaps: () => gaps({}),
    serve,
    async close() {
      closing = true
      await close()
      await thread.terminate()
    },
  }
}
