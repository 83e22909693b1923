const CLIENTS_MOST = 10_000

interface Bucket {
  tokens: number
  at: number
}

/** A bucket of requests for each client; the clients that were quiet longest are forgotten first. */
export class ClientBuckets {
  readonly #buckets = new Map<string, Bucket>()

  /** Whether a client may, at `perSecond` with bursts of `burst`; takes one when it may. */
  take(client: string, perSecond: number, burst: number, nowMs: number): boolean {
    const bucket = this.#buckets.get(client) ?? { tokens: burst, at: nowMs }
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.at) / 1000) * perSecond)
    bucket.at = nowMs
    this.#buckets.delete(client)
    this.#buckets.set(client, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > CLIENTS_MOST && oldest !== undefined) this.#buckets.delete(oldest)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  /** Whether a client has anything left, without taking it. */
  has(client: string, perSecond: number, burst: number, nowMs: number): boolean {
    const bucket = this.#buckets.get(client)
    return !bucket || Math.min(burst, bucket.tokens + ((nowMs - bucket.at) / 1000) * perSecond) >= 1
  }
}
