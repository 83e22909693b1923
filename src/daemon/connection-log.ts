import type { ConnectionEvent } from '../model/connection-event.js'

/** Lines kept of one stream, and streams of which any are kept; the oldest go first. */
const LINES_MOST = 100
const STREAMS_MOST = 5000

/** What happened to the connections of each stream since the daemon started, the newest of it. The journal and the ledger have all of it. */
export class ConnectionLog {
  readonly #lines = new Map<string, ConnectionEvent[]>()

  take(keys: readonly string[], event: ConnectionEvent): void {
    for (const key of keys) {
      const lines = this.#lines.get(key) ?? []
      // The one that was told of last is the last to go.
      this.#lines.delete(key)
      this.#lines.set(key, lines)
      lines.push(event)
      if (lines.length > LINES_MOST) lines.shift()
    }
    for (const key of this.#lines.keys()) {
      if (this.#lines.size <= STREAMS_MOST) return
      this.#lines.delete(key)
    }
  }

  /** Oldest first. */
  of(key: string): readonly ConnectionEvent[] {
    return this.#lines.get(key) ?? []
  }
}
