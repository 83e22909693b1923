import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'

/** What a request is for, most urgent first. A more urgent one never waits behind a less urgent one. */
export const PRIORITIES = ['resync', 'live', 'discovery', 'heal', 'backfill'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What may wait for hours leaves a part of every window to what may not. */
const IN_BACKGROUND: ReadonlySet<Priority> = new Set(['heal', 'backfill'])
const BACKGROUND_SHARE = 0.75

/** What a request spends from: the budget itself, or one that the main thread grants from. */
export type RequestBudget = Pick<RateBudget, 'take' | 'used' | 'blockUntil'>

export interface Budget {
  /** Weight units that may be spent in any window of `perMs`. */
  readonly weight: number
  readonly perMs: number
  /** Requests that may wait; more are refused with RATE_LIMITED, the least urgent and youngest first. */
  readonly maxWaiting?: number
}

export interface BudgetHooks {
  /** Called while a request waits, before it is decided whether it may leave: what others do may be reckoned with now. */
  looking?(budget: Pick<RateBudget, 'divide' | 'hold'>): void
  /** Called before a weight is granted, with what is then spent in the window. */
  spending?(spent: number): void
}

interface Waiting {
  readonly weight: number
  readonly background: boolean
  readonly grant: () => void
  readonly refuse: (error: unknown) => void
}

/** Spends of about the same moment, counted at the latest of them. */
interface Spend {
  mono: bigint
  weight: number
}

const MS = 1_000_000n
const SLOTS = 128n

/**
 * The request budget of one exchange and address. Keeps the sum of every sliding window within the budget, which holds whatever
 * moment the venue starts its own windows at. First come, first served within a priority; a heavy request that waits is not overtaken.
 */
export class RateBudget {
  readonly #weight: number
  readonly #perMono: bigint
  /** Of the weight, what is ours while others share it. */
  #limit: number
  #windowMono: bigint
  readonly #maxWaiting: number
  readonly #clock: Clock
  readonly #queues = new Map<Priority, Waiting[]>(PRIORITIES.map((priority) => [priority, []]))
  readonly #spends: Spend[] = []
  #spent = 0
  #blockedUntil = 0n
  #cancelTimer: (() => void) | undefined
  readonly #hooks: BudgetHooks

  constructor(budget: Budget, clock: Clock, hooks: BudgetHooks = {}) {
    this.#weight = budget.weight
    this.#perMono = BigInt(Math.ceil(budget.perMs)) * MS
    this.#limit = this.#weight
    this.#windowMono = this.#perMono
    this.#maxWaiting = budget.maxWaiting ?? 10_000
    this.#clock = clock
    this.#hooks = hooks
  }

  /** Requests that wait now. */
  get waiting(): number {
    let count = 0
    for (const queue of this.#queues.values()) count += queue.length
    return count
  }

  /**
   * Resolves when `weight` may be spent; it is then spent. Throws RATE_LIMITED when the queue is full or the weight is more than
   * the whole budget, and the signal's reason when aborted while waiting (nothing is spent then).
   */
  take(weight: number, priority: Priority, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (!(weight >= 0 && weight <= this.#weight)) {
      const message = `a request of weight ${weight} never fits the budget of ${this.#weight}`
      return Promise.reject(new CollectorError('RATE_LIMITED', message, { scope: 'call', retry: 'never' }))
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#remove(priority, entry)
        entry.refuse(signal?.reason)
        this.#serve()
      }
      const entry: Waiting = {
        weight,
        background: IN_BACKGROUND.has(priority),
        grant: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort)
      this.#queue(priority).push(entry)
      this.#serve()
      if (this.waiting > this.#maxWaiting) this.#dropLast()
    })
  }

  /** So many share the budget from now on, this one among them. A part that is less than one request is a longer window instead. */
  divide(parts: number): void {
    const part = this.#weight / parts
    this.#limit = Math.max(1, part)
    this.#windowMono = part < 1 ? BigInt(Math.ceil(Number(this.#perMono) / part)) : this.#perMono
  }

  /** What an earlier process spent, and until when it counts (monotonic nanoseconds). */
  recall(weight: number, until: bigint): void {
    const at = until - this.#perMono
    if (weight > 0 && until > this.#clock.mono()) {
      this.#spent += weight
      this.#spends.unshift({ mono: at, weight })
    }
  }

  /** What the venue says was spent in its current window (a response header). More than we know of counts from now on. */
  used(weight: number): void {
    const now = this.#clock.mono()
    this.#expire(now)
    if (Number.isFinite(weight) && weight > this.#spent) this.#spend(now, weight - this.#spent)
    this.#serve()
  }

  /** Grants nothing before this moment (monotonic nanoseconds), or for this many ms: after 429 and 418. Never shortens a block. */
  blockUntil(until: bigint | number): void {
    this.#block(typeof until === 'bigint' ? until : this.#clock.mono() + BigInt(Math.ceil(until)) * MS)
    this.#serve()
  }

  /** The same from within `looking`. */
  hold(ms: number): void {
    this.#block(this.#clock.mono() + BigInt(Math.ceil(ms)) * MS)
  }

  #block(mono: bigint): void {
    if (mono > this.#blockedUntil) this.#blockedUntil = mono
  }

  #serve(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const now = this.#clock.mono()
    this.#expire(now)
    for (let next = this.#first(); next; next = this.#first()) {
      this.#hooks.looking?.(this)
      const readyAt = this.#readyAt(now, next.entry)
      if (readyAt > now) {
        // Rounded up: waking early would only wait again.
        this.#cancelTimer = this.#clock.after(Number((readyAt - now + MS - 1n) / MS), () => this.#serve())
        return
      }
      next.queue.shift()
      this.#hooks.spending?.(this.#spent + next.entry.weight)
      this.#spend(now, next.entry.weight)
      next.entry.grant()
    }
  }

  /** When `weight` more fits, if nothing else is spent until then. */
  #readyAt(now: bigint, { weight, background }: Waiting): bigint {
    const within = Math.max(weight, background ? this.#limit * BACKGROUND_SHARE : this.#limit)
    let readyAt = this.#blockedUntil > now ? this.#blockedUntil : now
    let spent = this.#spent
    for (const spend of this.#spends) {
      if (spent + weight <= within) break
      spent -= spend.weight
      const free = spend.mono + this.#windowMono
      if (free > readyAt) readyAt = free
    }
    return readyAt
  }

  #spend(now: bigint, weight: number): void {
    if (weight === 0) return
    this.#spent += weight
    const last = this.#spends.at(-1)
    // Merging bounds the list; counting at the later moment keeps the sum of every window on the safe side.
    if (last && this.#slot(last.mono) === this.#slot(now)) {
      last.mono = now
      last.weight += weight
    } else this.#spends.push({ mono: now, weight })
  }

  #slot(mono: bigint): bigint {
    return (mono * SLOTS) / this.#perMono
  }

  #expire(now: bigint): void {
    let count = 0
    for (const spend of this.#spends) {
      if (spend.mono + this.#windowMono > now) break
      this.#spent -= spend.weight
      count += 1
    }
    if (count > 0) this.#spends.splice(0, count)
    // No rounding is carried on where weights are fractions.
    if (this.#spends.length === 0) this.#spent = 0
  }

  #first(): { queue: Waiting[]; entry: Waiting } | undefined {
    for (const queue of this.#queues.values()) {
      const entry = queue[0]
      if (entry) return { queue, entry }
    }
    return undefined
  }

  #queue(priority: Priority): Waiting[] {
    const queue = this.#queues.get(priority) ?? []
    this.#queues.set(priority, queue)
    return queue
  }

  #remove(priority: Priority, entry: Waiting): void {
    const queue = this.#queue(priority)
    const at = queue.indexOf(entry)
    if (at >= 0) queue.splice(at, 1)
  }

  #dropLast(): void {
    const last = [...this.#queues.values()].reverse().find((queue) => queue.length > 0)
    const message = `more than ${this.#maxWaiting} requests wait for the budget of this exchange`
    last?.pop()?.refuse(new CollectorError('RATE_LIMITED', message, { scope: 'call' }))
  }
}
