import { setMaxListeners } from 'node:events'
import type { ConnectionPlan, ExchangeAdapter } from '../exchanges/exchange.js'
import type { Backoff } from '../lib/backoff.js'
import type { ConnectionEvent } from '../model/connection-event.js'
import { CollectorError } from '../model/error.js'
import type { HttpAnswer } from '../net/http.js'
import type { Priority } from '../net/rate-limit.js'
import type { Socket, SocketClose, SocketEvents } from '../net/socket.js'
import type { PlannedSubscription } from './bodies.js'
import type { DerivedConnection, Wish } from './derived-connection.js'
import type { Lane } from './lane.js'

/** A connection that carries less than expected for this long is probed; the venue's own promise is the upper bound. */
const LEAST_SILENCE_MS = 5000
/** Silence that is this many times the usual distance of frames is suspicious. */
const SILENCE_FACTOR = 100
const PROBE_MS = 2000
/** A connection that answers pings but has stopped sending what it used to send is dead all the same. */
const LEAST_STALL_MS = 30_000
const STALL_FACTOR = 300
/** A subscription must be confirmed, and a book must have its snapshot, within this time. */
const CONFIRM_MS = 10_000
const SNAPSHOT_MS = 15_000

/** What a slot tells for the log of its streams. */
export type SlotEvent = Pick<ConnectionEvent, 'what' | 'connection' | 'code' | 'detail'>

/** What a slot needs of its surroundings. */
export interface SlotPorts {
  readonly adapter: ExchangeAdapter
  readonly lane: Lane
  readonly websocket: string
  nextConnection(): number
  openSocket(url: string, events: SocketEvents): Socket
  /** Waits for the exchange's limit on new connections. */
  mayConnect(signal: AbortSignal): Promise<void>
  /** Waits for the exchange's limit on messages of this address; absent where it has none. */
  maySend?(signal: AbortSignal, first: boolean): Promise<void>
  /** One REST call within the exchange's budget; throws a CollectorError for anything but a 2xx answer. */
  request(
    path: string,
    weight: number,
    signal: AbortSignal,
    priority?: Priority,
  ): Promise<{ url: string; answer: HttpAnswer }>
  readonly backoff: Backoff
  /** Something changed that a status report should tell. */
  changed(): void
  /** For the log of the streams that these subscriptions are of. */
  tell(ids: Iterable<string>, event: SlotEvent): void
}

/** What stays of a subscription's counters when a connection ends. */
export interface Tally {
  events: number
  rows: number
  gaps: number
  reconnects: number
}

export type SlotState = 'waiting' | 'connecting' | 'open' | 'closed'

/**
 * Keeps one connection alive for a set of subscriptions: opens, feeds, watches, closes, opens again. What the frames mean is derivation's
 * business; this side only obeys its wishes and records what happens.
 */
export class Slot {
  readonly subscriptions = new Map<string, PlannedSubscription>()
  readonly tallies = new Map<string, Tally>()
  state: SlotState = 'waiting'
  error: CollectorError | undefined
  private readonly ports: SlotPorts
  private readonly path: string
  private readonly over = new AbortController()
  /** The slots that this one takes over from; empty once it has. */
  replaces: readonly Slot[]
  /** Another slot takes over from this one: when its connection ends, it is not opened again. */
  successor: Slot | undefined
  readonly madeAt: bigint
  /** The exchange announced that it will end this connection. */
  ending = false
  private number = -1
  private n = 0
  private socket: Socket | undefined
  /** From the `open` record to the `close` record; the socket itself comes a moment later. */
  private active = false
  private attempt = new AbortController()
  openedAt = 0n
  /** Last sign of life, and last message, by the monotonic clock. */
  private lastLife = 0n
  private lastFrame = 0n
  private probedAt: bigint | undefined
  /** Running mean of the distance of frames, ms. */
  private meanMs = 0
  private outbox: string[] = []
  /** Messages sent on this connection, and when the last one was that wants an answer. */
  private sent = 0
  private askedAt = 0n
  private sendTimer: (() => void) | undefined
  private cancelRetry: (() => void) | undefined
  private pingedAt = 0n

  constructor(
    ports: SlotPorts,
    plan: ConnectionPlan,
    planned: ReadonlyMap<string, PlannedSubscription>,
    replaces: readonly Slot[] = [],
  ) {
    this.ports = ports
    this.path = plan.path
    this.replaces = replaces
    this.madeAt = ports.lane.clock.mono()
    for (const slot of replaces) slot.successor = this
    setMaxListeners(0, this.over.signal) // one for each removal that waits for its confirmation
    for (const { id } of plan.subscriptions) {
      const sub = planned.get(id)
      if (!sub) continue
      this.subscriptions.set(id, sub)
      this.tallies.set(id, { events: 0, rows: 0, gaps: 0, reconnects: 0 })
    }
  }

