import { CollectorError } from '../model/error.js'

/** Lets so many work at once; others wait their turn, up to a bound, and may give up meanwhile. */
export class Turns {
  readonly #atOnce: number
  readonly #waitMost: number
  readonly #waiting: (() => void)[] = []
  #working = 0

  constructor(atOnce: number, waitMost: number) {
    this.#atOnce = atOnce
    this.#waitMost = waitMost
  }

  /** Resolves with the function that ends the turn. Throws TOO_MANY_REQUESTS where too many wait already, and the reason of `signal` once that is aborted. */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#working < this.#atOnce) this.#working++
    else await this.#wait(signal)
    let ended = false
    return () => {
      if (ended) return
      ended = true
      // Whoever waits longest takes over; the count stays.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#working--
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length >= this.#waitMost)
      throw new CollectorError('TOO_MANY_REQUESTS', 'too many of these wait to be answered')
    return new Promise((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        reject(signal?.reason)
      }
      this.#waiting.push(go)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }
}
