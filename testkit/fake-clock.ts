import type { Clock } from '../src/lib/clock.js'

interface Timer {
  readonly due: bigint
  readonly everyMs: number | undefined
  readonly callback: () => void
}

/** A clock that stands still until it is moved. Timers fire in order of their moment, then of their making. */
export class FakeClock implements Clock {
  #wall: bigint
  #mono = 1_000_000_000n
  #order = 0
  readonly #timers = new Map<number, Timer>()

  constructor(wall = 1_764_000_000_000_000_000n) {
    this.#wall = wall
  }

  wall(): bigint {
    return this.#wall
  }

  mono(): bigint {
    return this.#mono
  }

  after(ms: number, callback: () => void): () => void {
    return this.#add(ms, undefined, callback)
  }

  every(ms: number, callback: () => void): () => void {
    return this.#add(ms, ms, callback)
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves both times on by `ms`, firing what falls due at its own moment. */
  advance(ms: number): void {
    const end = this.#mono + nanos(ms)
    while (this.#fireNext(end));
    this.#moveTo(end)
  }

  /** `advance`, letting promises settle before, after, and between timers: what a timer wakes runs at that timer's moment. */
  async run(ms: number): Promise<void> {
    const end = this.#mono + nanos(ms)
    do await settle()
    while (this.#fireNext(end))
    this.#moveTo(end)
    await settle()
  }

  /** Sets the machine's clock, as an administrator or NTP does: only the wall time jumps. */
  step(ms: number): void {
    this.#wall += nanos(ms)
  }

  #fireNext(end: bigint): boolean {
    let next: [number, Timer] | undefined
    for (const entry of this.#timers) if (entry[1].due <= end && (!next || entry[1].due < next[1].due)) next = entry
    if (!next) return false
    const [id, timer] = next
    this.#moveTo(timer.due)
    this.#timers.delete(id)
    if (timer.everyMs !== undefined)
      this.#timers.set(id, { ...timer, due: timer.due + nanos(Math.max(timer.everyMs, 1)) })
    timer.callback()
    return true
  }

  #moveTo(mono: bigint): void {
    if (mono <= this.#mono) return
    this.#wall += mono - this.#mono
    this.#mono = mono
  }

  #add(ms: number, everyMs: number | undefined, callback: () => void): () => void {
    const id = this.#order++
    this.#timers.set(id, { due: this.#mono + nanos(Math.max(ms, 0)), everyMs, callback })
    return () => this.#timers.delete(id)
  }
}

/** Lets everything that waits for settled promises run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function nanos(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000_000))
}
