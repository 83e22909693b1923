import type { StoreConnect, StoreOpened, StoreStart } from '../daemon/store-messages.js'
import { systemClock } from '../lib/clock.js'
import type { Port } from '../lib/rpc.js'
import { encodeError } from '../model/error.js'
import { Store } from '../store/store.js'
import { serveStore } from '../store/store-thread.js'

/** The store of a data folder, for all who ask over a port of their own. */
export async function storeThread(port: Port, { dataPath }: StoreStart): Promise<void> {
  const store = await Store.open({ dataPath, clock: systemClock() }).catch((error: unknown) => {
    port.postMessage({ failed: encodeError(error) } satisfies StoreOpened)
    return undefined
  })
  if (!store) return
  port.on('message', (message) => {
    const { connect } = message as StoreConnect // the only message that app.ts sends here
    serveStore(connect, store)
  })
  port.postMessage('open' satisfies StoreOpened)
}
