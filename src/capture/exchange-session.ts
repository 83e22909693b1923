import { setMaxListeners } from 'node:events'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { Backoff } from '../lib/backoff.js'
import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { HttpAnswer, HttpOptions } from '../net/http.js'
import type { Priority, RequestBudget } from '../net/rate-limit.js'
import type { Headers } from '../net/refusal.js'
import type { Socket, SocketEvents, SocketOptions } from '../net/socket.js'
import type { PlannedSubscription } from './bodies.js'
import type { Lane } from './lane.js'
import { listInstruments } from './list-instruments.js'
import { PollSlot } from './poll-slot.js'
import { refusedAnswer } from './refused-answer.js'
import { pause, Slot, type SlotPorts } from './slot.js'

/** Outward I/O, passed in. */
export interface Outward {
  readonly openSocket: (url: string, events: SocketEvents, options: SocketOptions, signal?: AbortSignal) => Socket
  readonly request: (url: string, options: HttpOptions, signal?: AbortSignal) => Promise<HttpAnswer>
  readonly refusalOf: (status: number, headers: Headers, wall?: bigint) => CollectorError | undefined
  /** With an exchange: its requests, granted by the main thread; without: a budget of this session's own. */
  readonly budget: (limit: { weight: number; perMs: number }, exchange?: string) => RequestBudget
  readonly random: () => number
}

export interface SessionPorts {
  readonly lane: Lane
  readonly clock: Clock
  readonly outward: Outward
  nextConnection(): number
  /** Keeps a fresh instrument list for the next start. */
  saveInstruments(exchange: string, list: readonly Instrument[]): void
  changed(): void
  /** For the log of the streams that these subscriptions are of. */
  tell: SlotPorts['tell']
}

/** New subscriptions that come within this time share connections. */
const GATHER_MS = 50
const USED_WEIGHT = 'x-mbx-used-weight-1m'
/** How old the instrument list may get before it is fetched again. */
const INSTRUMENTS_MS = 3_600_000
const MS = 1_000_000n
/** A list of this age says what is listed now. */
const FRESH = 5000n * MS
const CLOCK_MOST_MS = 86_400_000
/** Weight of one new connection in its budget. */
const CONNECT_WEIGHT = 1
/** A subscription that was refused is asked for again after this long, then after twice as long each time: it may be listed by then. */
const REJECTED_FIRST_MS = 60_000
const REJECTED_MOST_MS = 1_800_000
/** Connections begin to be replaced so long before the venue ends them by schedule, one after the other. */
const BEFORE_END_MS = 3_600_000
/** A takeover that is not done by then is given up, and tried again after as long as this. A thousand snapshots by REST take some minutes. */
const TAKEOVER_MS = 900_000
/** Connections with room for each other become one, when nothing was asked for in this time. */
const QUIET_MS = 30_000

/** One exchange within a capture worker: its instruments, its request budgets, its connections. */
export class ExchangeSession {
  readonly adapter: ExchangeAdapter
  readonly slots = new Set<Slot | PollSlot>()
  instruments: ReadonlyMap<string, Instrument> | undefined
  /** Why the instrument list is missing or old. */
  error: CollectorError | undefined
  private readonly endpoints: ExchangeAdapter['endpoints']
  private readonly ports: SessionPorts
  private readonly rest: RequestBudget
  private readonly connects: RequestBudget
  private readonly sends: RequestBudget | undefined
  private readonly ending = new AbortController()
  private gathered: PlannedSubscription[] = []
  private cancelGather: (() => void) | undefined
  private readonly waiting: (() => void)[] = []
  /** Refused subscriptions: how often, and when they are asked for again by the monotonic clock. */
  private readonly rejected = new Map<string, { times: number; at: bigint }>()
  /** When something was last asked for, and when the next takeover may begin, by the monotonic clock. */
  private askedAt = 0n
  private listedAt = 0n
  /** Aborted to fetch the list now. */
  private wake = new AbortController()
  private clockWrong = false
  /** There while no connection may be opened. */
  private gate: { readonly promise: Promise<void>; readonly open: () => void } | undefined
  private nextTakeover = 0n

