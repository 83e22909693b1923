import type { PartProgress } from '../history/order.js'
import type { CollectorError } from '../model/error.js'
import { ERRORS, type ErrorCode } from '../model/error.js'
import type { HistoryRequest, Run, RunDetail, RunError, RunPart, RunState } from './jobs.js'

/** Lines of a run's log that are kept. */
const LOG_LINES = 100
/** The rate is that of about this long. */
const RATE_MS = 5000

/** A run of this process: what `Run` shows, as it changes. Times are milliseconds since 1970. */
export class LiveRun {
  readonly id: number
  readonly job: string | null
  readonly request: HistoryRequest
  readonly trigger: Run['trigger']
  readonly created: number
  state: RunState = 'queued'
  started: number | null = null
  ended: number | null = null
  error: RunError | null = null
  cancelled = false
  readonly over: Promise<void>
  private readonly resolve: () => void
  private parts: readonly RunPart[] = []
  private readonly log: string[] = []
  /** Rows and progress at moments of the last seconds. */
  private samples: { readonly at: number; readonly rows: number; readonly progress: number }[] = []

  constructor(id: number, job: string | null, request: HistoryRequest, trigger: Run['trigger'], created: number) {
    this.id = id
    this.job = job
    this.request = request
    this.trigger = trigger
    this.created = created
    let resolve = () => {}
    this.over = new Promise((done) => {
      resolve = done
    })
    this.resolve = resolve
  }

  begin(now: number): void {
    this.state = 'running'
    this.started = now
  }

  end(state: RunState, now: number, error: CollectorError | undefined): void {
    this.state = state
    this.ended = now
    if (error) this.error = { code: error.code, message: error.message, remedy: error.remedy }
  }

  /** Nothing more is done for it: who waits for `over` goes on. */
  close(): void {
    this.resolve()
  }

  take(parts: readonly PartProgress[], now: number): void {
    this.parts = parts.map((part) => ({
      ...part,
      error: part.error && { ...part.error, code: known(part.error.code) },
    }))
    const rows = this.sum('rows')
    this.samples = this.samples.filter(({ at }) => now - at < RATE_MS)
    this.samples.push({ at: now, rows, progress: this.progress })
  }

  say(line: string, now: number): void {
    this.log.push(`${new Date(now).toISOString()} ${line}`)
    if (this.log.length > LOG_LINES) this.log.shift()
  }

  /** Parts that failed. */
  get failures(): readonly RunPart[] {
    return this.parts.filter(({ error }) => error !== null)
  }

  private sum(field: 'rows' | 'requests' | 'bytes'): number {
    return this.parts.reduce((sum, part) => sum + part[field], 0)
  }

  private get progress(): number {
    if (this.state === 'succeeded') return 1
    const wanted = this.parts.reduce((sum, part) => sum + part.wantedSeconds, 0)
    const done = this.parts.reduce((sum, part) => sum + part.doneSeconds, 0)
    return wanted === 0 ? 0 : Math.min(1, done / wanted)
  }

  show(now: number): Run {
    const first = this.samples[0]
    const elapsed = first ? (now - first.at) / 1000 : 0
    const running = this.state === 'running'
    const gained = first ? this.progress - first.progress : 0
    const rate = running && first && elapsed > 0 ? (this.sum('rows') - first.rows) / elapsed : 0
    const etaSeconds = running && gained > 0 ? Math.ceil(((1 - this.progress) / gained) * elapsed) : null
    return {
      id: this.id,
      job: this.job,
      kind: this.request.kind,
      request: this.request,
      trigger: this.trigger,
      state: this.state,
      created: new Date(this.created).toISOString(),
      started: this.started === null ? null : new Date(this.started).toISOString(),
      ended: this.ended === null ? null : new Date(this.ended).toISOString(),
      rows: this.sum('rows'),
      requests: this.sum('requests'),
      bytes: this.sum('bytes'),
      rate: Math.round(rate * 10) / 10,
      progress: Math.round(this.progress * 10_000) / 10_000,
      etaSeconds,
      error: this.error,
      parts: this.parts,
    }
  }

  detail(now: number): RunDetail {
    return { ...this.show(now), log: [...this.log] }
  }
}

function known(code: string): ErrorCode {
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL'
}
