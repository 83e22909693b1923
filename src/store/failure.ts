import { CollectorError } from '../model/error.js'

const FULL = /ENOSPC|EDQUOT|SQLITE_FULL|no space left|disk quota|disk is full|database or disk is full/i
const REFUSED = /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|SQLITE_READONLY|SQLITE_CANTOPEN)$/

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What went wrong with files, catalog or DuckDB, as one of our errors. `what` completes "Could not …". */
export function storeError(error: unknown, what: string): CollectorError {
  if (error instanceof CollectorError) return error
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const text = `Could not ${what}: ${message}`
  if (FULL.test(code) || FULL.test(message)) return new CollectorError('DISK_FULL', text, { cause: error })
  if (REFUSED.test(code)) return new CollectorError('DATA_NOT_WRITABLE', text, { cause: error })
  return new CollectorError('STORE_FAILED', text, { cause: error })
}

/** Whether the error says that the file is not there. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

/** Whether the file system refuses hard links here (another device, a file system without them, too many). */
export function refusesLinks(error: unknown): boolean {
  return ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'].includes(codeOf(error))
}
