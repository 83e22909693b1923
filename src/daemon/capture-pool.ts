import type { MessagePort, Transferable } from 'node:worker_threads'
import type { Clock } from '../lib/clock.js'
import { type Port, RpcClient } from '../lib/rpc.js'
import type { ConnectionEvent } from '../model/connection-event.js'
import { asCollectorError, CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { LiveBatch, LiveWish } from '../model/live.js'
import type { Drift } from '../model/shape.js'
import type { TaskReport, TaskSpec } from '../model/task.js'
import type { Nanos } from '../model/time.js'
import type {
  CaptureMethods,
  CaptureNews,
  CaptureStart,
  LaneToRecover,
  RecoverNews,
  RecoverStart,
} from './capture-messages.js'
import type { TaskRunner } from './task.js'

/** A started worker thread. */
export interface Thread extends Port {
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  terminate(): Promise<number>
}

/** What the pool needs of the store thread. */
export interface StorePort {
  allocateLane(): Promise<number>
  /** Sets aside `count` connection numbers and returns the first; numbers only rise, over all runs. */
  reserveConnections(count: number): Promise<number>
  laneState(): Promise<readonly { readonly lane: number; readonly committed: number; readonly open: boolean }[]>
  closeLane(lane: number): Promise<void>
  commit(): Promise<unknown>
  /** The signal ends it after the file under way. */
  publish(options: { readonly all?: boolean }, signal?: AbortSignal): Promise<unknown>
  loadInstruments(exchange: string): Promise<readonly Instrument[] | undefined>
  saveInstruments(exchange: string, list: readonly Instrument[]): Promise<void>
  /** Datasets that are still wanted, and since when. */
  /** The same as `laneState`, as of the last backup of the catalog. */
  backedUpLanes(): Promise<readonly { readonly lane: number; readonly committed: number; readonly open: boolean }[]>
  wantedSince(): Promise<ReadonlyMap<string, Nanos>>
  /** A port for another thread. */
  connect(): MessagePort
}

/** What the pool needs of the journal thread. */
export interface JournalPort {
  /** A port for the lane's writer. */
  connect(lane: number): MessagePort
  /** Deletes what no lane needs any more. */
  retain(): Promise<void>
  /** Files of lower numbers are those of earlier processes. */
  readonly firstFile: number
}

export interface PoolDeps {
  readonly clock: Clock
  readonly workers: number
  readonly store: StorePort
  readonly journal: JournalPort
  readonly journalPath: string
  /** The config in force, without secrets, as JSON. */
  readonly config: string
  readonly endpoints: CaptureStart['endpoints']
  /** Exchanges whose instrument lists are kept. */
  readonly exchanges: readonly string[]
  spawn(start: CaptureStart | RecoverStart, transfer: readonly Transferable[]): Thread
  onError(error: CollectorError): void
  /** What happened to the connections of these tasks. */
  onConnection?(keys: readonly string[], event: ConnectionEvent): void
}

interface CaptureWorker {
  readonly lane: number
  readonly thread: Thread
  readonly rpc: RpcClient<CaptureMethods>
  /** Rows of it were forgotten and are to be derived from the journal; not yet begun. */
  behind: boolean
}

type OpenLane = { readonly lane: number; readonly committed: number }

const CONNECTIONS_AHEAD = 1000
const FIRST_COMMIT_MS = 5000
/** A third of the time after which visible files are replaced (durability C8). */
const COMMIT_MOST_MS = 240_000
/** After the full minute, so that the last rows of an hour have come before its file is written. */
const COMMIT_OFFSET_MS = 10_000
const START_AGAIN_MS = 1000
const RECOVERIES_MOST = 5
const CODEC = { encode: encodeError, decode: decodeError }

/**
 * Runs tasks in capture workers: one exchange lives on one worker, so that its limits are kept in one place. Commits on a schedule, replaces a
 * worker that died, and has the lanes of earlier processes recovered while new ones already listen.
 */
export class CapturePool implements TaskRunner {
  private readonly deps: PoolDeps
  private readonly connections = new SharedArrayBuffer(8)
  private readonly workers = new Map<number, Promise<CaptureWorker>>()
  private readonly places = new Map<string, number>()
  private readonly tasks = new Map<string, TaskSpec>()
  private readonly listeners = new Set<(report: TaskReport) => void>()
  private readonly liveListeners = new Set<(batch: LiveBatch) => void>()
  private wish: LiveWish = { rows: [], books: [], whole: [] }
  private instruments: Record<string, readonly Instrument[]> = {}
  private reserved = 0
  private commitMs = FIRST_COMMIT_MS
  private cancelCommit: () => void = () => {}
  private committing: Promise<void> | undefined
  private recovering: Promise<void> = Promise.resolve()
  private stopping = false
  private paused: CollectorError | undefined
  /** How long the oldest record of each lane has waited for the disk. */
  private readonly lags = new Map<number, number>()
  /** What exchanges send beside their documentation, by worker. */
  private readonly told = new Map<number, readonly Drift[]>()
  /** The daemon is stopping: what its tasks miss from now on is a loss. */
  private stillWanted = false
  /** When the last commit succeeded, by the monotonic clock. */
  lastCommit: bigint | undefined

  constructor(deps: PoolDeps) {
    this.deps = deps
  }

  async open(): Promise<void> {
    const { store } = this.deps
    this.stopping = false
    this.stillWanted = false
    const first = await store.reserveConnections(CONNECTIONS_AHEAD)
    Atomics.store(this.numbers, 0, first)
    this.reserved = first + CONNECTIONS_AHEAD
    for (const exchange of this.deps.exchanges) {
      const list = await store.loadInstruments(exchange)
      if (list) this.instruments[exchange] = list
    }
    const lanes = await this.openLanes()
    if (lanes.length)
      this.recover(
        lanes.map(({ lane }) => lane),
        this.deps.journal.firstFile,
      )
    this.commitMs = FIRST_COMMIT_MS
    this.schedule()
  }

  /** The shared numbers of connections, for a thread that has a lane of its own. */
  get connectionNumbers(): SharedArrayBuffer {
    return this.connections
  }

  private get numbers(): Int32Array {
    return new Int32Array(this.connections)
  }

  start(spec: TaskSpec): void {
    this.tasks.set(id(spec), spec)
    void this.launch(spec)
  }

  /** Hands a task to its worker. When there is none to be had, it is tried again for as long as the task is wanted. */
  private async launch(spec: TaskSpec): Promise<void> {
    while (!this.stopping && this.tasks.get(id(spec)) === spec) {
      let worker: CaptureWorker | undefined
      try {
        worker = await this.workerOf(spec.exchange)
        await worker.rpc.call('startTask', [spec])
        return
      } catch (error) {
        if (this.stopping) return
        // A worker that died under the call starts its tasks again itself.
        if (worker) return
        this.deps.onError(asCollectorError(error, 'STORE_FAILED'))
        await new Promise<void>((resolve) => {
          this.deps.clock.after(START_AGAIN_MS, resolve)
        })
      }
    }
  }

  async stop(key: string, instance: number): Promise<void> {
    const spec = this.tasks.get(`${key}#${instance}`)
    if (!spec) return
    this.tasks.delete(id(spec))
    const worker = await this.workerOf(spec.exchange)
    await worker.rpc.call('stopTask', [key, instance, this.stillWanted])
  }

  ending(): void {
    this.stillWanted = true
  }

  onReport(listener: (report: TaskReport) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Connections still receive: what they bring until `close` is published with all of it there, once. */
  async flush(): Promise<void> {
    await this.commit()
  }

  private workerOf(exchange: string): Promise<CaptureWorker> {
    let place = this.places.get(exchange)
    if (place === undefined) {
      place = this.places.size % this.deps.workers
      this.places.set(exchange, place)
    }
    const known = this.workers.get(place)
    if (known) return known
    const started = this.startWorker(place)
    this.workers.set(place, started)
    started.catch(() => this.workers.delete(place))
    return started
  }

  private async startWorker(place: number): Promise<CaptureWorker> {
    const { store, journal, endpoints, config } = this.deps
    const lane = await store.allocateLane()
    const wantedSince = Object.fromEntries(
      [...(await store.wantedSince())].map(([key, since]) => [key, since.toString()]),
    )
    const ports = { journal: journal.connect(lane), store: store.connect() }
    const start: CaptureStart = {
      role: 'capture',
      lane,
      config,
      ...ports,
      connections: this.connections,
      endpoints,
      instruments: this.instruments,
      wantedSince,
    }
    const thread = this.deps.spawn(start, [ports.journal, ports.store])
    const rpc = new RpcClient<CaptureMethods>(thread, CODEC)
    const worker: CaptureWorker = { lane, thread, rpc, behind: false }
    thread.on('message', (message) => this.hear(message, worker))
    if (this.wish.rows.length + this.wish.books.length > 0) rpc.call('follow', [this.wish]).catch(() => {})
    let reason = 'it ended by itself'
    thread.on('error', (error) => {
      reason = error.message
    })
    thread.on('exit', () => {
      rpc.fail(new CollectorError('PROCESS_CRASHED', `a capture worker died: ${reason}`))
      this.lags.delete(worker.lane)
      if (!this.stopping) this.replace(place, worker, reason)
    })
    if (this.paused) rpc.call('pause', [this.paused.code, this.paused.message]).catch(() => {})
    return worker
  }

  /** A worker died: its lane is recovered from the journal, its tasks start again in a new one. */
  private replace(place: number, dead: CaptureWorker, reason: string): void {
    this.deps.onError(new CollectorError('PROCESS_CRASHED', `a capture worker died and is replaced: ${reason}`))
    this.workers.delete(place)
    const specs = [...this.tasks.values()].filter((spec) => this.places.get(spec.exchange) === place)
    const keys = specs.map(({ key }) => key)
    const time = this.deps.clock.wall()
    const none = { connection: undefined, channel: undefined }
    this.deps.onConnection?.(keys, { what: 'closed', time, ...none, code: 'PROCESS_CRASHED', detail: reason })
    this.deps.clock.after(500, () => {
      if (this.stopping) return
      this.recover([dead.lane])
      for (const spec of specs) if (this.tasks.has(id(spec))) this.start(spec)
    })
  }

  private async openLanes(): Promise<OpenLane[]> {
    return (await this.deps.store.laneState()).filter(({ open }) => open)
  }

  /** The journal lost its thread: every lane ends where it was synced, and every task starts again in a new one. */
  replaceAll(reason: string): void {
    for (const each of this.workers.values())
      each.then(
        ({ rpc, thread }) => {
          rpc.fail(new CollectorError('PROCESS_CRASHED', reason))
          void thread.terminate()
        },
        () => {},
      )
  }

  /** The store's thread is another: what it had not committed is derived again, up to where the lanes are now. Sockets do not notice. */
  storeRestarted(): void {
    for (const each of this.workers.values())
      each.then(
        (worker) => this.catchUp(worker, this.deps.store.connect()),
        () => {},
      )
  }

  /** Rows that a living lane lost on the way are derived from the journal; only then does it hand over again. */
  private catchUp(worker: CaptureWorker, port: MessagePort | null): void {
    worker.behind = false
    const work = async () => {
      try {
        const until = await worker.rpc.call('rejoin', [port], port ? [port] : [])
        await this.deps.store.commit() // what arrived of it before it fell behind counts as committed, or not at all
        await this.recoverLanes([worker.lane], null, until)
        await worker.rpc.call('resume', [])
      } catch (error) {
        worker.behind = true // the next commit that succeeds tries again
        throw error
      }
    }
    this.afterRecovery(work)
  }

  private afterRecovery(work: () => Promise<void>): void {
    this.recovering = this.recovering.then(work).catch((error: unknown) => {
      if (!this.stopping) this.deps.onError(asCollectorError(error, 'STORE_FAILED'))
    })
  }

  /** Has every worker hand out what is followed live of what it records; a later one is told at its start. */
  follow(wish: LiveWish): void {
    this.wish = { ...wish, whole: [] }
    for (const started of this.workers.values()) started.then(({ rpc }) => rpc.call('follow', [wish])).catch(() => {})
  }

  /** Calls `listener` with what workers hand out. */
  onLive(listener: (batch: LiveBatch) => void): () => void {
    this.liveListeners.add(listener)
    return () => this.liveListeners.delete(listener)
  }

  private hear(message: unknown, worker: CaptureWorker): void {
    if (typeof message !== 'object' || message === null || !('news' in message)) return
    const news = message as CaptureNews // our own message, told by its tag
    if (news.news === 'reports')
      for (const report of news.reports) for (const listener of this.listeners) listener(report)
    else if (news.news === 'connection') this.deps.onConnection?.(news.keys, news.event)
    else if (news.news === 'drift') this.hearDrifts(worker.lane, news.drifts)
    else if (news.news === 'live') {
      for (const listener of this.liveListeners) listener(news.batch)
      worker.rpc.call('liveTaken', []).catch(() => {})
    } else if (news.news === 'instruments') {
      this.instruments[news.exchange] = news.list
      this.deps.store
        .saveInstruments(news.exchange, news.list)
        .catch((error: unknown) => this.deps.onError(asCollectorError(error, 'STORE_FAILED')))
    } else if (news.news === 'behind') worker.behind = true
    else if (news.news === 'lag') this.lags.set(worker.lane, news.ms)
    else void this.commit().catch(() => {})
  }

  /** The first sight of each goes to the log. */
  private hearDrifts(lane: number, drifts: readonly Drift[]): void {
    const before = this.told.get(lane)?.length ?? 0
    this.told.set(lane, drifts)
    for (const { exchange, channel, what, name } of drifts.slice(before))
      this.deps.onError(new CollectorError('SCHEMA_DRIFT', `${exchange} ${channel ?? ''}: ${what} ${name}`))
  }

  /** Derives what ended lanes had in the journal and not in the store; one recovery at a time, while new lanes already listen. */
  private recover(lanes: readonly number[], below: number | null = null): void {
    this.afterRecovery(async () => {
      for (const lane of await this.recoverLanes(lanes, below)) await this.deps.store.closeLane(lane)
    })
  }

  /** Returns the lanes that are stored to their end, or up to `until`. A recovery whose store died under it is begun again with the next one. */
  private async recoverLanes(
    numbers: readonly number[],
    below: number | null,
    until?: number,
  ): Promise<readonly number[]> {
    for (let attempt = 1; ; attempt++) {
      const open = (await this.openLanes()).filter(({ lane }) => numbers.includes(lane))
      const lanes = open.map(({ lane, committed }) => ({ lane, committed, ...(until === undefined ? {} : { until }) }))
      if (!lanes.length) return []
      try {
        return await this.recoverNow(lanes, below)
      } catch (error) {
        if (attempt >= RECOVERIES_MOST || this.stopping) throw error
        this.deps.onError(asCollectorError(error, 'STORE_FAILED'))
        await new Promise<void>((resolve) => {
          this.deps.clock.after(START_AGAIN_MS, resolve)
        })
      }
    }
  }

  private async recoverNow(lanes: readonly LaneToRecover[], below: number | null): Promise<readonly number[]> {
    const { store, journalPath } = this.deps
    const port = store.connect()
    const thread = this.deps.spawn({ role: 'recover', journal: journalPath, store: port, lanes, below }, [port])
    const done: number[] = []
    await new Promise<void>((resolve, reject) => {
      thread.on('message', (message) => {
        if (typeof message !== 'object' || message === null || !('news' in message)) return
        const news = message as RecoverNews // our own message, told by its tag
        if (news.news === 'recovered') done.push(news.lane)
        else this.deps.onError(new CollectorError('JOURNAL_DAMAGED', news.detail))
      })
      thread.on('error', reject)
      thread.on('exit', (code) =>
        code === 0 ? resolve() : reject(new CollectorError('STORE_FAILED', 'the recovery worker died')),
      )
    })
    await store.commit()
    return done
  }

  /** A lane of a thread that died is derived from the journal. */
  recoverLane(lane: number): void {
    this.recover([lane])
  }

  /** Resolves when the lanes of earlier processes are stored. */
  recovered(): Promise<void> {
    return this.recovering
  }

  private schedule(): void {
    this.cancelCommit()
    const { clock } = this.deps
    // At full length commits keep to the clock: so do the stretches in which files are replaced.
    const past = Number(clock.wall() / 1_000_000n - BigInt(COMMIT_OFFSET_MS)) % COMMIT_MOST_MS
    const wait = this.commitMs < COMMIT_MOST_MS ? this.commitMs : COMMIT_MOST_MS - past
    this.cancelCommit = clock.after(wait, () => {
      this.commitMs = Math.min(COMMIT_MOST_MS, this.commitMs * 2)
      void this.commit()
        .then(() => this.deps.store.publish({ all: false }))
        .catch((error: unknown) => this.deps.onError(asCollectorError(error, 'STORE_FAILED')))
        .finally(() => {
          if (!this.stopping) this.schedule()
        })
    })
  }

  /** What exchanges send beside their documentation, since the daemon started. */
  get drifts(): readonly Drift[] {
    return [...this.told.values()].flat()
  }

  /** How long the oldest record of any worker has waited for the disk, ms. */
  get journalLagMs(): number {
    return Math.max(0, ...this.lags.values())
  }

  /** Ends every connection, stores what they brought, and opens none before `unpause`. */
  pause(error: CollectorError): void {
    this.paused = error
    this.eachWorker(({ rpc }) => rpc.call('pause', [error.code, error.message]))
    this.commit().catch((cause: unknown) => this.deps.onError(asCollectorError(cause, 'STORE_FAILED')))
  }

  unpause(): void {
    this.paused = undefined
    this.eachWorker(({ rpc }) => rpc.call('unpause', []))
  }

  private eachWorker(act: (worker: CaptureWorker) => Promise<void>): void {
    // One that died meanwhile is replaced, and its replacement told.
    for (const each of this.workers.values()) each.then(act).catch(() => {})
  }

  /** Everything received so far becomes safe in the store. Calls that come meanwhile share the next one. */
  commit(): Promise<void> {
    if (this.committing) return this.committing.catch(() => {}).then(() => this.commit())
    this.committing = this.commitNow().finally(() => {
      this.committing = undefined
    })
    return this.committing
  }

  private async commitNow(): Promise<void> {
    const { store, clock } = this.deps
    const workers = await Promise.all([...this.workers.values()])
    const cuts = await Promise.allSettled(workers.map(({ rpc }) => rpc.call('cut', [])))
    await store.commit()
    this.lastCommit = clock.mono()
    for (const cut of cuts)
      if (cut.status === 'rejected') this.deps.onError(asCollectorError(cut.reason, 'STORE_FAILED'))
    for (const worker of workers) if (worker.behind && !this.stopping) this.catchUp(worker, null)
    await this.reserveMore()
    await this.deps.journal.retain()
  }

  private async reserveMore(): Promise<void> {
    if (Atomics.load(this.numbers, 0) < this.reserved - CONNECTIONS_AHEAD / 2) return
    const first = await this.deps.store.reserveConnections(CONNECTIONS_AHEAD)
    // Reserved in one row: what was set aside before is followed by this.
    this.reserved = first + CONNECTIONS_AHEAD
  }

  /** Ends every worker; all they received is stored, and visible unless the signal says that there is no time. */
  async close(signal?: AbortSignal): Promise<void> {
    this.stopping = true
    this.cancelCommit()
    const { store } = this.deps
    const workers = (await Promise.allSettled([...this.workers.values()])).flatMap((each) =>
      each.status === 'fulfilled' ? [each.value] : [],
    )
    const ended = await Promise.allSettled(workers.map(({ rpc }) => rpc.call('stop', [])))
    for (const each of ended)
      if (each.status === 'rejected') this.deps.onError(asCollectorError(each.reason, 'STORE_FAILED'))
    await this.committing?.catch(() => {})
    await this.recovering
    await store.commit()
    for (const [index, { lane, thread }] of workers.entries()) {
      // A lane of which rows are still to be derived stays open: the next start does it.
      const end = ended[index]
      if (end?.status === 'fulfilled' && end.value) await store.closeLane(lane)
      await thread.terminate()
    }
    if (!signal?.aborted) await store.publish({ all: true }, signal)
    await this.deps.journal.retain()
    this.workers.clear()
    this.tasks.clear()
  }
}

function id({ key, instance }: { readonly key: string; readonly instance: number }): string {
  return `${key}#${instance}`
}
