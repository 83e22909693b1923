import type { MessagePort } from 'node:worker_threads'
import type { Dataset } from '../model/dataset.js'
import { asCollectorError, CollectorError, type ErrorCode, type Retry, type Scope } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import { batchTransfer, type ColumnBatch } from './columns.js'
import type { StoredRow } from './reader.js'
import type { Store } from './store.js'

/** What can be asked of the store from another thread. */
type Calls = Pick<
  Store,
  | 'allocateLane'
  | 'reserveConnections'
  | 'laneState'
  | 'closeLane'
  | 'submit'
  | 'commit'
  | 'publish'
  | 'haltPublishing'
  | 'saveInstruments'
  | 'loadInstruments'
  | 'saveTaskMetrics'
  | 'taskMetrics'
  | 'inventory'
  | 'gaps'
  | 'coverage'
  | 'proven'
  | 'newRun'
  | 'saveRun'
  | 'forgetRuns'
  | 'wantedSince'
  | 'backedUpLanes'
  | 'isRestored'
  | 'adoptLanes'
  | 'endWanted'
  | 'close'
> & {
  /** Starts a scan and returns its number. */
  openScan(dataset: Dataset, from: Nanos, until: Nanos, columns?: readonly string[]): Promise<number>
  /** The next rows, none at the end. */
  nextRows(scan: number): Promise<StoredRow[]>
  closeScan(scan: number): Promise<void>
}
type Call = keyof Calls
type Arguments<C extends Call> = Parameters<Calls[C]>
type Result<C extends Call> = Awaited<ReturnType<Calls[C]>>
type Handlers = { readonly [C in Call]: (args: Arguments<C>) => Promise<Result<C>> }
type Requests = { [C in Call]: { readonly id: number; readonly call: C; readonly args: Arguments<C> } }

/** A `CollectorError` as it crosses threads. */
interface ErrorMessage {
  readonly code: ErrorCode
  readonly message: string
  readonly scope: Scope
  readonly retry: Retry
  readonly remedy: string
}

type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: ErrorMessage })

const ROWS_PER_REPLY = 4096

/**
 * Answers what comes over `port` from the store. Called once for each client; returns what ends it. Requests of a client are answered
 * in the order in which they finish.
 */
export function serveStore(port: MessagePort, store: Store): () => void {
  const scans = new Map<number, AsyncGenerator<StoredRow>>()
  let nextScan = 1
  const handlers: Handlers = {
    allocateLane: () => store.allocateLane(),
    reserveConnections: (args) => store.reserveConnections(...args),
    laneState: () => store.laneState(),
    closeLane: (args) => store.closeLane(...args),
    submit: (args) => store.submit(...args),
    commit: () => store.commit(),
    publish: (args) => store.publish(...args),
    haltPublishing: () => store.haltPublishing(),
    saveInstruments: (args) => store.saveInstruments(...args),
    loadInstruments: (args) => store.loadInstruments(...args),
    saveTaskMetrics: (args) => store.saveTaskMetrics(...args),
    taskMetrics: () => store.taskMetrics(),
    inventory: () => store.inventory(),
    gaps: (args) => store.gaps(...args),
    coverage: (args) => store.coverage(...args),
    proven: (args) => store.proven(...args),
    newRun: () => store.newRun(),
    saveRun: (args) => store.saveRun(...args),
    forgetRuns: (args) => store.forgetRuns(...args),
    wantedSince: () => store.wantedSince(),
    backedUpLanes: () => store.backedUpLanes(),
    isRestored: () => store.isRestored(),
    adoptLanes: (args) => store.adoptLanes(...args),
    endWanted: (args) => store.endWanted(...args),
    close: () => store.close(),
    openScan: async (args) => {
      const scan = nextScan++
      scans.set(scan, store.scan(...args))
      return scan
    },
    nextRows: async ([scan]) => {
      const rows: StoredRow[] = []
      const iterator = scans.get(scan)
      while (iterator && rows.length < ROWS_PER_REPLY) {
        const next = await iterator.next()
        if (next.done) break
        rows.push(next.value)
      }
      return rows
    },
    closeScan: async ([scan]) => {
      await scans.get(scan)?.return(undefined)
      scans.delete(scan)
    },
  }

  async function answer<C extends Call>(request: Requests[C]): Promise<void> {
    let reply: Reply
    try {
      const handle: Handlers[C] = handlers[request.call]
      reply = { id: request.id, value: await handle(request.args) }
    } catch (error) {
      const { code, message, scope, retry, remedy } = asCollectorError(error, 'STORE_FAILED')
      reply = { id: request.id, error: { code, message, scope, retry, remedy } }
    }
    port.postMessage(reply)
  }

  const listen = (request: Requests[Call]) => void answer(request)
  port.on('message', listen)
  const stop = () => {
    port.off('message', listen)
    port.close()
  }
  port.on('close', () => {
    for (const scan of scans.values()) void scan.return(undefined)
    scans.clear()
  })
  return stop
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: CollectorError): void
}

