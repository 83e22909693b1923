import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { storeError } from './failure.js'

export interface EngineOptions {
  /** A folder of this engine alone. */
  readonly spill: string
  readonly memoryLimit?: string
  readonly threads?: number
}

/** One DuckDB in memory: sorts, writes and reads files. It keeps nothing between queries. */
export class Engine {
  readonly #instance: DuckDBInstance
  readonly #writer: DuckDBConnection

  private constructor(instance: DuckDBInstance, writer: DuckDBConnection) {
    this.#instance = instance
    this.#writer = writer
  }

  static async open(options: EngineOptions): Promise<Engine> {
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: options.memoryLimit ?? '512MB',
        threads: String(options.threads ?? 2),
        temp_directory: options.spill,
        enable_external_file_cache: 'false',
        preserve_insertion_order: 'true',
      })
      return new Engine(instance, await instance.connect())
    } catch (error) {
      throw storeError(error, 'start DuckDB')
    }
  }

  /** The connection of the one who writes. Whole results only: they throw when the query fails. */
  get writer(): DuckDBConnection {
    return this.#writer
  }

  async run(sql: string): Promise<void> {
    await this.#writer.run(sql)
  }

  async rows(sql: string): Promise<DuckDBValue[][]> {
    return (await this.#writer.runAndReadAll(sql)).getRows()
  }

  /**
   * Rows of a query as they come, in order. A streamed result of DuckDB ends without an error when the query fails, so the query is
   * given a last row that only a complete result has (durability V4). Throws `STORE_FAILED` when that row is missing.
   */
  async *stream(query: string, width: number): AsyncGenerator<DuckDBValue[][]> {
    const connection = await this.#instance.connect()
    try {
      const nulls = ', NULL'.repeat(width)
      const marked = `SELECT false AS done, * FROM (${query}) UNION ALL SELECT true${nulls}`
      const result = await connection.stream(marked)
      let done = false
      for await (const rows of result.yieldRows()) {
        if (rows.at(-1)?.[0] === true) {
          done = true
          rows.pop()
        }
        if (rows.length > 0) yield rows
      }
      if (!done) throw new Error('the result ended before its last row; a file of it may be damaged')
    } catch (error) {
      throw storeError(error, 'read stored rows')
    } finally {
      connection.closeSync()
    }
  }

  close(): void {
    this.#writer.closeSync()
    this.#instance.closeSync()
  }
}
