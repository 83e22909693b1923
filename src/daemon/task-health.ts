import type { HealthMonitor } from './health-monitor.js'
import type { TaskReport } from './task.js'

/**
 * What a report means for the task's record. Success is being live, not having ended; a reconnect is a failure, also where it went
 * well.
 */
export function recordReport(health: HealthMonitor, previous: TaskReport | undefined, report: TaskReport): void {
  const { key, error } = report
  const reconnected = report.reconnects > (previous?.reconnects ?? 0)
  const newError =
    error !== undefined && (error.code !== previous?.error?.code || error.message !== previous.error.message)
  const final = report.state === 'failed'
  if (error && (newError || reconnected || (final && previous?.state !== 'failed')))
    health.recordFailure(key, error, { final })
  else if (reconnected) health.recordFailure(key, { code: 'CONNECTION_LOST', message: 'the connection was made again' })
  const becameLive = report.state === 'live' && (previous?.state !== 'live' || newError || reconnected)
  if (becameLive) health.recordSuccess(key)
  const rows = report.rows - (previous?.rows ?? 0)
  if (rows > 0) health.recordRows(key, rows)
}