  constructor(
    adapter: ExchangeAdapter,
    endpoints: ExchangeAdapter['endpoints'],
    known: readonly Instrument[],
    ports: SessionPorts,
  ) {
    this.adapter = adapter
    this.endpoints = endpoints
    this.ports = ports
    setMaxListeners(0, this.ending.signal) // one for each connection and request
    this.rest = ports.outward.budget(adapter.limits.rest, adapter.id)
    const { count, perMs } = adapter.limits.connects
    this.connects = ports.outward.budget({ weight: count * CONNECT_WEIGHT, perMs })
    const { addressMessagesPerSecond: most } = adapter.limits
    this.sends = most === undefined ? undefined : ports.outward.budget({ weight: most, perMs: 1000 })
    if (known.length) this.instruments = new Map(known.map((each) => [each.pair, each]))
  }

  start(): void {
    void this.followInstruments()
  }

  /** Resolves when the instrument list is there; at once when one is known from an earlier run. */
  listed(): Promise<ReadonlyMap<string, Instrument>> {
    const { instruments } = this
    if (instruments) return Promise.resolve(instruments)
    return new Promise((resolve) => {
      this.waiting.push(() => resolve(this.instruments ?? new Map()))
    })
  }

  /** A list that is not older than a few seconds: for a pair that the one at hand does not have. */
  relisted(): Promise<ReadonlyMap<string, Instrument>> {
    const { instruments } = this
    if (instruments && this.ports.clock.mono() - this.listedAt < FRESH) return Promise.resolve(instruments)
    const fresh = new Promise<ReadonlyMap<string, Instrument>>((resolve) => {
      this.waiting.push(() => resolve(this.instruments ?? new Map()))
    })
    this.askAgain()
    return fresh
  }

  /** Fetches the list now, and with it learns what time it is there. */
  askAgain(): void {
    this.wake.abort()
    this.wake = new AbortController()
  }

  private async followInstruments(): Promise<void> {
    const { lane, clock } = this.ports
    const { signal } = this.ending
    const backoff = new Backoff({ random: this.ports.outward.random })
    while (!signal.aborted) {
      let wait = INSTRUMENTS_MS
      try {
        const list = await listInstruments(this.adapter.instruments, async ({ path, weight }) => {
          const { answer } = await this.request(path, weight, 'discovery', signal)
          return new TextDecoder().decode(answer.body)
        })
        this.instruments = new Map(list.map((each) => [each.pair, each]))
        this.error = undefined
        backoff.reset()
        this.ports.saveInstruments(this.adapter.id, list)
        this.listedAt = clock.mono()
        for (const resolve of this.waiting.splice(0)) resolve()
      } catch (error) {
        if (signal.aborted) return
        this.error = error instanceof CollectorError ? error : new CollectorError('BAD_MESSAGE', String(error))
        // A 200 may hold the refusal as well.
        this.heed(this.error)
        wait = backoff.next()
      }
      this.ports.changed()
      await pause(lane, wait, AbortSignal.any([signal, this.wake.signal]))
    }
  }

  /** One REST call within the exchange's budget. Throws a CollectorError for anything but a 2xx answer. */
  private async request(path: string, weight: number, priority: Priority, signal: AbortSignal) {
    const { clock, outward } = this.ports
    await this.rest.take(weight, priority, signal)
    const url = this.endpoints.rest + path
    const answer = await outward.request(url, { clock }, signal)
    this.checkClock(answer)
    const used = Number(answer.headers[USED_WEIGHT])
    if (Number.isFinite(used)) this.rest.used(used)
    if (answer.status >= 200 && answer.status < 300) return { url, answer }
    const error = refusedAnswer(this.adapter, outward.refusalOf, url, answer)
    this.heed(error)
    throw error
  }

  /** With a clock that is days off, rows would go to the wrong dates: nothing is received until it is set. */
  private checkClock({ headers, wall }: HttpAnswer): void {
    const there = Date.parse(headers.date ?? '')
    if (Number.isNaN(there)) return
    const off = Number(wall / MS) - there
    if (Math.abs(off) > CLOCK_MOST_MS) {
      const hours = Math.round(off / 3_600_000)
      const error = new CollectorError(
        'CLOCK_WRONG',
        `the clock of this machine is ${hours} hours off that of ${this.adapter.id}`,
      )
      this.clockWrong = true
      this.suspend(error)
      throw error
    }
    if (!this.clockWrong) return
    this.clockWrong = false
    this.resume()
  }

