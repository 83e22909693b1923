import { join } from 'node:path'
import type { Transferable } from 'node:worker_threads'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { Gap } from '../model/gaps.js'
import type { LiveBatch, LiveWish } from '../model/live.js'
import type { Drift } from '../model/shape.js'
import type { TaskReport, TaskSpec } from '../model/task.js'
import type { CaptureStart, RecoverStart } from './capture-messages.js'
import { CapturePool, type StorePort, type Thread } from './capture-pool.js'
import { ConnectionLog } from './connection-log.js'
import { DiskGuard, type DiskGuardOptions } from './disk-guard.js'
import { HistoryClient } from './history-client.js'
import type { HistoryStart } from './history-messages.js'
import { JournalHost } from './journal-host.js'
import type { JournalNews, JournalStart } from './journal-messages.js'
import type { RunStore } from './run-book.js'
import { StoreHost, type StoreThread } from './store-host.js'
import type { TaskRunner } from './task.js'

/** The store thread as the recorder uses it. */
export interface RecorderStore extends StorePort, RunStore {
  gaps(): Promise<readonly Gap[]>
  publish(options: { readonly all?: boolean }, signal?: AbortSignal): Promise<unknown>
  /** Ends wanting for these datasets at their last proof. */
  endWanted(datasets: readonly string[]): Promise<void>
  /** Closes the store and its thread. */
  close(): Promise<void>
}

export interface RecorderDeps {
  readonly clock: Clock
  /** Takes the data folder for this process; throws DATA_LOCKED and the like. */
  lock(): Promise<{ release(): void }>
  /** Number of the first journal file that this process will write. */
  firstJournalFile(): Promise<number>
  spawn(start: JournalStart | CaptureStart | HistoryStart | RecoverStart, transfer: readonly Transferable[]): Thread
  /** Starts the store thread; `onExit` hears when it ends without having been closed. */
  openStore(onExit: (reason: string) => void): Promise<StoreThread>
  readonly random: () => number
  readonly journalPath: string
  readonly syncMs: number
  /** Free space of the data folder below which recording pauses, in GiB. */
  readonly minFree: DiskGuardOptions['minFree']
  readonly dataPath: string
  /** Recording pauses because the disk is full, or goes on. */
  onDisk?(full: CollectorError | undefined): void
  readonly keep: { readonly keepMs: number | 'forever'; readonly maxBytes: number | null }
  readonly workers: number
  /** The config in force, without secrets, as JSON: for the journal. */
  readonly config: string
  readonly endpoints: CaptureStart['endpoints']
  readonly exchanges: readonly string[]
  /** Whether the config names a dataset, or may by a rule: others are no longer wanted. */
  isNamed(dataset: string): boolean
  /** What no caller waits for. */
  onError(error: CollectorError): void
  /** The process cannot go on recording; what was acknowledged is safe in the journal. */
  onFatal(error: CollectorError): void
}

interface Opened {
  readonly lock: { release(): void }
  readonly store: RecorderStore
  readonly journal: JournalHost
  readonly pool: CapturePool
}

/** Lock, journal thread, store thread and capture workers of one data folder: opened at first use, closed in order, and able to open again. */
export class Recorder implements TaskRunner {
  private readonly deps: RecorderDeps
  private opened: Promise<Opened> | undefined
  /** Whoever still asks opens nothing; only `open` and `start` do. */
  private closed = false
  private histories: Promise<HistoryClient> | undefined
  private pool: CapturePool | undefined
  private guard: DiskGuard | undefined
  private readonly listeners = new Set<(report: TaskReport) => void>()
  private readonly liveListeners = new Set<(batch: LiveBatch) => void>()
  private wish: LiveWish = { rows: [], books: [], whole: [] }
  /** What happened to the connections of each stream. */
  readonly connections: ConnectionLog
  private readonly started = new Map<string, Promise<void>>()
  /** What the journal thread says of the disk. */
  journalState: JournalNews['state'] = 'ok'

  constructor(deps: RecorderDeps) {
    this.deps = deps
    const { clock, onError } = deps
    this.connections = new ConnectionLog({ path: join(deps.dataPath, '.dccd', 'connections.json'), clock, onError })
  }

  async open(): Promise<void> {
    this.closed = false
    await this.opening()
  }

