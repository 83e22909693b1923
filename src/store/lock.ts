import { access, constants } from 'node:fs/promises'
import { CollectorError } from '../model/error.js'
import { readDaemonFile } from './daemon-file.js'
import { DataFolder } from './data-folder.js'
import { makeFolder } from './durable-file.js'
import { storeError } from './failure.js'
import { Sqlite } from './sqlite.js'

/**
 * The right to write to a data folder, held by one process (durability L1). The operating system frees it when the process ends, however
 * it ends. The lock file must not be opened otherwise while it is held: closing it would give the lock away.
 */
export class DataLock {
  readonly #db: Sqlite

  private constructor(db: Sqlite) {
    this.#db = db
  }

  /** Makes the data folder where it is missing. Throws `DATA_LOCKED` with who holds it, or `DATA_NOT_WRITABLE`. */
  static async acquire(dataPath: string): Promise<DataLock> {
    const folder = new DataFolder(dataPath)
    try {
      await makeFolder(folder.hidden)
      await access(folder.root, constants.W_OK)
      await access(folder.hidden, constants.W_OK)
    } catch (error) {
      throw storeError(error, `use the data folder ${dataPath}`)
    }
    let db: Sqlite | undefined
    try {
      db = new Sqlite(folder.lock, { timeoutMs: 0 })
      db.exec('BEGIN EXCLUSIVE')
      return new DataLock(db)
    } catch (error) {
      db?.close()
      if (!(error instanceof Error && /locked|busy/i.test(error.message))) throw storeError(error, `lock ${dataPath}`)
      const holder = await readDaemonFile(folder.daemon)
      const who = holder ? `process ${holder.pid}` : 'another process'
      throw new CollectorError('DATA_LOCKED', `The data folder ${dataPath} is in use by ${who}.`, { cause: error })
    }
  }

  release(): void {
    this.#db.exec('ROLLBACK')
    this.#db.close()
  }
}
