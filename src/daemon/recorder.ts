import { MessageChannel, type MessagePort, type Transferable } from 'node:worker_threads'
import type { Clock } from '../lib/clock.js'
import { RpcClient } from '../lib/rpc.js'
import { asCollectorError, CollectorError, decodeError, encodeError } from '../model/error.js'
import type { TaskReport, TaskSpec } from '../model/task.js'
import type { CaptureStart, RecoverStart } from './capture-messages.js'
import { CapturePool, type StorePort, type Thread } from './capture-pool.js'
import type { JournalMethods, JournalNews, JournalStart } from './journal-messages.js'
import type { TaskRunner } from './task.js'

/** The store thread as the recorder uses it. */
export interface RecorderStore extends StorePort {
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
  spawn(start: JournalStart | CaptureStart | RecoverStart, transfer: readonly Transferable[]): Thread
  openStore(onExit: (reason: string) => void): Promise<RecorderStore>
  readonly journalPath: string
  readonly syncMs: number
  readonly keep: { readonly keepMs: number | 'forever'; readonly maxBytes: number | null }
  readonly workers: number
  /** The config in force, without secrets, as JSON: for the journal. */
  readonly config: string
  readonly endpoints: CaptureStart['endpoints']
  readonly exchanges: readonly string[]
  /** Datasets that the config names: others are no longer wanted. */
  readonly datasets: readonly string[]
  /** What no caller waits for. */
  onError(error: CollectorError): void
  /** The process cannot go on recording; what was acknowledged is safe in the journal. */
  onFatal(error: CollectorError): void
}

interface Opened {
  readonly lock: { release(): void }
  readonly store: RecorderStore
  readonly journal: RpcClient<JournalMethods>
  readonly journalThread: Thread
  readonly pool: CapturePool
}

const CODEC = { encode: encodeError, decode: decodeError }

/** Lock, journal thread, store thread and capture workers of one data folder: opened at first use, closed in order, and able to open again. */
export class Recorder implements TaskRunner {
  private readonly deps: RecorderDeps
  private opened: Promise<Opened> | undefined
  private pool: CapturePool | undefined
  private closing = false
  private readonly listeners = new Set<(report: TaskReport) => void>()
  private readonly started = new Map<string, Promise<void>>()
  /** What the journal thread says of the disk. */
  journalState: JournalNews['state'] = 'ok'

  constructor(deps: RecorderDeps) {
    this.deps = deps
  }

  async open(): Promise<void> {
    this.opened ??= this.openNow()
    try {
      await this.opened
    } catch (error) {
      this.opened = undefined
      throw error
    }
  }

  /** The store of an open recorder. */
  async store(): Promise<RecorderStore> {
    await this.open()
    if (!this.opened) throw new CollectorError('PROCESS_STOPPED', 'the recorder is closed')
    return (await this.opened).store
  }

  private async openNow(): Promise<Opened> {
    const { deps } = this
    this.closing = false
    const lock = await deps.lock()
    const undo: (() => unknown)[] = [() => lock.release()]
    try {
      const store = await deps.openStore((reason) => this.died('store', reason))
      undo.push(() => store.close())
      const firstFile = await deps.firstJournalFile()
      const journalThread = deps.spawn({ role: 'journal', dir: deps.journalPath, syncMs: deps.syncMs }, [])
      undo.push(() => journalThread.terminate())
      const journal = new RpcClient<JournalMethods>(journalThread, CODEC)
      this.watchJournal(journalThread, journal)
      const pool = new CapturePool({
        clock: deps.clock,
        workers: deps.workers,
        store,
        journal: {
          firstFile,
          connect: (lane) => this.lanePort(journal, lane),
          retain: async () => {
            const lanes = (await store.laneState()).map(({ lane, committed, open }) => ({
              lane,
              committed,
              done: !open,
            }))
            await journal.call('release', [lanes, deps.keep])
          },
        },
        journalPath: deps.journalPath,
        config: deps.config,
        endpoints: deps.endpoints,
        exchanges: deps.exchanges,
        spawn: deps.spawn,
        onError: deps.onError,
      })
      pool.onReport((report) => {
        for (const listener of this.listeners) listener(report)
      })
      const named = new Set(deps.datasets)
      await store.endWanted([...(await store.wantedSince()).keys()].filter((key) => !named.has(key)))
      await pool.open()
      this.pool = pool
      return { lock, store, journal, journalThread, pool }
    } catch (error) {
      this.closing = true
      for (const act of undo.reverse()) await act()
      throw error
    }
  }

  private lanePort(journal: RpcClient<JournalMethods>, lane: number): MessagePort {
    const { port1, port2 } = new MessageChannel()
    journal
      .call('attach', [lane, port1], [port1])
      .catch((error: unknown) => this.deps.onError(asCollectorError(error, 'STORE_FAILED')))
    return port2
  }

  private watchJournal(thread: Thread, rpc: RpcClient<JournalMethods>): void {
    let reason = 'it ended by itself'
    thread.on('error', (error) => {
      reason = error.message
      rpc.fail(asCollectorError(error, 'STORE_FAILED'))
    })
    thread.on('exit', () => {
      rpc.fail(new CollectorError('STORE_FAILED', `the journal thread died: ${reason}`))
      this.died('journal', reason)
    })
    thread.on('message', (message) => {
      if (typeof message !== 'object' || message === null || !('news' in message)) return
      const news = message as JournalNews // our own message, told by its tag
      this.journalState = news.state
      if (news.state === 'disk_full')
        this.deps.onError(new CollectorError('DISK_FULL', news.message ?? 'the journal cannot grow'))
      else if (news.state === 'failed')
        this.deps.onFatal(new CollectorError('STORE_FAILED', news.message ?? 'the journal gave up'))
    })
  }

  private died(what: string, reason: string): void {
    if (!this.closing) this.deps.onFatal(new CollectorError('PROCESS_CRASHED', `the ${what} thread died: ${reason}`))
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

  ending(): void {
    this.pool?.ending()
  }

  onReport(listener: (report: TaskReport) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await this.pool?.flush(signal)
  }

  /** Everything received is stored; visible too unless the signal says that there is no time. Afterwards it can be opened again. */
  async close(signal?: AbortSignal): Promise<void> {
    const opened = await this.opened?.catch(() => undefined)
    this.opened = undefined
    this.pool = undefined
    this.started.clear()
    if (!opened) return
    const { lock, store, journal, journalThread, pool } = opened
    this.closing = true
    try {
      await pool.close(signal)
      await journal.call('close', [])
      await store.close()
    } finally {
      await journalThread.terminate()
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
  reconnects: 0,
  gaps: 0,
  rows: 0,
}
