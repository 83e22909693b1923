import type { ExchangeAdapter } from '../exchanges/exchange.js'
import type { LaneWriter } from '../journal/lane.js'
import type { Clock } from '../lib/clock.js'
import type { ConnectionEvent } from '../model/connection-event.js'
import { datasetKey } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { Drift } from '../model/shape.js'
import type { TaskReport, TaskSpec, TaskState } from '../model/task.js'
import { type Nanos, SECOND } from '../model/time.js'
import type { PlannedSubscription } from './bodies.js'
import { Deriver } from './deriver.js'
import { ExchangeSession, type Outward } from './exchange-session.js'
import { Lane } from './lane.js'
import { datasetOf } from './listening.js'
import { type Place, placesOf } from './place.js'
import type { Sink } from './sink.js'
import { SubscriptionWatch } from './subscription-watch.js'
import { findInstrument, planTask } from './task-plan.js'

export interface EngineOptions {
  readonly clock: Clock
  readonly writer: LaneWriter
  readonly sink: Sink
  readonly outward: Outward
  readonly adapter: (id: string) => ExchangeAdapter
  /** Base URLs that replace the adapter's own. */
  readonly endpoints: Readonly<
    Record<string, { readonly websocket?: string | undefined; readonly rest?: string | undefined }>
  >
  /** Instrument lists kept from earlier runs. */
  readonly instruments: Readonly<Record<string, readonly Instrument[]>>
  /** Datasets that an earlier run wanted and nobody ended: key → nanoseconds as text. */
  readonly wantedSince: Readonly<Record<string, string>>
  /** Numbers of connections; only ever rising, over all workers and runs. */
  nextConnection(): number
  saveInstruments(exchange: string, list: readonly Instrument[]): void
  report(report: TaskReport): void
  /** What happened to the connections of these tasks, for their logs. */
  onConnection?(keys: readonly string[], event: ConnectionEvent): void
  /** All that exchanges send beside their documentation, when it has changed; at most once a second. */
  drifted(drifts: readonly Drift[]): void
}

interface Task {
  readonly spec: TaskSpec
  readonly session: ExchangeSession
  readonly watch: SubscriptionWatch
  subscriptions: PlannedSubscription[]
  datasets: string[]
  state: 'starting' | 'running' | 'draining' | 'failed'
  error: CollectorError | undefined
  /** Events seen, each second of the last ten. */
  counts: number[]
  over: Promise<void> | undefined
  /** Of its last events, as told last, and for how many seconds they have been. */
  lags: Lags | undefined
  lagsAge: number
  /** When a failed task is tried again, by the monotonic clock. */
  retryAt: bigint | undefined
}

/** Receive minus exchange time, ms. */
interface Lags {
  readonly median: number
  readonly p99: number
}

const CHECK_MS = 250
const CHECKS_PER_TICK = 4
const DRAIN_MS = 5000
const LAGS_SECONDS = 5
/** A pair that is not listed may be some day. */
const UNLISTED_MS = 900_000
/** A clock that is set by more than this may be days off now: the exchanges are asked what time it is. */
const CLOCK_SET: Nanos = 43_200n * SECOND

/** A capture worker's core: tasks on connections, one lane into the journal. Everything outward is passed in. */
export class CaptureEngine {
  private readonly options: EngineOptions
  private readonly lane: Lane
  private readonly sessions = new Map<string, ExchangeSession>()
  private readonly tasks = new Map<string, Task>()
  /** Which task records a dataset: two would store everything twice. */
  private readonly owners = new Map<string, Task>()
  private checks = 0
  private stopTimer: () => void = () => {}
  private reportDue = false
  /** Wall minus monotonic clock at the last tick. */
  private clockStood: Nanos | undefined
  private suspended: CollectorError | undefined
  /** Version of the drifts that were told last. */
  private drifts = 0

  constructor(options: EngineOptions) {
    this.options = options
    const deriver = new Deriver(options.adapter, options.sink)
    this.lane = new Lane(options.clock, options.writer, deriver, (wish) => {
      for (const session of this.sessions.values()) for (const slot of session.slots) slot.obey(wish)
    })
  }

