import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { CaptureEngine } from './capture/engine.js'
import { HandOver } from './capture/hand-over.js'
import { LiveTap } from './capture/live-tap.js'
import { recoverLane } from './capture/recover-lane.js'
import type { CaptureMethods, CaptureNews, CaptureStart, RecoverNews, RecoverStart } from './daemon/capture-messages.js'
import type { HistoryStart } from './daemon/history-messages.js'
import type { JournalMethods, JournalNews, JournalStart } from './daemon/journal-messages.js'
import type { QueryStart } from './daemon/query-messages.js'
import type { StoreConnect, StoreOpened, StoreStart } from './daemon/store-messages.js'
import type { ExchangeAdapter } from './exchanges/exchange.js'
import { exchanges } from './exchanges/index.js'
import { historyThread } from './history-thread.js'
import { serveJournal } from './journal/journal-thread.js'
import { PortLaneWriter } from './journal/lane-writer.js'
import { readLane, scanJournal } from './journal/recover.js'
import { systemClock } from './lib/clock.js'
import { type Port, RpcClient, serveRpc } from './lib/rpc.js'
import { CollectorError, decodeError, encodeError } from './model/error.js'
import type { BudgetMethods } from './net/budgets.js'
import { GrantedBudget } from './net/granted-budget.js'
import { requestText } from './net/http.js'
import { RateBudget } from './net/rate-limit.js'
import { refusalOf } from './net/refusal.js'
import { openSocket } from './net/socket.js'
import { queryThread } from './query-thread.js'
import { type ColumnBatch, ColumnBuilder } from './store/columns.js'
import { Store } from './store/store.js'
import { StoreClient, serveStore } from './store/store-thread.js'

/** The entry of every worker thread: what it is started with says which one it is. */

const CODEC = { encode: encodeError, decode: decodeError }
/** Columns or frames beyond this are handed over without waiting for the schedule. */
const COMMIT_BYTES = 32 * 1024 * 1024
/** Columns that may wait for the store; then they are derived again from the journal (durability B2). */
const COLUMNS_MOST = 64 * 1024 * 1024

function adapterOf(id: string): ExchangeAdapter {
  const adapter = exchanges[id]
  if (!adapter) throw new CollectorError('UNSUPPORTED', `there is no exchange ${id}`)
  return adapter
}

async function journalThread(port: Port, start: JournalStart): Promise<void> {
  const server = await serveJournal({
    dir: start.dir,
    clock: systemClock(),
    syncMs: start.syncMs,
    onState: (state) => {
      const why = state.state === 'ok' ? {} : { code: state.error.code, message: state.error.message }
      port.postMessage({ news: 'journal', state: state.state, ...why } satisfies JournalNews)
    },
  })
  const methods: JournalMethods = {
    attach: (lane, lanePort) => server.attach(lane, lanePort),
    release: async (lanes, { keepMs, maxBytes }) => {
      const progress = new Map(lanes.map(({ lane, committed, done }) => [lane, { committed, done }]))
      return (await server.release(progress, { keepMs, ...(maxBytes === null ? {} : { maxBytes }) })).length
    },
    close: () => server.close(),
  }
  serveRpc(port, methods, CODEC)
}

async function storeThread(port: Port, { dataPath }: StoreStart): Promise<void> {
  const store = await Store.open({ dataPath, clock: systemClock() }).catch((error: unknown) => {
    port.postMessage({ failed: encodeError(error) } satisfies StoreOpened)
    return undefined
  })
  if (!store) return
  port.on('message', (message) => {
    const { connect } = message as StoreConnect // the only message that app.ts sends here
    serveStore(connect, store)
  })
  port.postMessage('open' satisfies StoreOpened)
}