/** The store as other threads see it: the same methods over a port. When the port closes, what is open is rejected with `STORE_FAILED`. */
export class StoreClient {
  readonly #port: MessagePort
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #closed = false

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if ('error' in reply) waiting?.reject(new CollectorError(reply.error.code, reply.error.message, reply.error))
      else waiting?.resolve(reply.value)
    })
    port.on('close', () => {
      this.#closed = true
      for (const { reject } of this.#waiting.values()) reject(gone())
      this.#waiting.clear()
    })
  }

  readonly allocateLane = () => this.#call('allocateLane', [])
  readonly reserveConnections = (count: number) => this.#call('reserveConnections', [count])
  readonly laneState = () => this.#call('laneState', [])
  readonly closeLane = (lane: number) => this.#call('closeLane', [lane])
  readonly commit = () => this.#call('commit', [])
  readonly saveInstruments = (...args: Arguments<'saveInstruments'>) => this.#call('saveInstruments', args)
  readonly loadInstruments = (exchange: string) => this.#call('loadInstruments', [exchange])
  readonly saveTaskMetrics = (key: string, body: string) => this.#call('saveTaskMetrics', [key, body])
  readonly taskMetrics = () => this.#call('taskMetrics', [])
  readonly inventory = () => this.#call('inventory', [])
  readonly gaps = (...args: Arguments<'gaps'>) => this.#call('gaps', args)
  readonly coverage = (dataset: Dataset) => this.#call('coverage', [dataset])
  readonly proven = (dataset: Dataset) => this.#call('proven', [dataset])
  readonly newRun = () => this.#call('newRun', [])
  readonly saveRun = (...args: Arguments<'saveRun'>) => this.#call('saveRun', args)
  readonly forgetRuns = (...args: Arguments<'forgetRuns'>) => this.#call('forgetRuns', args)
  readonly wantedSince = () => this.#call('wantedSince', [])
  readonly backedUpLanes = () => this.#call('backedUpLanes', [])
  readonly isRestored = () => this.#call('isRestored', [])
  readonly adoptLanes = (lanes: readonly number[]) => this.#call('adoptLanes', [lanes])
  readonly endWanted = (datasets: readonly string[]) => this.#call('endWanted', [datasets])
  /** Closes the store itself, for all its clients. */
  readonly close = () => this.#call('close', [])

  /** The signal ends it after the file under way, and with it what else is being published. */
  readonly publish = async (options: Arguments<'publish'>[0], signal?: AbortSignal): Promise<number> => {
    const halt = () => void this.#call('haltPublishing', []).catch(() => {})
    signal?.addEventListener('abort', halt, { once: true })
    try {
      return await this.#call('publish', [options])
    } finally {
      signal?.removeEventListener('abort', halt)
    }
  }

  /** Hands the batch over: its buffers are gone from this thread afterwards. */
  submit(lane: number, position: number, batch: ColumnBatch): Promise<void> {
    return this.#call('submit', [lane, position, batch], batchTransfer(batch))
  }

  async *scan(dataset: Dataset, from: Nanos, until: Nanos, columns?: readonly string[]): AsyncGenerator<StoredRow> {
    const scan = await this.#call('openScan', columns ? [dataset, from, until, columns] : [dataset, from, until])
    try {
      for (;;) {
        const rows = await this.#call('nextRows', [scan])
        if (rows.length === 0) return
        yield* rows
      }
    } finally {
      if (!this.#closed) await this.#call('closeScan', [scan])
    }
  }

  /** Ends this client alone. */
  disconnect(): void {
    this.#port.close()
  }

  #call<C extends Call>(call: C, args: Arguments<C>, transfer: ArrayBuffer[] = []): Promise<Result<C>> {
    if (this.#closed) return Promise.reject(gone())
    const id = this.#nextId++
    return new Promise<Result<C>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#port.postMessage({ id, call, args }, transfer)
    })
  }
}

function gone(): CollectorError {
  return new CollectorError('STORE_FAILED', 'The store thread has ended.')
}