  start(): void {
    this.lane.tick()
    this.stopTimer = this.options.clock.every(CHECK_MS, () => this.check())
  }

  /** Bytes of frames since the last freeze: when there are many, a commit is due. */
  get bytes(): number {
    return this.lane.bytes
  }

  private check(): void {
    for (const session of this.sessions.values()) session.check()
    if (++this.checks % CHECKS_PER_TICK !== 0) {
      if (this.reportDue) this.report(false)
      return
    }
    this.lane.tick()
    this.watchClock()
    const now = this.options.clock.mono()
    for (const task of this.tasks.values()) {
      if (task.state !== 'failed' || task.retryAt === undefined || now < task.retryAt) continue
      task.state = 'starting'
      task.retryAt = undefined
      task.error = undefined
      void this.begin(task)
    }
    this.report(true)
    const { watch } = this.lane.deriver
    if (watch.version !== this.drifts) this.options.drifted(watch.drifts)
    this.drifts = watch.version
  }

  private watchClock(): void {
    const { clock } = this.options
    const stands = clock.wall() - clock.mono()
    const by = stands - (this.clockStood ?? stands)
    this.clockStood = stands
    if (by > CLOCK_SET || by < -CLOCK_SET) for (const session of this.sessions.values()) session.askAgain()
  }

  /** The book of a dataset of changes as it stands now. */
  bookOf(dataset: string, depth: number) {
    const task = this.owners.get(dataset)
    for (const { id } of task?.subscriptions ?? []) {
      const each = task?.session.slotOf(id)?.derived?.subscriptions.get(id)
      if (each?.dataset === dataset) return each.bookView(depth)
    }
    return undefined
  }

  startTask(spec: TaskSpec): void {
    const session = this.session(spec.exchange)
    const task: Task = {
      spec,
      session,
      watch: new SubscriptionWatch(),
      subscriptions: [],
      datasets: [],
      state: 'starting',
      error: undefined,
      counts: [],
      over: undefined,
      lags: undefined,
      lagsAge: 0,
      retryAt: undefined,
    }
    this.tasks.set(id(spec.key, spec.instance), task)
    void this.begin(task)
  }

  private async begin(task: Task): Promise<void> {
    const { spec, session } = task
    try {
      const listed = await session.listed()
      if (task.state !== 'starting') return
      let instrument: Instrument
      try {
        instrument = findInstrument(spec.exchange, spec.pair, listed)
      } catch {
        instrument = findInstrument(spec.exchange, spec.pair, await session.relisted()) // perhaps it is new
      }
      if (task.state !== 'starting') return
      task.subscriptions = planTask(session.adapter, instrument, spec.channels, spec.timeStep)
      task.datasets = task.subscriptions.flatMap((sub) => {
        const dataset = datasetOf(spec.exchange, sub)
        return dataset ? [datasetKey(dataset)] : []
      })
      await this.ownAll(task)
      if (task.state !== 'starting') return
      this.lane.want(
        task.datasets.map((key) => ({ key, since: this.options.wantedSince[key] ?? null })),
        true,
      )
      task.state = 'running'
      session.add(task.subscriptions)
    } catch (error) {
      if (task.state === 'draining') return
      task.state = 'failed'
      task.error = error instanceof CollectorError ? error : new CollectorError('STORE_FAILED', String(error))
      const { retry } = task.error
      const again =
        typeof retry === 'object' ? retry.afterMs : task.error.code === 'UNKNOWN_INSTRUMENT' ? UNLISTED_MS : 0
      if (again) task.retryAt = this.options.clock.mono() + BigInt(again) * 1_000_000n
    }
    this.reportDue = true
  }

  /** Waits for a draining predecessor of any of the datasets; throws when a live task has one. */
  private async ownAll(task: Task): Promise<void> {
    for (const key of task.datasets) {
      for (let owner = this.owners.get(key); owner; owner = this.owners.get(key)) {
        if (owner.state !== 'draining') {
          throw new CollectorError('CONFIG_INVALID', `${key} is already recorded by the stream ${owner.spec.key}`, {
            remedy: 'Remove the channel from one of the two.',
          })
        }
        await owner.over
      }
    }
    if (task.state === 'starting') for (const key of task.datasets) this.owners.set(key, task)
  }

