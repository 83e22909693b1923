import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBValue } from '@duckdb/node-api'
import { Engine, type Queries } from './engine.js'

/** DuckDB for reading, started by the first query: much of what is asked of stored data the catalog alone answers. */
export class EngineOnDemand implements Queries {
  #opened: Promise<{ readonly engine: Engine; readonly spill: string }> | undefined

  async run(sql: string, signal?: AbortSignal): Promise<void> {
    await (await this.engine()).run(sql, signal)
  }

  async rows(sql: string): Promise<DuckDBValue[][]> {
    return await (await this.engine()).rows(sql)
  }

  async *stream(query: string, width: number, signal?: AbortSignal): AsyncGenerator<DuckDBValue[][]> {
    yield* (await this.engine()).stream(query, width, signal)
  }

  /** Nothing may be asked any more. */
  async close(): Promise<void> {
    const opened = await this.#opened
    if (!opened) return
    opened.engine.close()
    await rm(opened.spill, { recursive: true, force: true })
  }

  /** It, started. */
  async engine(): Promise<Engine> {
    this.#opened ??= open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return (await this.#opened).engine
  }
}

async function open() {
  const spill = await mkdtemp(join(tmpdir(), 'dccd-read-'))
  try {
    return { engine: await Engine.open({ spill }), spill }
  } catch (error) {
    await rm(spill, { recursive: true, force: true })
    throw error
  }
}