function captureThread(port: Port, start: CaptureStart): void {
  const clock = systemClock()
  const writer = new PortLaneWriter(start.lane, start.journal, clock)
  writer.append({ type: 'config', wall: clock.wall(), body: start.config })
  const store = new StoreClient(start.store)
  const numbers = new Int32Array(start.connections)
  const tell = (news: CaptureNews) => port.postMessage(news)
  const main = new RpcClient<BudgetMethods>(port, CODEC)
  const handOver = new HandOver<ColumnBatch>({
    newColumns: () => new ColumnBuilder(),
    submit: (position, batch) => store.submit(start.lane, position, batch),
    whenDurable: (position) => engine.whenDurable(position),
    freeze: () => engine.freeze(),
    most: COLUMNS_MOST,
    onBehind: () => tell({ news: 'behind' }),
  })
  const tap: LiveTap = new LiveTap(handOver, {
    clock,
    bookOf: (dataset, depth) => engine.bookOf(dataset, depth),
    send: (batch) => tell({ news: 'live', batch }),
  })
  const engine = new CaptureEngine({
    clock,
    writer,
    sink: tap,
    outward: {
      openSocket,
      request: requestText,
      refusalOf,
      budget: (limit, exchange) => (exchange ? new GrantedBudget(exchange, main) : new RateBudget(limit, clock)),
      random: Math.random,
    },
    adapter: adapterOf,
    endpoints: start.endpoints,
    instruments: start.instruments,
    wantedSince: start.wantedSince,
    nextConnection: () => Atomics.add(numbers, 0, 1),
    saveInstruments: (exchange, list) => tell({ news: 'instruments', exchange, list }),
    report: (report) => tell({ news: 'report', report }),
    onConnection: (keys, event) => tell({ news: 'connection', keys, event }),
    drifted: (drifts) => tell({ news: 'drift', drifts }),
  })
  const methods: CaptureMethods = {
    startTask: (spec) => engine.startTask(spec),
    stopTask: (key, instance, stillWanted) => engine.stopTask(key, instance, stillWanted),
    follow: (wish) => tap.follow(wish),
    liveTaken: () => tap.taken(),
    cut: () => handOver.cut(),
    rejoin: (again) => {
      if (!again) return handOver.rejoin()
      const client = new StoreClient(again)
      return handOver.rejoin((position, batch) => client.submit(start.lane, position, batch))
    },
    resume: () => handOver.resume(),
    pause: (code, message) => engine.suspend(new CollectorError(code, message)),
    unpause: () => engine.resume(),
    stop: async () => {
      clearInterval(watch)
      tap.close()
      return await handOver.end(await engine.stop())
    },
  }
  const watch = setInterval(() => {
    handOver.check()
    tell({ news: 'lag', ms: writer.lagMs })
    if (handOver.bytes + engine.bytes > COMMIT_BYTES) tell({ news: 'commit-due' })
  }, 500)
  serveRpc(port, methods, CODEC)
  engine.start()
}

async function recoverThread(port: Port, start: RecoverStart): Promise<void> {
  const store = new StoreClient(start.store)
  const tell = (news: RecoverNews) => port.postMessage(news)
  const onDamage = (damage: unknown) => tell({ news: 'damaged', detail: JSON.stringify(damage) })
  const scan = await scanJournal(start.journal, { onDamage, ...(start.below === null ? {} : { below: start.below }) })
  for (const { lane, committed, until } of start.lanes) {
    const found = scan.lanes.get(lane)
    if (found) {
      const builder = new ColumnBuilder()
      const submit = async (position: number) => {
        await store.submit(lane, position, builder.take())
      }
      const from = found.states.findLast((position) => position <= committed) ?? found.first
      const last = await recoverLane(readLane(scan, lane, from, { onDamage }), adapterOf, builder, {
        committed,
        ...(until === undefined ? {} : { until }),
        onRecord: async (position) => {
          if (builder.bytes < COMMIT_BYTES) return
          await submit(position)
          await store.commit()
        },
      })
      await submit(last)
    }
    tell({ news: 'recovered', lane, records: found ? found.last - committed : 0 })
  }
  start.store.close()
}

async function main(port: Port): Promise<void> {
  const start = workerData as JournalStart | StoreStart | CaptureStart | HistoryStart | RecoverStart | QueryStart // set by app.ts, told by `role`
  if (start.role === 'journal') await journalThread(port, start)
  else if (start.role === 'store') await storeThread(port, start)
  else if (start.role === 'capture') captureThread(port, start)
  else if (start.role === 'history') historyThread(port, start)
  else if (start.role === 'query') queryThread(port, start)
  else await recoverThread(port, start)
}

if (!isMainThread && parentPort) await main(parentPort)