  /**
   * Ends a task; resolves when all it received is safe and it writes nothing more. `stillWanted`: everything is about to stop; the task is only
   * forgotten, its connections end with the lane, and what is missed from then on is a loss.
   */
  stopTask(key: string, instance: number, stillWanted = false): Promise<void> {
    const task = this.tasks.get(id(key, instance))
    if (!task) return Promise.resolve()
    task.over ??= this.drain(task, stillWanted)
    return task.over
  }

  private async drain(task: Task, stillWanted: boolean): Promise<void> {
    const began = task.state
    task.state = 'draining'
    this.reportDue = true
    if (!stillWanted) {
      const time = this.options.clock.wall()
      const none = { connection: undefined, channel: undefined, code: undefined, detail: undefined }
      this.tell([task], { what: 'unsubscribed', time, ...none })
    }
    if (began === 'running' && !stillWanted) {
      await task.session.remove(
        task.subscriptions.map((sub) => sub.id),
        DRAIN_MS,
      )
      this.lane.deriver.flush()
      this.lane.want(
        task.datasets.map((key) => ({ key, since: null })),
        false,
      )
    }
    for (const key of task.datasets) if (this.owners.get(key) === task) this.owners.delete(key)
    this.tasks.delete(id(task.spec.key, task.spec.instance))
    await this.lane.durable()
    const places = placesOf(task.session, task.subscriptions)
    this.options.report(this.reportOf(task, places, sumOf(places), 'stopped'))
  }

  private session(exchange: string): ExchangeSession {
    const known = this.sessions.get(exchange)
    if (known) return known
    const { clock, outward, nextConnection, saveInstruments } = this.options
    const adapter = this.options.adapter(exchange)
    const set = this.options.endpoints[exchange]
    const endpoints = {
      websocket: set?.websocket ?? adapter.endpoints.websocket,
      rest: set?.rest ?? adapter.endpoints.rest,
    }
    const session = new ExchangeSession(adapter, endpoints, this.options.instruments[exchange] ?? [], {
      lane: this.lane,
      clock,
      outward,
      nextConnection,
      saveInstruments,
      changed: () => {
        this.reportDue = true
      },
      tell: (ids, event) => {
        const own = new Set(ids)
        const tasks = [...this.tasks.values()].filter((task) => task.session === session)
        const keys = tasks.filter(({ subscriptions }) => subscriptions.some((sub) => own.has(sub.id)))
        this.tell(keys, { ...event, time: clock.wall(), channel: undefined })
      },
    })
    this.sessions.set(exchange, session)
    if (this.suspended) session.suspend(this.suspended)
    session.start()
    return session
  }

  private report(second: boolean): void {
    this.reportDue = false
    const time = this.options.clock.wall()
    for (const task of this.tasks.values()) {
      const places = placesOf(task.session, task.subscriptions)
      const sum = sumOf(places)
      if (second) {
        task.counts.push(sum.events)
        if (task.counts.length > 11) task.counts.shift()
        if (++task.lagsAge >= LAGS_SECONDS) task.lags = undefined
        for (const event of task.watch.look(places, time)) this.tell([task], event)
      }
      this.options.report(this.reportOf(task, places, sum))
    }
  }

  private tell(tasks: readonly Task[], event: ConnectionEvent): void {
    if (tasks.length)
      this.options.onConnection?.(
        tasks.map(({ spec }) => spec.key),
        event,
      )
  }

