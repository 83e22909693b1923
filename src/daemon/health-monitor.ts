import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import type { CollectorError } from '../model/error.js'
import { isoFromNanos } from '../model/time.js'
import type { Alert } from './alerts.js'
import { SavedFile } from './saved-file.js'

const count = z.number().int().nonnegative()

const entrySchema = z.object({
  /** How often it became live. */
  successes: count,
  failures: count,
  /** Failures since the last success. */
  consecutive_failures: count,
  rows: count,
  last_success_at: z.string().nullable(),
  last_failure_at: z.string().nullable(),
  last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** Somebody was told that it fails, and not yet that it works again. */
  alerted: z.boolean().default(false),
})

const fileSchema = z.object({ version: z.literal(1), tasks: z.record(z.string(), entrySchema) })

/** The record of one task over the life of the data folder. Times are ISO text. */
export type HealthEntry = Readonly<z.infer<typeof entrySchema>>

export interface HealthOptions {
  /** `.dccd/metrics.json` of the data folder. */
  readonly path: string
  readonly clock: Clock
  /** What nobody waits for: a file that could not be read or written. Recording goes on. */
  readonly onError: (error: CollectorError) => void
  /** Told when a row of failures has become long enough, at each one after, and once when it is over. Must return at once. */
  readonly onAlert?: (alert: Alert) => void
  /** Failures in a row that are worth an alert; 3. */
  readonly alertAfter?: number
}

const SAVE_AFTER_MS = 5000

/** Counts successes and failures per task and keeps them in a file, so that a restart forgets nothing. */
export class HealthMonitor {
  readonly #options: HealthOptions
  readonly #entries = new Map<string, z.infer<typeof entrySchema>>()
  #alertAfter: number
  #opened = false
  readonly #file: SavedFile<z.infer<typeof fileSchema>>

  constructor(options: HealthOptions) {
    this.#options = options
    this.#alertAfter = options.alertAfter ?? 3
    const { path, clock, onError } = options
    const content = () => ({ version: 1 as const, tasks: this.snapshot() })
    this.#file = new SavedFile({ path, schema: fileSchema, content, afterMs: SAVE_AFTER_MS, clock, onError })
  }

  /** How many failures in a row are worth an alert from now on. */
  alertAfter(failures: number): void {
    this.#alertAfter = failures
  }

  /** Adds what earlier runs counted. A file that cannot be read is set aside as `metrics.json.bad`. Does nothing the second time. */
  async open(): Promise<void> {
    if (this.#opened) return
    this.#opened = true
    const file = await this.#file.read()
    for (const [key, entry] of Object.entries(file?.tasks ?? {})) this.#add(key, entry)
  }

  /** The task is live; a row of failures ends. */
  recordSuccess(key: string): void {
    const entry = this.#entry(key)
    entry.successes += 1
    entry.consecutive_failures = 0
    entry.last_success_at = this.#now()
    if (entry.alerted) {
      entry.alerted = false
      this.#options.onAlert?.({ what: 'resolved', key })
    }
    this.#changed()
  }

  /** `final`: it has given up, which is worth an alert at once. */
  recordFailure(
    key: string,
    error: { readonly code: string; readonly message: string },
    { final = false }: { readonly final?: boolean } = {},
  ): void {
    const entry = this.#entry(key)
    entry.failures += 1
    entry.consecutive_failures += 1
    entry.last_failure_at = this.#now()
    entry.last_error = { code: error.code, message: error.message }
    const told = entry.alerted
    entry.alerted ||= final || entry.consecutive_failures >= this.#alertAfter
    if (entry.alerted) {
      const { code, message } = error
      const failures = entry.consecutive_failures
      this.#options.onAlert?.({
        what: told ? 'still_failing' : 'failing',
        key,
        failures,
        error: { code, message },
        final,
      })
    }
    this.#changed()
  }

  /** Somebody was told earlier that it fails: when it works again, that is told. */
  recall(key: string): void {
    this.#entry(key).alerted = true
  }

  /** Nobody wants it any more: a row of failures ends without a success. */
  drop(key: string): void {
    const entry = this.#entry(key)
    entry.consecutive_failures = 0
    if (entry.alerted) {
      entry.alerted = false
      this.#options.onAlert?.({ what: 'dropped', key })
    }
    this.#changed()
  }

  /** Rows stored since the last call. */
  recordRows(key: string, rows: number): void {
    this.#entry(key).rows += rows
    this.#changed()
  }

  /** A copy of what is known, by key. */
  snapshot(): Readonly<Record<string, HealthEntry>> {
    return Object.fromEntries([...this.#entries].map(([key, entry]) => [key, { ...entry }]))
  }

  /** Writes what is not yet in the file. */
  async flush(): Promise<void> {
    await this.#file.flush()
  }

  #changed(): void {
    this.#file.changed()
  }

  #entry(key: string): z.infer<typeof entrySchema> {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = {
        successes: 0,
        failures: 0,
        consecutive_failures: 0,
        rows: 0,
        last_success_at: null,
        last_failure_at: null,
        last_error: null,
        alerted: false,
      }
      this.#entries.set(key, entry)
    }
    return entry
  }

  /** Joins an older record with what was counted before the file was read. */
  #add(key: string, older: HealthEntry): void {
    const entry = this.#entry(key)
    if (entry.last_success_at === null) {
      entry.consecutive_failures += older.consecutive_failures
      entry.alerted ||= older.alerted
    } else if (older.alerted) this.#options.onAlert?.({ what: 'resolved', key })
    entry.successes += older.successes
    entry.failures += older.failures
    entry.rows += older.rows
    entry.last_success_at ??= older.last_success_at
    entry.last_failure_at ??= older.last_failure_at
    entry.last_error ??= older.last_error
  }

  #now(): string {
    return isoFromNanos(this.#options.clock.wall())
  }
}
