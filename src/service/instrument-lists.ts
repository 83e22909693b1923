import type { Clock } from '../lib/clock.js'
import type { Instrument } from '../model/instrument.js'

export interface ListDeps {
  readonly clock: Clock
  /** The list of the last time that the exchange was asked. */
  saved(exchange: string): Promise<readonly Instrument[] | undefined>
  /** Asks the exchange. */
  fetch(exchange: string): Promise<readonly Instrument[]>
}

const FRESH_MS = 3_600_000n

/** What exchanges list. One that is recorded keeps its list fresh by itself; another is asked, once an hour at most. */
export class InstrumentLists {
  readonly #deps: ListDeps
  readonly #asked = new Map<string, { readonly at: bigint; readonly list: Promise<readonly Instrument[]> }>()

  constructor(deps: ListDeps) {
    this.#deps = deps
  }

  async of(exchange: string): Promise<readonly Instrument[]> {
    const saved = await this.#deps.saved(exchange)
    if (saved && saved.length > 0) return saved
    const now = this.#deps.clock.mono()
    const known = this.#asked.get(exchange)
    if (known && now - known.at < FRESH_MS * 1_000_000n) return await known.list
    const list = this.#deps.fetch(exchange)
    this.#asked.set(exchange, { at: now, list })
    list.catch(() => this.#asked.delete(exchange))
    return await list
  }
}
