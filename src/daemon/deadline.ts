import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'

/**
 * Runs the steps of an end that must be over in time. A step that hangs must leave time for the next: each has until its share of
 * the whole. What fails or is late is told to `onError` and the next step goes on.
 */
export class Deadline {
  readonly #clock: Clock
  readonly #ms: number
  readonly #onError: (error: CollectorError) => void
  readonly #startedAt: bigint

  constructor(ms: number, clock: Clock, onError: (error: CollectorError) => void) {
    this.#ms = ms
    this.#clock = clock
    this.#onError = onError
    this.#startedAt = clock.mono()
  }

  /** Does `work` until it ends or `share` (0 to 1) of the whole time has passed since the start. Never throws. */
  async step(what: string, share: number, work: () => Promise<unknown>): Promise<void> {
    const passedMs = Number((this.#clock.mono() - this.#startedAt) / 1_000_000n)
    let cancel = () => {}
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#clock.after(Math.max(this.#ms * share - passedMs, 0), () => resolve('late'))
    })
    try {
      if ((await Promise.race([work(), late])) === 'late')
        this.#onError(new CollectorError('STORE_FAILED', `${what} did not end within its part of ${this.#ms} ms`))
    } catch (cause) {
      this.#onError(asCollectorError(cause, 'STORE_FAILED'))
    } finally {
      cancel()
    }
  }
}

/** Waits for `work`, or only until the abort. */
export async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  let onAbort = () => {}
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve
    signal.addEventListener('abort', onAbort)
  })
  try {
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
