import type { CollectorConfig } from '../config/schema.js'

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
  ask(name: string, input: unknown): Promise<unknown>
  /** Takes over another config. */
  configure(config: CollectorConfig): void
  close(): Promise<void>
}
