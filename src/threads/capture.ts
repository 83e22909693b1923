import { CaptureEngine } from '../capture/engine.js'
import { HandOver } from '../capture/hand-over.js'
import { LiveTap } from '../capture/live-tap.js'
import type { CaptureMethods, CaptureNews, CaptureStart } from '../daemon/capture-messages.js'
import { adapterOf } from '../exchanges/index.js'
import { PortLaneWriter } from '../journal/lane-writer.js'
import { systemClock } from '../lib/clock.js'
import { type Port, RpcClient, serveRpc } from '../lib/rpc.js'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import type { TaskReport } from '../model/task.js'
import type { BudgetMethods } from '../net/budgets.js'
import { GrantedBudget } from '../net/granted-budget.js'
import { requestText } from '../net/http.js'
import { RateBudget } from '../net/rate-limit.js'
import { refusalOf } from '../net/refusal.js'
import { openSocket } from '../net/socket.js'
import { type ColumnBatch, ColumnBuilder } from '../store/columns.js'
import { StoreClient } from '../store/store-thread.js'

const CODEC = { encode: encodeError, decode: decodeError }
/** Columns or frames beyond this are handed over without waiting for the schedule. */
const COMMIT_BYTES = 32 * 1024 * 1024
/** Columns that may wait for the store; then they are derived again from the journal (durability B2). */
const COLUMNS_MOST = 64 * 1024 * 1024

/** Receives: connections of one worker into a lane, and from there into the store. */
export function captureThread(port: Port, start: CaptureStart): void {
  const clock = systemClock()
  const writer = new PortLaneWriter(start.lane, start.journal, clock)
  writer.append({ type: 'config', wall: clock.wall(), body: start.config })
  const store = new StoreClient(start.store)
  const numbers = new Int32Array(start.connections)
  const tell = (news: CaptureNews) => port.postMessage(news)
  const reports: TaskReport[] = []
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
    report: (report) => {
      // Those of one look are one message.
      if (reports.push(report) === 1) queueMicrotask(() => tell({ news: 'reports', reports: reports.splice(0) }))
    },
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