  /** Everything is confirmed and every book is built. */
  get settled(): boolean {
    const each = this.derived?.subscriptions
    return each !== undefined && [...this.subscriptions.keys()].every((id) => each.get(id)?.live)
  }

  /** Counts on from where the slot stood that this one has replaced. */
  inherit(older: Slot): void {
    for (const [id, before] of older.tallies) {
      const own = this.tallies.get(id)
      if (!own) continue
      own.events += before.events
      own.rows += before.rows
      own.gaps += before.gaps
      own.reconnects += Math.max(0, before.reconnects - 1) // its last end was no loss
    }
  }

  /** What derivation knows of the open connection. */
  get derived(): DerivedConnection | undefined {
    return this.ports.lane.deriver.connections.get(this.number)
  }

  get connection(): number {
    return this.number
  }

  start(): void {
    void this.open()
  }

  private async open(): Promise<void> {
    this.attempt = new AbortController()
    setMaxListeners(0, this.attempt.signal) // one for each book whose snapshot is awaited
    const signal = AbortSignal.any([this.attempt.signal, this.over.signal])
    this.setState('connecting')
    try {
      await this.ports.mayConnect(signal)
    } catch {
      return // ended while waiting
    }
    const { lane, adapter } = this.ports
    this.number = this.ports.nextConnection()
    this.ending = false
    this.n = 0
    this.meanMs = 0
    this.probedAt = undefined
    this.outbox = []
    this.sent = 0
    this.lastLife = lane.clock.mono()
    this.pingedAt = this.lastLife
    const number = this.number
    // A callback of a socket that was given up must not touch the next connection.
    const mine = (act: () => void) => () => {
      if (this.number === number && this.socket) act()
    }
    this.active = true
    const older = this.replaces.flatMap((slot) => (slot.active ? [slot.connection] : []))
    const body = JSON.stringify({
      exchange: adapter.id,
      path: this.path,
      subscriptions: [...this.subscriptions.values()],
      ...(older.length ? { replaces: older } : {}),
    })
    lane.record({ type: 'open', connection: number, wall: lane.clock.wall(), mono: this.lastLife, body })
    this.tell('connecting')
    this.socket = this.ports.openSocket(this.ports.websocket + this.path, {
      onOpen: mine(() => this.opened()),
      onFrame: (data, _binary, wall, mono) => {
        if (this.number === number && this.socket) this.frame(data, wall, mono)
      },
      onPing: (_wall, mono) => {
        if (this.number !== number || !this.socket) return
        this.lastLife = mono
        this.probedAt = undefined
      },
      onClose: (close) => {
        if (this.number === number && this.socket) this.ended(close)
      },
    })
  }

  private opened(): void {
    this.openedAt = this.ports.lane.clock.mono()
    this.lastLife = this.openedAt
    this.lastFrame = this.openedAt
    this.askedAt = this.openedAt
    this.setState('open')
    this.tell('opened')
    this.pump()
  }

  private frame(data: Uint8Array, wall: bigint, mono: bigint): void {
    const distance = Number(mono - this.lastFrame) / 1e6
    this.lastFrame = mono
    this.meanMs = this.n < 20 ? Math.max(this.meanMs, distance) : this.meanMs * 0.99 + distance * 0.01
    this.lastLife = mono
    this.probedAt = undefined
    this.ports.lane.frame(this.number, this.n++, { data, wall, mono })
  }

  private ended(close: SocketClose): void {
    const said = close.reason === '' ? `code ${close.code}` : `code ${close.code}: ${close.reason}`
    this.close(close.error ?? new CollectorError('CONNECTION_LOST', `the connection ended (${said})`))
  }

