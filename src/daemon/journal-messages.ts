import type { MessagePort } from 'node:worker_threads'
import type { ErrorCode } from '../model/error.js'

/** What the main thread asks of the journal thread. */
export type JournalMethods = {
  /** A lane's writer is at the other end of this port. */
  attach(lane: number, port: MessagePort): void
  /** Deletes what nothing needs any more; `done`: the lane will not be recovered again. */
  release(
    lanes: readonly { readonly lane: number; readonly committed: number; readonly done: boolean }[],
    rule: { readonly keepMs: number | 'forever'; readonly maxBytes: number | null },
  ): Promise<number>
  close(): Promise<void>
}

/** What the journal thread tells by itself. */
export type JournalNews = {
  readonly news: 'journal'
  readonly state: 'ok' | 'disk_full' | 'failed'
  readonly code?: ErrorCode
  readonly message?: string
}

export interface JournalStart {
  readonly role: 'journal'
  readonly dir: string
  readonly syncMs: number
}
