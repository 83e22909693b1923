import type { CollectorConfig } from '../config/schema.js'
import { isRule, type Listed, type Volumes } from '../config/selection.js'
import { Backoff } from '../lib/backoff.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, type CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'

export interface SelectionListsPorts {
  readonly clock: Clock
  readonly random: () => number
  /** The list kept from an earlier run. */
  load(exchange: string): Promise<readonly Instrument[] | undefined>
  /** Asks the exchange. */
  ask(exchange: string, signal: AbortSignal): Promise<readonly Instrument[]>
  /** Asks how much was traded; only of exchanges whose rules rank by it. */
  volumes(exchange: string, instruments: readonly Instrument[], signal: AbortSignal): Promise<Volumes>
  save(exchange: string, list: readonly Instrument[]): Promise<void>
  onFailure(exchange: string, error: CollectorError): void
  onSuccess(exchange: string): void
}

interface Following {
  readonly ending: AbortController
  ranked: boolean
  everyMs: number
  /** Asks now instead of at the next turn. */
  wake: () => void
}

/** Lists of the exchanges whose pairs the config selects by rule, asked again and again while they are wanted. */
export class SelectionLists {
  readonly #ports: SelectionListsPorts
  readonly #lists = new Map<string, Listed>()
  readonly #following = new Map<string, Following>()
  #changed: () => void = () => {}

  constructor(ports: SelectionListsPorts) {
    this.#ports = ports
  }

  /** Called each time when a list has come. */
  onChange(listener: () => void): void {
    this.#changed = listener
  }

  listed(exchange: string): Listed | undefined {
    return this.#lists.get(exchange)
  }

  /** Follows the exchanges that this config has rules for, and no others. */
  configure(config: Pick<CollectorConfig, 'stream_jobs' | 'settings'>): void {
    const rules = config.stream_jobs.filter(isRule)
    const everyMs = config.settings.instruments_interval * 1000
    const wanted = new Set(rules.map(({ exchange }) => exchange))
    for (const [exchange, each] of this.#following) {
      if (wanted.has(exchange)) continue
      each.ending.abort()
      this.#following.delete(exchange)
    }
    for (const exchange of wanted) {
      const ranked = rules.some((job) => job.exchange === exchange && job.top !== undefined)
      const known = this.#following.get(exchange)
      if (!known) {
        const following: Following = { ending: new AbortController(), ranked, everyMs, wake: () => {} }
        this.#following.set(exchange, following)
        void this.#follow(exchange, following)
        continue
      }
      const ask = ranked && !known.ranked
      known.ranked = ranked
      known.everyMs = everyMs
      if (ask) known.wake()
    }
  }

  close(): void {
    for (const { ending } of this.#following.values()) ending.abort()
    this.#following.clear()
  }

  async #follow(exchange: string, following: Following): Promise<void> {
    const { random, load, onFailure, onSuccess } = this.#ports
    const { signal } = following.ending
    const backoff = new Backoff({ random })
    // What an earlier run knew starts at once; ranks are never taken from memory.
    const kept = following.ranked ? undefined : await load(exchange).catch(() => undefined)
    if (kept && !signal.aborted) this.#keep(exchange, { instruments: kept })
    while (!signal.aborted) {
      let wait = following.everyMs
      try {
        await this.#ask(exchange, following)
        if (signal.aborted) return
        backoff.reset()
        onSuccess(exchange)
      } catch (error) {
        if (signal.aborted) return
        wait = Math.min(wait, backoff.next())
        onFailure(exchange, asCollectorError(error, 'CONNECT_FAILED'))
      }
      await this.#pause(wait, following)
    }
  }

  async #ask(exchange: string, { ranked, ending: { signal } }: Following): Promise<void> {
    const { ask, volumes, save } = this.#ports
    const instruments = await ask(exchange, signal)
    const listed = ranked ? { instruments, volumes: await volumes(exchange, instruments, signal) } : { instruments }
    if (signal.aborted) return
    await save(exchange, instruments)
    this.#keep(exchange, listed)
  }

  #keep(exchange: string, listed: Listed): void {
    this.#lists.set(exchange, listed)
    this.#changed()
  }

  #pause(ms: number, following: Following): Promise<void> {
    const { signal } = following.ending
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#ports.clock.after(ms, done)
      following.wake = done
      signal.addEventListener('abort', done)
    })
  }
}
