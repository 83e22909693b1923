import type { CollectorConfig } from '../config/schema.js'
import type { StreamedExport } from '../export/export-stream.js'

/** What the query thread is started with. */
export interface QueryStart {
  readonly role: 'query'
  readonly dataPath: string
  /** The config in force, without its tokens. */
  readonly config: CollectorConfig
}

/** What the main thread asks of the query thread. */
export type QueryMethods = {
  /** One operation over the stored data, its input checked before. */
  ask(name: string, input: unknown, signal: AbortSignal): Promise<unknown>
  /** The same as JSON: a large answer crosses threads as one text for a fraction of what its parts cost. */
  askText(name: string, input: unknown, signal: AbortSignal): Promise<string>
  /** Begins to make a file; `id` is the asker's, who always closes it. */
  openExport(id: number, request: StreamedExport): void
  /** Its next part; undefined after the last. */
  nextChunk(id: number): Promise<string | Uint8Array | undefined>
  /** Nobody wants the rest. */
  closeExport(id: number): Promise<void>
  /** Takes over another config. */
  configure(config: CollectorConfig): void
  close(): Promise<void>
}
