import { totalmem } from 'node:os'
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import { type Clock, systemClock } from '../lib/clock.js'
import { storeError } from './failure.js'
import { interrupted, interruptOn } from './interrupt.js'

const MEMORY_LIMIT = '512MB'
/** Sorting this many rows into a file stays within that; five million trades needed between 640 and 768 MB. */
const ROWS_WITHIN_LIMIT = 2_000_000
const SORT_BYTES_PER_ROW = 200

export interface EngineOptions {
  /** A folder of this engine alone. */
  readonly spill: string
  readonly memoryLimit?: string
  readonly threads?: number
  readonly clock?: Clock
}

/** What reading asks of it. */
export type Queries = Pick<Engine, 'run' | 'rows' | 'stream'>

/** One DuckDB in memory: sorts, writes and reads files. It keeps nothing between queries. */
export class Engine {
  readonly #instance: DuckDBInstance
  readonly #writer: DuckDBConnection
  readonly #clock: Clock
  readonly #memoryLimit: string

  private constructor(instance: DuckDBInstance, writer: DuckDBConnection, clock: Clock, memoryLimit: string) {
    this.#instance = instance
    this.#writer = writer
    this.#clock = clock
    this.#memoryLimit = memoryLimit
  }

  static async open(options: EngineOptions): Promise<Engine> {
    try {
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const memoryLimit = options.memoryLimit ?? MEMORY_LIMIT
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: memoryLimit,
        threads: String(options.threads ?? 2),
        temp_directory: options.spill,
        enable_external_file_cache: 'false',
        preserve_insertion_order: 'true',
        // What a query took goes back to the system when it ends, not only what is beyond 512 MB.
        allocator_bulk_deallocation_flush_threshold: '1MB',
      })
      return new Engine(instance, await instance.connect(), options.clock ?? systemClock(), memoryLimit)
    } catch (error) {
      throw storeError(error, 'start DuckDB')
    }
  }

  /** The connection of the one who writes. Whole results only: they throw when the query fails. */
  get writer(): DuckDBConnection {
    return this.#writer
  }

  /** Throws the reason of `signal` once that is aborted: the statement is stopped. */
  async run(sql: string, signal?: AbortSignal): Promise<void> {
    const stopInterrupting = signal && interruptOn(this.#writer, this.#clock, signal)
    try {
      await this.#writer.run(sql)
    } catch (error) {
      throw signal?.aborted ? interrupted(signal) : error
    } finally {
      stopInterrupting?.()
    }
  }

  async rows(sql: string): Promise<DuckDBValue[][]> {
    return (await this.#writer.runAndReadAll(sql)).getRows()
  }

  /** Does `work`, which sorts so many rows, with as much memory as that takes: at most half of the machine's, and the usual limit again after it. */
  async withRoomFor<T>(rows: number, work: () => Promise<T>): Promise<T> {
    if (rows <= ROWS_WITHIN_LIMIT) return await work()
    const bytes = Math.min(rows * SORT_BYTES_PER_ROW, totalmem() / 2)
    await this.#writer.run(`SET memory_limit = '${Math.ceil(bytes / 1e6)}MB'`)
    try {
      return await work()
    } finally {
      await this.#writer.run(`SET memory_limit = '${this.#memoryLimit}'`)
    }
  }

  /**
   * Rows of a query as they come, in order. A streamed result of DuckDB ends without an error when the query fails, so the query is
   * given a last row that only a complete result has (durability V4). Throws `STORE_FAILED` when that row is missing, and the reason of `signal` once
   * that is aborted: the query is stopped.
   */
  async *stream(query: string, width: number, signal?: AbortSignal): AsyncGenerator<DuckDBValue[][]> {
    const connection = await this.#instance.connect()
    const stopInterrupting = signal && interruptOn(connection, this.#clock, signal)
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
        if (signal?.aborted) break
        if (rows.length > 0) yield rows
      }
      if (!done) throw new Error('the result ended before its last row; a file of it may be damaged')
    } catch (error) {
      throw signal?.aborted ? interrupted(signal) : storeError(error, 'read stored rows')
    } finally {
      stopInterrupting?.()
      connection.closeSync()
    }
  }

  close(): void {
    this.#writer.closeSync()
    this.#instance.closeSync()
  }
}
