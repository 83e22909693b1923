/** What the query thread is started with. */
export interface QueryStart {
  readonly role: 'query'
  readonly dataPath: string
}

/** What the main thread asks of the query thread. */
export type QueryMethods = {
  /** One operation over the stored data, its input checked before. */
  ask(name: string, input: unknown): Promise<unknown>
  close(): Promise<void>
}
