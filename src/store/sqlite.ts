import Database from 'libsql'
import { storeError } from './failure.js'

export type SqlValue = bigint | number | string | null
export type SqlRow = Readonly<Record<string, unknown>>

/** One libsql database. Integers come back as bigint. Prepared statements are kept. */
export class Sqlite {
  readonly #db: Database.Database
  readonly #statements = new Map<string, Database.Statement>()

  constructor(path: string, options: { readonly timeoutMs: number; readonly mustExist?: boolean }) {
    this.#db = new Database(path, { timeout: options.timeoutMs, fileMustExist: options.mustExist ?? false })
    this.#db.defaultSafeIntegers(true)
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }

  run(sql: string, ...values: readonly SqlValue[]): void {
    this.#statement(sql).run(...values)
  }

  all(sql: string, ...values: readonly SqlValue[]): SqlRow[] {
    return this.#statement(sql)
      .all(...values)
      .filter(isRow)
  }

  /** Runs `work` as one transaction: all of it, or nothing. */
  transaction<T>(work: () => T, begin: 'IMMEDIATE' | 'DEFERRED' = 'IMMEDIATE'): T {
    this.#db.exec(`BEGIN ${begin}`)
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function isRow(value: unknown): value is SqlRow {
  return typeof value === 'object' && value !== null
}

function wrong(row: SqlRow, name: string, expected: string): never {
  throw storeError(new Error(`column ${name} holds ${typeof row[name]}, expected ${expected}`), 'read the catalog')
}

export function bigintOf(row: SqlRow, name: string): bigint {
  const value = row[name]
  if (typeof value === 'bigint') return value
  return typeof value === 'number' ? BigInt(value) : wrong(row, name, 'an integer')
}

export function bigintOrNull(row: SqlRow, name: string): bigint | null {
  return row[name] === null ? null : bigintOf(row, name)
}

/** A whole number that is small by its meaning: counts, ids, bytes. */
export function numberOf(row: SqlRow, name: string): number {
  return Number(bigintOf(row, name))
}

export function textOf(row: SqlRow, name: string): string {
  const value = row[name]
  return typeof value === 'string' ? value : wrong(row, name, 'a text')
}
