import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type ApiClient, type ApiError, asApiError, isRecord } from '../api/api-client.js'
import type { StreamRow } from '../api/contract.js'
import type { EventFeed } from '../api/event-feed.js'

/** How many samples of a rate are kept: as many as a sparkline shows. */
export const SAMPLES = 90
/** Without a word from the event feed for this long, the list is asked for. */
const QUIET_MS = 3000

/** What changes of a stream all the time. The first of a connection tells where its rate came from, a sample a second. */
type MomentOfStream = Pick<StreamRow, 'key'> & { readonly trend?: readonly number[] }

/** Every stream as it is now, and its rate over the last samples. */
export class StreamsStore {
  readonly rows: Signal<readonly StreamRow[]> = signal([])
  readonly loaded: Signal<boolean> = signal(false)
  readonly error: Signal<ApiError | undefined> = signal(undefined)
  readonly total: ReadonlySignal<number>
  /** Counts samples: what draws rates draws anew with it. */
  readonly sampled: Signal<number> = signal(0)
  private readonly api: ApiClient
  private readonly feed: EventFeed
  private readonly rates = new Map<string, number[]>()
  private heardAt = 0
  private asking = false

  constructor(api: ApiClient, feed: EventFeed) {
    this.api = api
    this.feed = feed
    this.total = computed(() => this.rows.value.reduce((sum, row) => sum + row.rate, 0))
  }

  /** Listens and samples until `signal` is aborted. */
  start(signal: AbortSignal): void {
    const stops = [
      this.feed.on('status', (data) => {
        if (!isRecord(data) || !Array.isArray(data.streams)) return
        this.heardAt = performance.now()
        const rows = data.streams as StreamRow[] // the contract of the API
        if (data.partial === true) this.patch(rows, Array.isArray(data.removed) ? data.removed.map(String) : [])
        else this.take(rows)
      }),
      this.feed.on('rates', (data) => {
        if (!Array.isArray(data)) return
        this.heardAt = performance.now()
        this.patchRates(data as MomentOfStream[]) // the contract of the API
      }),
      this.feed.on('reset', () => void this.load()),
    ]
    const timer = window.setInterval(() => {
      if (performance.now() - this.heardAt > QUIET_MS) void this.load()
      this.sample()
    }, 1000)
    signal.addEventListener('abort', () => {
      for (const stop of stops) stop()
      window.clearInterval(timer)
    })
  }

  async load(): Promise<void> {
    if (this.asking) return
    this.asking = true
    try {
      this.take(await this.api.get<StreamRow[]>('/streams'))
      this.error.value = undefined
    } catch (error) {
      this.error.value = asApiError(error)
    } finally {
      this.asking = false
    }
  }

  ratesOf(key: string): readonly number[] {
    return this.rates.get(key) ?? []
  }

  /** The rate of several together, sample by sample, as many as the longest has. */
  ratesOfAll(keys: readonly string[]): readonly number[] {
    const all = keys.map((key) => this.ratesOf(key))
    const length = Math.max(0, ...all.map((rates) => rates.length))
    const sums = new Array<number>(length).fill(0)
    for (const rates of all)
      for (let back = 1; back <= rates.length; back++)
        sums[length - back] = (sums[length - back] ?? 0) + (rates[rates.length - back] ?? 0)
    return sums
  }

  /** Rows that did not change stay the same object, so that what shows them need not be drawn again. */
  private take(rows: readonly StreamRow[]): void {
    const known = new Map(this.rows.peek().map((row) => [idOf(row), row]))
    this.rows.value = rows.map((row) => {
      const before = known.get(idOf(row))
      return before && sameRow(before, row) ? before : row
    })
    this.loaded.value = true
    this.error.value = undefined
  }

  private patch(rows: readonly StreamRow[], removed: readonly string[]): void {
    const gone = new Set(removed)
    const fresh = new Map(rows.map((row) => [row.key, row]))
    const kept = this.rows.peek().filter(({ key }) => !gone.has(key))
    const old = new Set(kept.map(({ key }) => key))
    this.rows.value = [...kept.map((row) => fresh.get(row.key) ?? row), ...rows.filter(({ key }) => !old.has(key))]
    this.error.value = undefined
  }

  private patchRates(rates: readonly MomentOfStream[]): void {
    const fresh = new Map(
      rates.map(({ trend, ...moment }) => {
        if (trend) this.rates.set(moment.key, trend.slice(-SAMPLES))
        return [moment.key, moment]
      }),
    )
    this.rows.value = this.rows.peek().map((row) => {
      const rate = fresh.get(row.key)
      if (rate) return { ...row, ...rate }
      return row.rate === 0 ? row : { ...row, rate: 0 }
    })
    this.error.value = undefined
  }

  private sample(): void {
    const rows = this.rows.peek()
    const present = new Set(rows.map(({ key }) => key))
    for (const row of rows) {
      const rates = this.rates.get(row.key)
      if (!rates) this.rates.set(row.key, [row.rate])
      else if (rates.push(row.rate) > SAMPLES) rates.shift()
    }
    for (const key of this.rates.keys()) if (!present.has(key)) this.rates.delete(key)
    this.sampled.value++
  }
}

/** A draining stream stands beside its successor under the same key. */
export function idOf(row: StreamRow): string {
  return row.state === 'draining' ? `${row.key} draining` : row.key
}

function sameRow(a: StreamRow, b: StreamRow): boolean {
  return (
    a.state === b.state &&
    a.rate === b.rate &&
    a.last_event === b.last_event &&
    a.lag_ms === b.lag_ms &&
    a.lag_p99_ms === b.lag_p99_ms &&
    a.reconnects === b.reconnects &&
    a.gaps === b.gaps &&
    a.rows === b.rows &&
    a.error?.message === b.error?.message &&
    a.configured === b.configured
  )
}