  private async opening(): Promise<void> {
    if (this.closed) throw new CollectorError('PROCESS_STOPPED', 'the recorder is closed')
    this.opened ??= this.openNow()
    try {
      await this.opened
    } catch (error) {
      this.opened = undefined
      throw error
    }
  }

  /** The store of a recorder that is open, or opens now for the first time. Throws PROCESS_STOPPED once it is closed. */
  async store(): Promise<RecorderStore> {
    await this.opening()
    if (!this.opened) throw new CollectorError('PROCESS_STOPPED', 'the recorder is closed')
    return (await this.opened).store
  }

  private async openNow(): Promise<Opened> {
    const { deps } = this
    const lock = await deps.lock()
    const undo: (() => unknown)[] = [() => lock.release()]
    try {
      const { clock, random, onError, onFatal } = deps
      await this.connections.open()
      const store = await StoreHost.open({ clock, random, onError, open: (onExit) => deps.openStore(onExit) })
      undo.push(() => store.close())
      const firstFile = await deps.firstJournalFile()
      const journal = new JournalHost({
        clock,
        random,
        onError,
        onFatal,
        spawn: () => deps.spawn({ role: 'journal', dir: deps.journalPath, syncMs: deps.syncMs }, []),
        onState: (news) => this.hearJournal(news),
        onDeath: () => {
          this.pool?.replaceAll('the journal was started again')
          this.endHistory()
        },
      })
      undo.push(() => journal.abandon())
      const guard = new DiskGuard({
        clock,
        folder: deps.dataPath,
        minFree: deps.minFree,
        onLow: (error) => {
          onError(error)
          deps.onDisk?.(error)
          this.pool?.pause(error)
        },
        onEnough: () => {
          deps.onDisk?.(undefined)
          this.pool?.unpause()
        },
      })
      this.guard = guard
      undo.push(() => guard.stop())
      const pool = new CapturePool({
        clock: deps.clock,
        workers: deps.workers,
        store,
        journal: {
          firstFile,
          connect: (lane) => journal.connect(lane),
          retain: async () => {
            // What the last backup of the catalog does not know must stay: without the catalog it is derived again.
            const lanes = (await store.backedUpLanes()).map(({ lane, committed, open }) => ({
              lane,
              committed,
              done: !open,
            }))
            // While space is short only what is asked to stay for ever is kept without need.
            const short = guard.low && deps.keep.keepMs !== 'forever'
            await journal.release(lanes, short ? { ...deps.keep, keepMs: 0 } : deps.keep)
          },
        },
        journalPath: deps.journalPath,
        config: deps.config,
        endpoints: deps.endpoints,
        exchanges: deps.exchanges,
        spawn: deps.spawn,
        onError: deps.onError,
        onConnection: (keys, event) => this.connections.take(keys, event),
      })
      pool.onLive((batch) => {
        for (const listener of this.liveListeners) listener(batch)
      })
      pool.follow(this.wish)
      pool.onReport((report) => {
        for (const listener of this.listeners) listener(report)
      })
      await store.endWanted([...(await store.wantedSince()).keys()].filter((key) => !deps.isNamed(key)))
      store.onRestart(() => {
        pool.storeRestarted()
        this.endHistory()
      })
      await pool.open()
      this.pool = pool
      await guard.start()
      return { lock, store, journal, pool }
    } catch (error) {
      for (const act of undo.reverse()) await act()
      throw error
    }
  }

  /** The history thread, started at first use and again after it died. Earlier lanes are recovered before it plans anything. Throws like `store`. */
  async history(): Promise<HistoryClient> {
    await this.opening()
    this.histories ??= this.startHistory().catch((error: unknown) => {
      this.histories = undefined
      throw error
    })
    return await this.histories
  }

  private async startHistory(): Promise<HistoryClient> {
    const opened = await this.opened
    if (!opened) throw new CollectorError('PROCESS_STOPPED', 'the recorder is closed')
    const { config, endpoints, spawn, onError, dataPath } = this.deps
    const { store, journal, pool } = opened
    await pool.recovered()
    const lane = await store.allocateLane()
    const ports = { journal: journal.connect(lane), store: store.connect() }
    const connections = pool.connectionNumbers
    const archives = join(dataPath, '.dccd', 'archives')
    const start = { role: 'history', lane, config, ...ports, connections, endpoints, archives } as const
    const thread = spawn(start, Object.values(ports))
    return new HistoryClient(lane, thread, {
      instruments: (exchange, list) => void store.saveInstruments(exchange, list).catch(() => {}),
      died: (reason) => {
        if (!this.histories || !this.pool) return
        this.histories = undefined
        onError(new CollectorError('PROCESS_CRASHED', `the history thread died: ${reason}`))
        pool.recoverLane(lane)
      },
    })
  }