  /** Gives the connection up; a new one is opened after a while unless the slot has ended. */
  private close(error: CollectorError, pauseMs?: number): void {
    const { lane, backoff } = this.ports
    const { socket } = this
    if (!socket) return
    this.socket = undefined
    this.active = false
    this.attempt.abort()
    this.sendTimer?.()
    this.sendTimer = undefined
    const lived = this.state === 'open' ? Number(lane.clock.mono() - this.openedAt) / 1e6 : 0
    this.keepTallies()
    socket.terminate()
    const { code, message } = error
    this.tell('closed', error)
    lane.record({
      type: 'close',
      connection: this.number,
      wall: lane.clock.wall(),
      mono: lane.clock.mono(),
      code,
      detail: message,
    })
    if (this.over.signal.aborted || this.successor) {
      this.setState('closed')
      return
    }
    this.error = error
    const asked = typeof error.retry === 'object' ? error.retry.afterMs : 0
    const wait = Math.max(pauseMs ?? 0, asked, backoff.next(lived))
    this.setState('waiting')
    this.cancelRetry = lane.clock.after(wait, () => void this.open())
  }

  private keepTallies(): void {
    for (const [id, { stats }] of this.derived?.subscriptions ?? []) {
      const tally = this.tallies.get(id)
      if (!tally) continue
      tally.events += stats.events
      tally.rows += stats.rows
      tally.gaps += stats.gaps
      tally.reconnects++
    }
  }

  obey(wish: Wish): void {
    if (wish.connection !== this.number || !this.active) return
    if (wish.wish === 'send') {
      this.outbox.push(...wish.messages)
      this.pump()
    } else if (wish.wish === 'replaced') {
      queueMicrotask(() => {
        if (wish.connection === this.number)
          this.end(new CollectorError('UNSUBSCRIBED', 'another connection has taken over'))
      })
    } else if (wish.wish === 'snapshot') void this.fetchSnapshot(wish.id)
    else if (wish.wish === 'compare') void this.fetchComparison(wish.id)
    else if (wish.wish === 'ending') this.ending = true
    else if (wish.wish === 'reconnect') {
      const error = new CollectorError(wish.code, wish.detail)
      // Not from within derivation: the record that closes comes after the one being derived.
      queueMicrotask(() => {
        if (wish.connection === this.number) this.close(error, wish.pauseMs)
      })
    }
  }

  /** Sends what waits, within the exchange's limit of messages per second. */
  private pump(): void {
    if (this.state !== 'open' || this.sendTimer || this.outbox.length === 0) return
    const { maySend } = this.ports
    if (!maySend) {
      this.sendNext()
      return
    }
    const { signal } = this.attempt
    // Nothing else is sent while this waits for its turn.
    this.sendTimer = () => {}
    // Venues close a connection that asks for nothing.
    maySend(signal, this.sent === 0).then(
      () => {
        if (!signal.aborted) this.sendNext()
      },
      () => {}, // ended while waiting
    )
  }

  private sendNext(): void {
    const { lane, adapter } = this.ports
    const message = this.outbox.shift()
    this.sendTimer = undefined
    if (message === undefined || !this.socket) return
    this.socket.send(message)
    this.sent++
    if (message !== adapter.live.ping?.message) this.askedAt = lane.clock.mono()
    lane.record({ type: 'out', connection: this.number, wall: lane.clock.wall(), frame: Buffer.from(message) })
    this.sendTimer = lane.clock.after(1000 / adapter.limits.messagesPerSecond, () => {
      this.sendTimer = undefined
      this.pump()
    })
  }

  /** Fetches a book's REST snapshot; tries again until it comes, the connection ends or the subscription is gone. */
  private async fetchSnapshot(id: string): Promise<void> {
    const { lane, adapter } = this.ports
    const sub = this.subscriptions.get(id)
    const call = sub && adapter.book.snapshot?.(sub)
    const connection = this.number
    const { signal } = this.attempt
    if (!call) return
    for (let failures = 0; !signal.aborted && this.subscriptions.has(id); failures++) {
      try {
        const { url, answer } = await this.ports.request(call.path, call.weight, signal)
        if (signal.aborted) return
        const { asked, wall, mono, status, body } = answer
        const purpose = JSON.stringify({ what: 'snapshot', id })
        lane.record({ type: 'rest', connection, n: this.n++, asked, wall, mono, purpose, url, status, body })
        return
      } catch (error) {
        if (signal.aborted) return
        this.error = error instanceof CollectorError ? error : new CollectorError('CONNECT_FAILED', String(error))
        this.ports.changed()
        await pause(lane, Math.min(30_000, 250 * 2 ** failures), signal)
      }
    }
  }

