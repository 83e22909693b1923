import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../lib/clock.js'
import type { Methods } from '../lib/rpc.js'
import { CollectorError } from '../model/error.js'
import type { Neighbours } from './neighbours.js'
import { type Budget, type Priority, RateBudget } from './rate-limit.js'

/** What a thread asks of the budgets. `ticket`: the asker's number of the request, for `cancel`. */
export type BudgetMethods = Methods & {
  takeWeight(exchange: string, weight: number, priority: Priority, ticket: string): Promise<void>
  cancelWeight(ticket: string): void
  usedWeight(exchange: string, weight: number): void
  blockRequests(exchange: string, ms: number): void
}

/** What is kept of an exchange over restarts: `spent` counts until `until`, nothing is asked before `blocked`; ms since 1970. */
interface Kept {
  readonly spent: number
  readonly until: number
  readonly blocked: number
}

/** Spent weight is written ahead in steps of this part of a budget, so that not every request writes. */
const STEP = 0.1
/** Requests may reach an exchange closer together than they left: a window is counted this part longer, by a second at most. */
const TRAVEL = 0.02
const TRAVEL_MOST_MS = 1000
/** Windows this short are over before a process is back. */
const SHORT_MS = 5000
/** How often other processes of this machine are looked for, at most, and how long one that asks no more still has its part, at least. */
const LOOK_MS = 1000
const PRESENT_MS = 10_000

/** Who else asks the exchanges from this address. `base`: the URL that the requests of an exchange begin with. */
export interface Sharing {
  readonly neighbours: Neighbours
  base(exchange: string): string
}

/** What a budget that is shared remembers. */
interface Shared {
  lookedAt: bigint | undefined
  /** The others may not know of us yet, and have spent more than their part. */
  isNew: boolean
  /** In the window, and as the others were told. */
  spent: number
  told: number
}

/**
 * The request budgets of all exchanges, in one place: every request of the process is granted here, whichever thread makes it. What is granted and
 * what is blocked is on disk before the request leaves, so that a new process does not begin with an empty window in the middle of a full one.
 */
export class Budgets {
  readonly #limits: Readonly<Record<string, Budget>>
  readonly #clock: Clock
  readonly #path: string
  readonly #budgets = new Map<string, RateBudget>()
  readonly #kept: Map<string, Kept>
  readonly #tickets = new Map<string, AbortController>()
  readonly #onError: (error: CollectorError) => void
  readonly #sharing: Sharing | undefined
  /** What the neighbours spent, by exchange, when they were looked at last. */
  readonly #besides = new Map<string, number>()

  /**
   * `path`: the file that survives. `limits`: the REST budget of each exchange. Reads the file; what it cannot read it begins anew. `sharing`: with whom each budget is
   * shared in equal parts; absent: nobody.
   */
  constructor(
    path: string,
    limits: Readonly<Record<string, Budget>>,
    clock: Clock,
    onError: (error: CollectorError) => void,
    sharing?: Sharing,
  ) {
    this.#sharing = sharing
    this.#path = path
    this.#limits = limits
    this.#clock = clock
    this.#onError = onError
    this.#kept = readKept(path)
  }

  /** Resolves when the request may leave. Throws UNSUPPORTED for an exchange without a budget, and what `RateBudget.take` throws. */
  async take(exchange: string, weight: number, priority: Priority, signal?: AbortSignal): Promise<void> {
    await this.#of(exchange).take(weight, priority, signal)
  }

  /** What the exchange says was spent: of our part, what the neighbours did not spend. */
  used(exchange: string, weight: number): void {
    this.#of(exchange).used(weight - (this.#besides.get(exchange) ?? 0))
  }

  /** Nothing is asked of the exchange for this long; written before anything else is granted. */
  block(exchange: string, ms: number): void {
    const until = this.#wallMs() + ms
    const kept = this.#kept.get(exchange) ?? { spent: 0, until: 0, blocked: 0 }
    this.#kept.set(exchange, { ...kept, blocked: Math.max(kept.blocked, until) })
    this.#write()
    this.#of(exchange).blockUntil(ms)
  }

  /** The methods that a thread calls; `prefix` tells its tickets from those of others. */
  methods(prefix: string): BudgetMethods {
    return {
      takeWeight: async (exchange, weight, priority, ticket) => {
        const ending = new AbortController()
        const name = `${prefix}:${ticket}`
        this.#tickets.set(name, ending)
        try {
          await this.take(exchange, weight, priority, ending.signal)
        } finally {
          this.#tickets.delete(name)
        }
      },
      cancelWeight: (ticket) =>
        this.#tickets
          .get(`${prefix}:${ticket}`)
          ?.abort(new CollectorError('PROCESS_STOPPED', 'not asked for any more')),
      usedWeight: (exchange, weight) => this.used(exchange, weight),
      blockRequests: (exchange, ms) => this.block(exchange, ms),
    }
  }