  /** Journal or store were started anew: what the history thread had there is derived again from the journal. Its runs begin again. */
  private endHistory(): void {
    void this.histories?.then((client) => client.terminate()).catch(() => {})
  }

  /** Everything received so far becomes safe in the store, and what the ledger says is of now. */
  async commit(): Promise<void> {
    await this.pool?.commit()
  }

  private hearJournal(news: JournalNews): void {
    this.journalState = news.state
    if (news.state !== 'disk_full') return
    this.deps.onError(new CollectorError('DISK_FULL', news.message ?? 'the journal cannot grow'))
    void this.guard?.full()
  }

  /** What exchanges send beside their documentation, since the daemon started. */
  get drifts(): readonly Drift[] {
    return this.pool?.drifts ?? []
  }

  /** How long the oldest received record has waited for the disk, ms. */
  get journalLagMs(): number {
    return this.pool?.journalLagMs ?? 0
  }

  /** How long ago the last commit was; undefined before the first. */
  get commitAgeMs(): number | undefined {
    const last = this.pool?.lastCommit
    return last === undefined ? undefined : Number(this.deps.clock.mono() - last) / 1e6
  }

  start(spec: TaskSpec): void {
    const id = `${spec.key}#${spec.instance}`
    const begun = this.open()
      .then(async () => (await this.opened)?.pool.start(spec))
      .catch((error: unknown) => {
        const { code, message, remedy } = asCollectorError(error, 'STORE_FAILED')
        for (const listener of this.listeners)
          listener({ ...NEVER_RAN, key: spec.key, instance: spec.instance, error: { code, message, remedy } })
      })
    this.started.set(id, begun)
  }

  async stop(key: string, instance: number): Promise<void> {
    await this.started.get(`${key}#${instance}`)
    this.started.delete(`${key}#${instance}`)
    await this.pool?.stop(key, instance)
  }

  /** Of what earlier runs wanted, only what `isWanted` says is wanted still. */
  async endWantedUnless(isWanted: (dataset: string) => boolean): Promise<void> {
    const opened = await this.opened
    if (!opened) return
    const { store } = opened
    const over = [...(await store.wantedSince()).keys()].filter((key) => !isWanted(key))
    if (over.length) await store.endWanted(over)
  }

  ending(): void {
    this.pool?.ending()
  }

  /** Has the workers hand out what is followed live, now and after the next opening. */
  follow(wish: LiveWish): void {
    this.wish = { ...wish, whole: [] }
    this.pool?.follow(wish)
  }

  onLive(listener: (batch: LiveBatch) => void): () => void {
    this.liveListeners.add(listener)
    return () => this.liveListeners.delete(listener)
  }

  onReport(listener: (report: TaskReport) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async flush(): Promise<void> {
    await this.pool?.flush()
  }

  /** Everything received is stored; visible too unless the signal says that there is no time. Afterwards it can be opened again. */
  async close(signal?: AbortSignal): Promise<void> {
    this.closed = true
    const opened = await this.opened?.catch(() => undefined)
    this.opened = undefined
    this.pool = undefined
    this.started.clear()
    const history = await this.histories?.catch(() => undefined)
    this.histories = undefined
    if (!opened) return
    const { lock, store, journal, pool } = opened
    this.guard?.stop()
    try {
      if (history) {
        // Without it the lane stays open, and the next start derives the rest of it.
        const ended = await history.stop().then(
          () => true,
          () => false,
        )
        if (ended) await store.closeLane(history.lane)
        await history.terminate()
      }
      await pool.close(signal)
      await journal.close()
      await store.close()
    } finally {
      await this.connections.flush()
      lock.release()
    }
  }
}

const NEVER_RAN: Omit<TaskReport, 'key' | 'instance' | 'error'> = {
  state: 'failed',
  lastFrame: undefined,
  lastEvent: undefined,
  rate: 0,
  lagMs: undefined,
  lagP99Ms: undefined,
  reconnects: 0,
  gaps: 0,
  rows: 0,
}
