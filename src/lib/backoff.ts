export interface BackoffOptions {
  /** In [0, 1); passed in so that tests and replays own it. */
  readonly random: () => number
  /** Upper bound of the first delay. */
  readonly firstMs?: number
  readonly capMs?: number
  /** What lived at least this long starts again from the first delay. */
  readonly stableMs?: number
}

/** Exponential back-off with full jitter: each delay is uniform in [0, bound), the bound doubles up to the cap. */
export class Backoff {
  readonly #random: () => number
  readonly #firstMs: number
  readonly #capMs: number
  readonly #stableMs: number
  #attempt = 0

  constructor(options: BackoffOptions) {
    this.#random = options.random
    this.#firstMs = options.firstMs ?? 500
    this.#capMs = options.capMs ?? 60_000
    this.#stableMs = options.stableMs ?? 60_000
  }

  /** Failures in a row so far. */
  get attempt(): number {
    return this.#attempt
  }

  /** How long to wait before the next attempt, ms. `livedMs`: how long the last attempt worked (0: it never did). */
  next(livedMs = 0): number {
    if (livedMs >= this.#stableMs) this.reset()
    const bound = Math.min(this.#capMs, this.#firstMs * 2 ** this.#attempt)
    // Past 2^40 the bound is the cap whatever the options; stop counting before the power overflows.
    if (this.#attempt < 40) this.#attempt += 1
    return this.#random() * bound
  }

  /** Forgets all failures. */
  reset(): void {
    this.#attempt = 0
  }
}
