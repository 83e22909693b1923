import type { Nanos } from '../model/time.js'
import type { Disturbance } from './ledger-check.js'

/** Until a status tells of what was just done. */
const TOLD_MS = 1500
const LOOK_MS = 200

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface AftermathPorts {
  /** Exchanges with a stream that is not live; undefined while nobody answers. */
  waiting(): Promise<ReadonlySet<string> | undefined>
  wall(): Nanos
  nowMs(): number
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * How long what was done lasts, for each exchange by itself: until every stream of it is live again, or until more is done to that exchange. What is done to
 * another one ends nothing: its streams come back, or not, all the same.
 */
export class Aftermath {
  /** Everything that was done, an entry for each exchange that it touched. */
  readonly disturbances: Disturbance[] = []
  private readonly exchanges: readonly string[]
  private readonly ports: AftermathPorts
  private readonly open = new Map<string, { readonly disturbance: Mutable<Disturbance>; toldMs: number }>()

  constructor(exchanges: readonly string[], ports: AftermathPorts) {
    this.exchanges = exchanges
    this.ports = ports
  }

  /** Something begins to be done to an exchange, or to `all`. */
  begins(exchange: string): void {
    const from = this.ports.wall()
    for (const touched of exchange === 'all' ? this.exchanges : [exchange]) {
      this.end(touched, from)
      const disturbance = { exchange: touched, from, until: from }
      this.disturbances.push(disturbance)
      this.open.set(touched, { disturbance, toldMs: Number.POSITIVE_INFINITY })
    }
  }

  /** It has been done; from here on the streams come back. */
  done(): void {
    const toldMs = this.ports.nowMs() + TOLD_MS
    for (const each of this.open.values()) each.toldMs = Math.min(each.toldMs, toldMs)
  }

  /** Looks until `signal`, at which everything has come back. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.ports.sleep(LOOK_MS, signal)
      if (this.open.size > 0 && !signal.aborted) await this.look()
    }
    const until = this.ports.wall()
    for (const exchange of [...this.open.keys()]) this.end(exchange, until)
  }

  private async look(): Promise<void> {
    const askedMs = this.ports.nowMs()
    const waiting = await this.ports.waiting()
    if (!waiting) return
    const until = this.ports.wall()
    for (const [exchange, { toldMs }] of [...this.open])
      if (toldMs <= askedMs && !waiting.has(exchange)) this.end(exchange, until)
  }

  private end(exchange: string, until: Nanos): void {
    const entry = this.open.get(exchange)
    if (entry) entry.disturbance.until = until
    this.open.delete(exchange)
  }
}