  /** A thread is gone: what it waited for is nobody's. */
  forget(prefix: string): void {
    for (const [name, ending] of this.#tickets)
      if (name.startsWith(`${prefix}:`)) ending.abort(new CollectorError('PROCESS_STOPPED', 'the thread is gone'))
  }

  #of(exchange: string): RateBudget {
    const known = this.#budgets.get(exchange)
    if (known) return known
    const limit = this.#limits[exchange]
    if (!limit) throw new CollectorError('UNSUPPORTED', `there is no exchange ${exchange}`)
    const perMs = limit.perMs + Math.min(TRAVEL_MOST_MS, limit.perMs * TRAVEL)
    const shared: Shared = { lookedAt: undefined, isNew: true, spent: 0, told: 0 }
    const budget = new RateBudget({ ...limit, perMs }, this.#clock, {
      looking: (budget) => this.#look(exchange, { ...limit, perMs }, shared, budget),
      spending: (spent) => {
        shared.spent = spent
        if (spent > shared.told) this.#tell(exchange, limit, shared)
        this.#spending(exchange, limit, spent)
      },
    })
    const kept = this.#kept.get(exchange)
    if (kept) {
      const [wall, mono] = [this.#wallMs(), this.#clock.mono()]
      // A clock that was set back makes neither longer than it can be.
      const left = Math.min(kept.until - wall, limit.perMs * (1 + STEP))
      if (left > 0) budget.recall(Math.min(kept.spent, limit.weight), mono + BigInt(Math.ceil(left * 1e6)))
      if (kept.blocked > wall) budget.blockUntil(Math.min(kept.blocked - wall, 7 * 86_400_000))
    }
    this.#budgets.set(exchange, budget)
    return budget
  }

  /**
   * Each that asks an exchange from here has an equal part of its budget. Who comes anew waits until the others know of it, and until what one of them spent beyond its part is over.
   */
  #look(exchange: string, limit: Budget, shared: Shared, budget: Pick<RateBudget, 'divide' | 'hold'>): void {
    if (!this.#sharing) return
    const now = this.#clock.mono()
    const presentMs = Math.max(PRESENT_MS, 2 * limit.perMs)
    const passedMs = shared.lookedAt === undefined ? Number.POSITIVE_INFINITY : Number(now - shared.lookedAt) / 1e6
    if (passedMs < LOOK_MS) return
    const hasCome = passedMs > presentMs - LOOK_MS
    if (hasCome) shared.isNew = true
    shared.lookedAt = now
    this.#tell(exchange, limit, shared)
    const others = this.#sharing.neighbours.others(this.#sharing.base(exchange), presentMs)
    this.#besides.set(
      exchange,
      others.reduce((sum, spent) => sum + spent, 0),
    )
    const parts = others.length + 1
    budget.divide(parts)
    if (others.length === 0) shared.isNew = false
    if (!shared.isNew) return
    shared.isNew = hasCome
    if (hasCome) budget.hold(LOOK_MS)
    else if (others.some((spent) => !(spent <= limit.weight / parts))) budget.hold(limit.perMs)
  }

  /** In steps, ahead, as it is written. */
  #tell(exchange: string, { weight }: Budget, shared: Shared): void {
    shared.told = shared.spent + weight * STEP
    this.#sharing?.neighbours.tell(this.#sharing.base(exchange), shared.told)
  }

  #spending(exchange: string, { weight, perMs }: Budget, spent: number): void {
    if (perMs < SHORT_MS) return
    const now = this.#wallMs()
    const kept = this.#kept.get(exchange)
    if (kept && spent <= kept.spent && kept.until - now > perMs) return
    const ahead = Math.min(weight, spent + weight * STEP)
    this.#kept.set(exchange, { spent: ahead, until: now + perMs * (1 + STEP), blocked: kept?.blocked ?? 0 })
    this.#write()
  }

  #write(): void {
    const temporary = `${this.#path}.new`
    try {
      mkdirSync(dirname(this.#path), { recursive: true })
      writeFileSync(temporary, JSON.stringify(Object.fromEntries(this.#kept)))
      renameSync(temporary, this.#path)
    } catch (cause) {
      // A full disk must not stop requests: only a restart would then know less.
      this.#onError(new CollectorError('STORE_FAILED', `cannot write ${this.#path}`, { cause }))
    }
  }

  #wallMs(): number {
    return Number(this.#clock.wall() / 1_000_000n)
  }
}

function readKept(path: string): Map<string, Kept> {
  const kept = new Map<string, Kept>()
  try {
    const saved: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof saved !== 'object' || saved === null) return kept
    for (const [exchange, each] of Object.entries(saved as Record<string, Partial<Record<keyof Kept, unknown>>>)) {
      const [spent, until, blocked] = [Number(each?.spent), Number(each?.until), Number(each?.blocked)]
      if ([spent, until, blocked].every(Number.isFinite)) kept.set(exchange, { spent, until, blocked })
    }
  } catch {
    // None yet, or of another form: the window counts as empty.
  }
  return kept
}
