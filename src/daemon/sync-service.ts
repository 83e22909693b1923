import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CollectorConfig } from '../config/schema.js'
import { writeFileAtomic } from '../lib/atomic-file.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { isoFromNanos, nanosFromIso } from '../model/time.js'
import type { HealthMonitor } from './health-monitor.js'
import { withoutSecrets } from './remotes/rclone.js'

const reportSchema = z.object({
  /** When all remotes were last complete, ISO text; `null` when never. */
  last_sync_at: z.string().nullable(),
  remotes: z.array(
    z.object({
      remote: z.string(),
      ok: z.boolean(),
      /** When the copy ended, well or not. */
      at: z.string(),
      error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
    }),
  ),
})

/** What the last run did; the content of `.dccd/last_sync.json`. */
export type SyncReport = z.infer<typeof reportSchema>

export interface SyncDependencies {
  readonly clock: Clock
  /** Copies a folder to a remote and resolves only when all of it is there. */
  copy(from: string, remote: string, signal: AbortSignal): Promise<void>
  /** What nobody waits for. */
  onError(error: CollectorError): void
}

/** A daemon that has never synced, or is late, does so this long after its start. */
const FIRST_AFTER_MS = 60_000

/** Copies the data folder to every remote, once per interval. Runs never overlap; only a success is recorded as one. */
export class SyncService {
  readonly #health: HealthMonitor | undefined
  readonly #deps: SyncDependencies
  #config: CollectorConfig
  #run: Promise<SyncReport> | undefined
  #ending = new AbortController()
  #cancelTimer: (() => void) | undefined
  #active = false
  #turn = 0

  constructor(config: CollectorConfig, health: HealthMonitor | undefined, deps: SyncDependencies) {
    this.#config = config
    this.#health = health
    this.#deps = deps
  }

  /** Begins to sync by the interval; nothing without remotes or with interval 0. */
  start(): void {
    if (this.#active) return
    this.#active = true
    this.#ending = new AbortController()
    void this.#schedule(true)
  }

  /** Ends the timer and a copy that runs; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#active = false
    this.#disarm()
    this.#ending.abort(new CollectorError('REMOTE_FAILED', 'stopped before the copy was complete'))
    await this.#run
  }

  /** Takes over changed remotes and intervals; a copy that runs goes on. */
  configure(config: CollectorConfig): void {
    const before = JSON.stringify(this.#config.storage)
    this.#config = config
    if (this.#active && JSON.stringify(config.storage) !== before) void this.#schedule(true)
  }

  /** Copies to every remote now, or joins the run that is under way. Failures stand in the report; it never throws. */
  syncNow(): Promise<SyncReport> {
    if (this.#ending.signal.aborted && !this.#active) this.#ending = new AbortController()
    this.#run ??= this.#copyAll().finally(() => {
      this.#run = undefined
    })
    return this.#run
  }

  /** Whether a copy is under way. */
  get running(): boolean {
    return this.#run !== undefined
  }

  async #schedule(first: boolean): Promise<void> {
    const turn = this.#disarm()
    const { remotes, sync_interval } = this.#config.storage
    if (remotes.length === 0 || sync_interval <= 0) return
    const intervalMs = sync_interval * 1000
    const delayMs = first ? await this.#firstDelayMs(intervalMs) : intervalMs
    // Stopped or configured anew while the file was read.
    if (!this.#active || turn !== this.#turn) return
    this.#cancelTimer = this.#deps.clock.after(delayMs, () => {
      void this.syncNow().then(() => {
        if (this.#active) void this.#schedule(false)
      })
    })
  }

  #disarm(): number {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    return ++this.#turn
  }

  /** So that restarts neither skip syncs nor add some. */
  async #firstDelayMs(intervalMs: number): Promise<number> {
    const last = nanosFromIso((await this.last())?.last_sync_at)
    const sinceMs = last === undefined ? intervalMs : Number((this.#deps.clock.wall() - last) / 1_000_000n)
    const dueMs = Math.min(Math.max(intervalMs - sinceMs, 0), intervalMs)
    return Math.max(dueMs, Math.min(FIRST_AFTER_MS, intervalMs))
  }

  async #copyAll(): Promise<SyncReport> {
    const { clock, copy, onError } = this.#deps
    const { signal } = this.#ending
    const from = this.#config.settings.data_path
    const results = await Promise.all(
      this.#config.storage.remotes.map(async ({ remote }) => {
        const name = withoutSecrets(remote)
        let error: CollectorError | undefined
        try {
          await copy(from, remote, signal)
          this.#health?.recordSuccess(`sync ${name}`)
        } catch (cause) {
          error = asCollectorError(cause, 'REMOTE_FAILED')
          this.#health?.recordFailure(`sync ${name}`, error)
          onError(error)
        }
        const fields = error ? { code: error.code, message: error.message, remedy: error.remedy } : null
        return { remote: name, ok: error === undefined, at: isoFromNanos(clock.wall()), error: fields }
      }),
    )
    const complete = results.length > 0 && results.every(({ ok }) => ok)
    const before = (await this.last())?.last_sync_at ?? null
    const report: SyncReport = {
      last_sync_at: complete ? isoFromNanos(clock.wall()) : before,
      remotes: results,
    }
    try {
      if (results.length > 0) await writeFileAtomic(this.#path(), `${JSON.stringify(report, null, 1)}\n`)
    } catch (cause) {
      onError(asCollectorError(cause, 'STORE_FAILED'))
    }
    return report
  }

  /** The last report; `undefined` when there is none that can be read. */
  async last(): Promise<SyncReport | undefined> {
    try {
      return reportSchema.parse(JSON.parse(await readFile(this.#path(), 'utf8')))
    } catch {
      return undefined
    }
  }

  #path(): string {
    return join(this.#config.settings.data_path, '.dccd', 'last_sync.json')
  }
}
