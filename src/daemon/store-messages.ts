import type { MessagePort } from 'node:worker_threads'
import type { WireError } from '../lib/rpc.js'

/** What the store thread is started with. It says `StoreOpened` once. */
export interface StoreStart {
  readonly role: 'store'
  readonly dataPath: string
}

/** A client of the store is at the other end of this port. */
export interface StoreConnect {
  readonly connect: MessagePort
}

/** What the store thread says once. */
export type StoreOpened = 'open' | { readonly failed: WireError }
