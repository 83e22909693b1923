import type { DuckDBConnection } from '@duckdb/node-api'
import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'

const EVERY_MS = 20

/**
 * Interrupts what a connection does once `signal` is aborted, until the returned function is called: again and again, because DuckDB forgets an
 * interrupt that comes between two statements, or before the first.
 */
export function interruptOn(connection: DuckDBConnection, clock: Clock, signal: AbortSignal): () => void {
  let stop = () => {}
  const interrupt = () => {
    connection.interrupt()
    stop = clock.every(EVERY_MS, () => connection.interrupt())
  }
  signal.addEventListener('abort', interrupt, { once: true })
  if (signal.aborted) interrupt()
  return () => {
    signal.removeEventListener('abort', interrupt)
    stop()
  }
}

/** What a query ends with when it was interrupted: the reason, where it is one of ours. */
export function interrupted({ reason }: AbortSignal): CollectorError {
  return reason instanceof CollectorError
    ? reason
    : new CollectorError('QUERY_TIMEOUT', 'nobody waits for the query any more')
}
