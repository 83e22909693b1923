import { CollectorError } from '../model/error.js'
import { LISTINGS_TABLE } from './listings.js'
import { Sqlite, textOf } from './sqlite.js'

/** Raised when the tables change their meaning. 2: parts may be slots of a partition, and `splits` says from which slot on. */
export const CATALOG_VERSION = '2'
/** What an older catalog lacks is added when it is opened for writing; until then it is read as it is. */
const OLDER: readonly string[] = ['1']

const TABLES = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS datasets (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS lanes (lane INTEGER PRIMARY KEY, committed INTEGER NOT NULL, open INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS segments (
  id INTEGER PRIMARY KEY, commit_number INTEGER NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,
  rows INTEGER NOT NULL, bytes INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS segment_parts (
  dataset INTEGER NOT NULL, part INTEGER NOT NULL, segment INTEGER NOT NULL, rows INTEGER NOT NULL,
  PRIMARY KEY (dataset, part, segment)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS segment_parts_by_segment ON segment_parts (segment);
CREATE TABLE IF NOT EXISTS pieces (
  dataset INTEGER NOT NULL, part INTEGER NOT NULL, generation INTEGER NOT NULL, rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL, hash TEXT NOT NULL, visible TEXT NOT NULL, link TEXT NOT NULL, published INTEGER NOT NULL,
  PRIMARY KEY (dataset, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS splits (
  dataset INTEGER NOT NULL, part INTEGER NOT NULL, first_slot INTEGER NOT NULL,
  PRIMARY KEY (dataset, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS garbage (path TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS held (
  dataset TEXT NOT NULL, run INTEGER NOT NULL, from_time INTEGER NOT NULL, until_time INTEGER NOT NULL,
  proof TEXT NOT NULL, before INTEGER, last INTEGER, PRIMARY KEY (dataset, run)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wanted (
  dataset TEXT NOT NULL, from_time INTEGER NOT NULL, until_time INTEGER,
  PRIMARY KEY (dataset, from_time)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS breaks (
  dataset TEXT NOT NULL, at INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (dataset, at, code)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lost (
  dataset TEXT NOT NULL, from_time INTEGER NOT NULL, until_time INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (dataset, from_time, until_time)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, job TEXT, state TEXT NOT NULL, ended INTEGER, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS imports (
  hash TEXT PRIMARY KEY, path TEXT NOT NULL, origin TEXT, rows INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS instruments (exchange TEXT PRIMARY KEY, list TEXT NOT NULL) STRICT;
${LISTINGS_TABLE}CREATE TABLE IF NOT EXISTS task_metrics (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
`

/** Opens the catalog for writing, making its tables. Throws `DATA_FOREIGN` when another version wrote it. */
export function openForWriting(path: string): Sqlite {
  const db = new Sqlite(path, { timeoutMs: 5000 })
  try {
    checkVersion(db, path)
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    db.transaction(() => {
      db.exec(TABLES)
      db.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', 'version', CATALOG_VERSION)
    })
    return db
  } catch (error) {
    db.close()
    throw foreign(error, path)
  }
}

/** Opens the catalog beside its writer, or after it ended; nothing can be changed through it. */
export function openForReading(path: string): Sqlite {
  const db = new Sqlite(path, { timeoutMs: 5000, mustExist: true })
  try {
    db.exec('PRAGMA query_only = 1')
    if (!checkVersion(db, path)) throw new CollectorError('DATA_FOREIGN', `${path} has no tables of this program.`)
    return db
  } catch (error) {
    db.close()
    throw foreign(error, path)
  }
}

/** Whether the catalog has its tables already. */
function checkVersion(db: Sqlite, path: string): boolean {
  const tables = db.all("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => textOf(row, 'name'))
  if (tables.length === 0) return false
  const [row] = tables.includes('meta') ? db.all("SELECT value FROM meta WHERE key = 'version'") : []
  const version = row ? textOf(row, 'value') : 'unknown'
  if (version === CATALOG_VERSION || OLDER.includes(version)) return true
  throw new CollectorError(
    'DATA_FOREIGN',
    `The catalog ${path} is of version ${version}; this program reads versions up to ${CATALOG_VERSION}.`,
  )
}

function foreign(error: unknown, path: string): unknown {
  if (error instanceof Error && /not a database|SQLITE_NOTADB/i.test(error.message)) {
    return new CollectorError('DATA_FOREIGN', `${path} is not a catalog.`, { cause: error })
  }
  return error
}
