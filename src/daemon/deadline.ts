import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'

/** Of the time of a step, what passes until its signal. */
const HURRY = 0.8

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

  /**
   * Does `work` until it ends or `share` (0 to 1) of the whole time has passed since the start. Its signal comes a little earlier: what can be left for
   * later is to be left. Never throws.
   */
  async step(what: string, share: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const passedMs = Number((this.#clock.mono() - this.#startedAt) / 1_000_000n)
    const leftMs = Math.max(this.#ms * share - passedMs, 0)
    const hurry = new AbortController()
    const cancels = [this.#clock.after(leftMs * HURRY, () => hurry.abort())]
    const late = new Promise<'late'>((resolve) => {
      cancels.push(this.#clock.after(leftMs, () => resolve('late')))
    })
    try {
      if ((await Promise.race([work(hurry.signal), late])) === 'late')
        this.#onError(new CollectorError('STORE_FAILED', `${what} did not end within its part of ${this.#ms} ms`))
    } catch (cause) {
      this.#onError(asCollectorError(cause, 'STORE_FAILED'))
    } finally {
      for (const cancel of cancels) cancel()
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