  private reportOf(task: Task, places: readonly Place[], sum: Sum, state?: TaskState): TaskReport {
    const { spec, session, counts } = task
    let lastFrame: bigint | undefined
    let lastEvent: bigint | undefined
    let error = task.error ?? (session.instruments ? undefined : session.error)
    for (const { slot, listening } of places) {
      error ??= slot?.error
      lastFrame = later(lastFrame, slot?.derived?.lastFrameWall)
      if (!listening) continue
      lastEvent = later(lastEvent, listening.lastEventAt)
      if (listening.isSilent) error ??= new CollectorError('CONNECTION_SILENT', listening.stats.message ?? 'silent')
      if (listening.status === 'rejected')
        error ??= new CollectorError(listening.stats.code ?? 'SUBSCRIBE_REJECTED', listening.stats.message ?? 'refused')
    }
    const seconds = counts.length - 1
    const lags = this.lagsOf(task, places)
    return {
      key: spec.key,
      instance: spec.instance,
      state: state ?? stateOf(task, places),
      lastFrame,
      lastEvent,
      rate: seconds > 0 ? Math.max(0, ((counts.at(-1) ?? 0) - (counts[0] ?? 0)) / seconds) : 0,
      lagMs: lags?.median,
      lagP99Ms: lags?.p99,
      reconnects: sum.reconnects,
      gaps: sum.gaps,
      rows: sum.rows,
      error: error && { code: error.code, message: error.message, remedy: error.remedy },
    }
  }

  /** Sorting what a thousand tasks saw last is dear: once in a few seconds. */
  private lagsOf(task: Task, places: readonly Place[]): Lags | undefined {
    if (task.lags) return task.lags
    const sorted = new Float64Array(places.flatMap(({ listening }) => listening?.stats.lags ?? [])).sort()
    const [median, p99] = [sorted[sorted.length >> 1], sorted[Math.floor(sorted.length * 0.99)]]
    if (median === undefined || p99 === undefined) return undefined
    task.lagsAge = 0
    task.lags = { median, p99 }
    return task.lags
  }

  /** Ends every connection and opens none before `resume`: the disk has no room for what they would bring. */
  suspend(error: CollectorError): void {
    this.suspended = error
    for (const session of this.sessions.values()) session.suspend(error)
  }

  resume(): void {
    this.suspended = undefined
    for (const session of this.sessions.values()) session.resume()
  }

  /** What was received so far, as of now: the position up to which the sink's content reaches. Take it in the same turn. */
  freeze(): number {
    return this.lane.freeze()
  }

  /** Resolves when the record at `position` is safe. */
  whenDurable(position: number): Promise<void> {
    return this.lane.whenDurable(position)
  }

  /** Closes everything and ends the lane. Resolves with its last position when all of it is safe. */
  async stop(): Promise<number> {
    this.stopTimer()
    for (const session of this.sessions.values())
      session.end(new CollectorError('PROCESS_STOPPED', 'the daemon was stopped'))
    return await this.lane.end()
  }
}

function id(key: string, instance: number): string {
  return `${key}#${instance}`
}

type Sum = ReturnType<typeof sumOf>

function sumOf(places: readonly Place[]) {
  const sum = { events: 0, rows: 0, gaps: 0, reconnects: 0 }
  for (const { tally, listening } of places) {
    const stats = listening?.stats
    sum.events += (tally?.events ?? 0) + (stats?.events ?? 0)
    sum.rows += (tally?.rows ?? 0) + (stats?.rows ?? 0)
    sum.gaps += (tally?.gaps ?? 0) + (stats?.gaps ?? 0)
    sum.reconnects = Math.max(sum.reconnects, tally?.reconnects ?? 0)
  }
  return sum
}

function stateOf(task: Task, places: readonly Place[]): TaskState {
  if (task.state === 'draining') return 'draining'
  if (task.state === 'failed') return 'failed'
  if (task.state === 'starting') return 'waiting'
  let live = 0
  let rejected = 0
  let open = 0
  let connecting = 0
  let silent = 0
  for (const { slot, listening } of places) {
    if (slot?.state === 'connecting' || !slot) connecting++
    if (slot?.state !== 'open') continue
    open++
    if (listening?.live) live++
    if (listening?.status === 'rejected') rejected++
    if (listening?.isSilent) silent++
  }
  const all = places.length
  if (live === all) return 'live'
  if (rejected === all) return 'failed'
  if (rejected || silent || (live && open < all)) return 'degraded'
  if (open) return 'subscribing'
  return connecting ? 'connecting' : 'waiting'
}

function later(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || (b !== undefined && b > a)) return b
  return a
}
