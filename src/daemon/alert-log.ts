import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { CollectorError, ERRORS, type ErrorCode } from '../model/error.js'
import { isoFromNanos } from '../model/time.js'
import type { Alert } from './alerts.js'
import { SavedFile } from './saved-file.js'

const recordSchema = z.object({
  id: z.int().positive(),
  /** What fails: the key of a stream, `disk`, `sync REMOTE`, `instruments EXCHANGE`. */
  key: z.string(),
  severity: z.enum(['warning', 'critical']),
  code: z.string(),
  message: z.string(),
  /** Failures in a row so far. */
  count: z.int().positive(),
  since: z.string(),
  last_at: z.string(),
  resolved_at: z.string().nullable(),
  acknowledged_at: z.string().nullable(),
})

const fileSchema = z.object({ version: z.literal(1), next: z.int().positive(), alerts: z.array(recordSchema) })

type AlertRecord = z.infer<typeof recordSchema>

/** An alert as it is shown: what is known of its code stands beside it. Times are ISO text. */
export interface AlertRow extends Readonly<AlertRecord> {
  readonly active: boolean
  /** How far the damage goes: `instrument`, `connection`, `exchange`, `process` and so on. */
  readonly scope: string
  readonly remedy: string
}

/** What happened to an alert. */
export type AlertChange = 'failing' | 'resolved' | 'acknowledged'

export interface AlertLogOptions {
  /** `.dccd/alerts.json` of the data folder. */
  readonly path: string
  readonly clock: Clock
  /** What nobody waits for: a file that could not be read or written. */
  readonly onError: (error: CollectorError) => void
  /** A new alert, and each change of one that is worth telling. Must return at once. */
  readonly onChange?: (what: AlertChange, alert: AlertRow) => void
}

/** Alerts that are kept, those that are over first to go. */
const KEPT_MOST = 500
const SAVE_AFTER_MS = 1000

/** Alerts, active and past, over the life of the data folder: one for each row of failures, bounded in number, kept in a file. */
export class AlertLog {
  readonly #options: AlertLogOptions
  /** Oldest first. */
  #records: AlertRecord[] = []
  #next = 1
  readonly #file: SavedFile<z.infer<typeof fileSchema>>

  constructor(options: AlertLogOptions) {
    this.#options = options
    const { path, clock, onError } = options
    const content = () => ({ version: 1 as const, next: this.#next, alerts: this.#records })
    this.#file = new SavedFile({ path, schema: fileSchema, content, afterMs: SAVE_AFTER_MS, clock, onError })
  }

  /** Reads what earlier runs kept; before anything is told. A file that cannot be read is set aside as `alerts.json.bad`. */
  async open(): Promise<void> {
    const file = await this.#file.read()
    if (!file) return
    this.#records = file.alerts
    this.#next = file.next
  }

  /** Takes in what the health monitor tells. */
  take(alert: Alert): void {
    const now = this.#now()
    const known = this.#records.findLast(({ key, resolved_at }) => key === alert.key && resolved_at === null)
    if (!('error' in alert)) {
      if (!known) return
      known.resolved_at = now
      this.#changed('resolved', known)
      return
    }
    const { code, message } = alert.error
    const severity = severityOf(code, alert.final)
    if (known) {
      Object.assign(known, { code, message, severity, count: Math.max(known.count, alert.failures), last_at: now })
      this.#changed(undefined, known)
      return
    }
    const made: AlertRecord = {
      id: this.#next++,
      key: alert.key,
      severity,
      code,
      message,
      count: alert.failures,
      since: now,
      last_at: now,
      resolved_at: null,
      acknowledged_at: null,
    }
    this.#records.push(made)
    if (this.#records.length > KEPT_MOST)
      this.#records.splice(
        Math.max(
          0,
          this.#records.findIndex(({ resolved_at }) => resolved_at !== null),
        ),
        1,
      )
    this.#changed('failing', made)
  }

  /** Newest first, those that are active before those that are over. */
  list(): AlertRow[] {
    const rows = this.#records.map(rowOf).reverse()
    return [...rows.filter(({ active }) => active), ...rows.filter(({ active }) => !active)]
  }

  /** Keys of what fails now. */
  activeKeys(): string[] {
    return this.#records.flatMap(({ key, resolved_at }) => (resolved_at === null ? [key] : []))
  }

  /** Somebody has seen it. Once is enough: the first time stays. Throws NOT_FOUND. */
  acknowledge(id: number): AlertRow {
    const found = this.#records.find((each) => each.id === id)
    if (!found) throw new CollectorError('NOT_FOUND', `there is no alert ${id}`, { remedy: 'List them: dccd alerts' })
    if (found.acknowledged_at === null) {
      found.acknowledged_at = this.#now()
      this.#changed('acknowledged', found)
    }
    return rowOf(found)
  }

  /** Writes what is not yet in the file. */
  async flush(): Promise<void> {
    await this.#file.flush()
  }

  #changed(what: AlertChange | undefined, record: AlertRecord): void {
    this.#file.changed()
    if (what) this.#options.onChange?.(what, rowOf(record))
  }

  #now(): string {
    return isoFromNanos(this.#options.clock.wall())
  }
}

/** What stops a whole exchange or the daemon, and what has given up, cannot wait. */
function severityOf(code: string, final: boolean): AlertRecord['severity'] {
  const scope = isErrorCode(code) ? ERRORS[code].scope : 'call'
  return final || scope === 'exchange' || scope === 'process' ? 'critical' : 'warning'
}

function rowOf(record: AlertRecord): AlertRow {
  const { scope, remedy } = isErrorCode(record.code)
    ? ERRORS[record.code]
    : { scope: 'call', remedy: 'Look at the log.' }
  return { ...record, active: record.resolved_at === null, scope, remedy }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}