  /** Where the venue wants fewer requests, none is made before the time it gives. */
  private heed({ code, retry }: CollectorError): void {
    if (code !== 'RATE_LIMITED' && code !== 'BANNED') return
    this.rest.blockUntil(typeof retry === 'object' ? retry.afterMs : 10_000)
  }

  /** Subscribes: what comes within a moment is planned together. */
  add(subscriptions: readonly PlannedSubscription[]): void {
    this.gathered.push(...subscriptions)
    this.askedAt = this.ports.clock.mono()
    this.cancelGather ??= this.ports.clock.after(GATHER_MS, () => {
      this.cancelGather = undefined
      const planned = new Map(this.gathered.map((sub) => [sub.id, sub]))
      this.gathered = []
      const { polls = [] } = this.adapter
      const isPolled = ({ channel }: PlannedSubscription) => polls.some((each) => each.channel === channel)
      const polled = [...planned.values()].filter(isPolled)
      if (polled.length) {
        const slot = new PollSlot(this.slotPorts(), polled)
        this.slots.add(slot)
        slot.start()
      }
      for (const plan of this.adapter.live.plan([...planned.values()].filter((each) => !isPolled(each)))) {
        const slot = new Slot(this.slotPorts(), plan, planned)
        this.slots.add(slot)
        slot.start()
      }
    })
  }

  private slotPorts(): SlotPorts {
    const { lane, clock, outward, nextConnection, changed, tell } = this.ports
    const { sends } = this
    return {
      adapter: this.adapter,
      lane,
      websocket: this.endpoints.websocket,
      nextConnection,
      changed,
      tell,
      openSocket: (url, events) => outward.openSocket(url, events, { clock }, this.ending.signal),
      mayConnect: async (signal) => {
        await this.gate?.promise
        signal.throwIfAborted()
        await this.connects.take(CONNECT_WEIGHT, 'live', signal)
      },
      ...(sends ? { maySend: (signal, first) => sends.take(1, first ? 'resync' : 'live', signal) } : {}),
      request: (path, weight, signal, priority = 'resync') => this.request(path, weight, priority, signal),
      backoff: new Backoff({ random: outward.random }),
    }
  }

  /** Ends every connection; none is opened before `resume`. */
  suspend(error: CollectorError): void {
    if (!this.gate) {
      let open: () => void = () => {}
      const promise = new Promise<void>((resolve) => {
        open = resolve
      })
      this.gate = { promise, open }
    }
    for (const slot of this.slots) if (slot instanceof Slot) slot.interrupt(error)
  }

  resume(): void {
    this.gate?.open()
    this.gate = undefined
  }

  slotOf(id: string): Slot | PollSlot | undefined {
    let found: Slot | PollSlot | undefined
    for (const slot of this.slots) {
      if (!slot.subscriptions.has(id)) continue
      // Of two, the one that writes.
      if (!slot.derived?.subscriptions.get(id)?.gone) return slot
      found ??= slot
    }
    return found
  }

  /** Unsubscribes; resolves when nothing of it can arrive any more, or after `withinMs`. */
  async remove(ids: readonly string[], withinMs: number): Promise<void> {
    for (const id of ids) if (withinMs) this.rejected.delete(id)
    this.gathered = this.gathered.filter(({ id }) => !ids.includes(id))
    await Promise.all([...this.slots].map((slot) => slot.remove(ids, withinMs)))
    for (const slot of this.slots) if (slot.state === 'closed') this.slots.delete(slot)
  }

  check(): void {
    for (const slot of this.slots) {
      slot.check()
      if (slot instanceof Slot) this.askRejectedAgain(slot)
    }
    this.endTakeovers()
    this.replaceOld()
    this.joinSmall()
  }

  /**
   * Opens one connection for all that these carry, which takes over from them without a break (durability D5). Nothing happens where the venue has no room
   * for them on one, or where one is being replaced already.
   */
  private succeed(older: readonly Slot[]): void {
    if (older.some((slot) => slot.successor || slot.replaces.length || slot.state !== 'open')) return
    const planned = new Map(older.flatMap(({ subscriptions }) => [...subscriptions]))
    const [plan, ...more] = this.adapter.live.plan([...planned.values()])
    if (!plan || more.length) return
    const slot = new Slot(this.slotPorts(), plan, planned, older)
    this.slots.add(slot)
    slot.start()
  }