  /** Fetches a snapshot to compare a book with; once, since derivation asks again by itself. */
  private async fetchComparison(id: string): Promise<void> {
    const { lane, adapter } = this.ports
    const sub = this.subscriptions.get(id)
    const call = sub && adapter.book.snapshot?.(sub)
    const connection = this.number
    const { signal } = this.attempt
    if (!call) return
    try {
      const { url, answer } = await this.ports.request(call.path, call.weight, signal)
      if (signal.aborted) return
      const { asked, wall, mono, status, body } = answer
      const purpose = JSON.stringify({ what: 'compare', id })
      lane.record({ type: 'rest', connection, n: this.n++, asked, wall, mono, purpose, url, status, body })
    } catch {
      // The book goes on unverified, and its ledger says so.
    }
  }

  /** Several times a second: silence, confirmations, pings. */
  check(): void {
    const { lane, adapter } = this.ports
    const { socket } = this
    if (this.state !== 'open' || !socket) return
    const now = lane.clock.mono()
    const since = (then: bigint) => Number(now - then) / 1e6
    const { ping, silentAfterMs } = adapter.live
    if (ping && since(this.pingedAt) >= ping.everyMs) {
      this.pingedAt = now
      this.outbox.push(ping.message)
      this.pump()
    }
    const silent = since(this.lastLife)
    const most = Math.min(silentAfterMs, Math.max(LEAST_SILENCE_MS, this.meanMs * SILENCE_FACTOR))
    const stalled = since(this.lastFrame)
    if (silent > silentAfterMs || (this.n > 20 && stalled > Math.max(LEAST_STALL_MS, this.meanMs * STALL_FACTOR))) {
      this.close(new CollectorError('CONNECTION_SILENT', `nothing came for ${Math.round(stalled / 1000)} s`))
      return
    }
    if (silent > most && this.probedAt === undefined) {
      this.probedAt = now
      socket.ping()
    } else if (this.probedAt !== undefined && since(this.probedAt) > PROBE_MS) {
      this.close(
        new CollectorError('CONNECTION_SILENT', `nothing came for ${Math.round(silent / 1000)} s, not even a pong`),
      )
      return
    }
    // A long list takes its time to be asked for: what was asked for last has as long as what was first.
    if (!this.outbox.length) this.checkConfirmations(since(this.askedAt))
  }

  private checkConfirmations(waitedMs: number): void {
    if (waitedMs < CONFIRM_MS) return
    for (const [id, each] of this.derived?.subscriptions ?? []) {
      if (each.status === 'pending' && this.ports.adapter.live.acknowledges) {
        this.close(new CollectorError('SUBSCRIBE_TIMEOUT', `no answer to ${id} within ${CONFIRM_MS / 1000} s`))
        return
      }
      if (waitedMs > SNAPSHOT_MS && each.bookMissing && this.ports.adapter.book.firstSnapshot === 'stream') {
        this.ports.lane.decide(this.number, { what: 'resync', id, detail: 'no snapshot came' })
      }
    }
  }

  /** Ends some subscriptions; the slot closes when none is left. Resolves when the exchange has confirmed, at most `withinMs` later. */
  async remove(ids: readonly string[], withinMs: number): Promise<void> {
    const { lane } = this.ports
    const own = ids.filter((id) => this.subscriptions.delete(id))
    if (!own.length) return
    if (this.socket) lane.decide(this.number, { what: 'unsubscribe', ids: own })
    if (this.subscriptions.size === 0) {
      this.end(new CollectorError('UNSUBSCRIBED', 'nothing is wanted on this connection any more'))
      return
    }
    const connection = this.number
    const until = lane.clock.mono() + BigInt(withinMs) * 1_000_000n
    const left = () => own.some((id) => this.derived?.subscriptions.get(id)?.status === 'released')
    while (this.number === connection && this.socket && left() && lane.clock.mono() < until)
      await pause(lane, 20, this.over.signal)
  }

  /** Closes the connection, as if it had been lost; it is opened again as any other. */
  interrupt(error: CollectorError): void {
    if (this.socket) this.close(error)
  }

  /** Closes for good. */
  end(error: CollectorError): void {
    this.over.abort()
    this.cancelRetry?.()
    if (this.socket) this.close(error)
    else this.setState('closed')
  }

  private tell(what: SlotEvent['what'], error?: CollectorError): void {
    this.ports.tell(this.subscriptions.keys(), {
      what,
      connection: this.number,
      code: error?.code,
      detail: error?.message,
    })
  }

  private setState(state: SlotState): void {
    this.state = state
    if (state === 'open') this.error = undefined
    this.ports.changed()
  }
}

/** Resolves after `ms` or when aborted, whichever comes first. */
export function pause(lane: Pick<Lane, 'clock'>, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = lane.clock.after(ms, done)
    signal.addEventListener('abort', done)
  })
}
