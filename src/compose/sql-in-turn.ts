import type { Clock } from '../lib/clock.js'
import { Turns } from '../service/turns.js'
import { runSql, type SqlRequest, type SqlResult } from '../store/sql.js'

/** Queries that are answered at once, each with memory of its own; so many more wait. */
const QUERIES = 2
const QUERIES_WAIT = 100

/** Answers queries over the published files of a folder, some at once and the others in turn. */
export function sqlInTurn(dataPath: string, clock: Clock) {
  const turns = new Turns(QUERIES, QUERIES_WAIT)
  return async (request: SqlRequest, signal: AbortSignal): Promise<SqlResult> => {
    const end = await turns.take(signal)
    try {
      return await runSql(dataPath, request, clock, signal)
    } finally {
      end()
    }
  }
}