  private live(): Slot[] {
    return [...this.slots].filter((slot): slot is Slot => slot instanceof Slot)
  }

  private endTakeovers(): void {
    const now = this.ports.clock.mono()
    for (const slot of this.live()) {
      if (!slot.replaces.length) continue
      if (slot.replaces.every(({ state }) => state === 'closed')) {
        for (const older of slot.replaces) {
          slot.inherit(older)
          this.slots.delete(older)
        }
        slot.replaces = []
      } else if (now - slot.madeAt > BigInt(TAKEOVER_MS) * MS) {
        this.nextTakeover = now + BigInt(TAKEOVER_MS) * MS
        slot.end(new CollectorError('UNSUBSCRIBED', 'it could not take over'))
        this.slots.delete(slot)
        for (const older of slot.replaces) {
          older.successor = undefined
          if (older.state === 'closed') {
            this.slots.delete(older)
            this.add([...older.subscriptions.values()])
          }
        }
      }
    }
  }

  /** Venues end connections after a day, or announce that they will: another one takes over before. */
  private replaceOld(): void {
    const slots = this.live()
    for (const slot of slots) if (slot.ending) this.succeed([slot])
    const lifetime = this.adapter.limits.connectionLifetimeMs
    const now = this.ports.clock.mono()
    if (lifetime === undefined || now < this.nextTakeover || slots.some(({ replaces }) => replaces.length)) return
    const due = BigInt(Math.max(lifetime / 2, lifetime - BEFORE_END_MS)) * MS
    const old = slots.find((slot) => slot.state === 'open' && !slot.successor && now - slot.openedAt > due)
    if (old) this.succeed([old])
  }

  /** What was asked for one by one came on connections of its own: those with room for each other become one. */
  private joinSmall(): void {
    const now = this.ports.clock.mono()
    if (now < this.nextTakeover || now - this.askedAt < BigInt(QUIET_MS) * MS) return
    const slots = this.live()
    if (slots.some((slot) => slot.successor || slot.replaces.length)) return
    const settled = slots
      .filter((slot) => slot.state === 'open' && now - slot.openedAt > BigInt(QUIET_MS) * MS && slot.settled)
      .sort((a, b) => a.subscriptions.size - b.subscriptions.size)
    const joined: Slot[] = []
    const subscriptions: PlannedSubscription[] = []
    for (const slot of settled) {
      const more = [...slot.subscriptions.values()]
      if (this.adapter.live.plan([...subscriptions, ...more]).length > 1) break
      joined.push(slot)
      subscriptions.push(...more)
    }
    if (joined.length > 1) this.succeed(joined)
  }

  /** What is refused does not disturb what it shares a connection with: it is asked for again on one of its own. */
  private askRejectedAgain(slot: Slot): void {
    const now = this.ports.clock.mono()
    const again: PlannedSubscription[] = []
    for (const [id, each] of slot.derived?.subscriptions ?? []) {
      const known = this.rejected.get(id)
      if (each.status === 'confirmed') this.rejected.delete(id)
      if (each.status !== 'rejected') continue
      const times = known?.times ?? 0
      if (!known || known.at < slot.openedAt) {
        const wait = Math.min(REJECTED_MOST_MS, REJECTED_FIRST_MS * 2 ** times)
        this.rejected.set(id, { times: times + 1, at: now + BigInt(wait) * 1_000_000n })
      } else if (now >= known.at) {
        const sub = slot.subscriptions.get(id)
        if (sub) again.push(sub)
      }
    }
    if (!again.length) return
    const ids = again.map(({ id }) => id)
    void this.remove(ids, 0).then(() => {
      if (!this.ending.signal.aborted) this.add(again)
    })
  }

  /** Closes every connection; the records say that it was asked for. */
  end(error: CollectorError): void {
    this.cancelGather?.()
    for (const slot of this.slots) slot.end(error)
    this.slots.clear()
    this.ending.abort()
    this.resume()
  }
}
