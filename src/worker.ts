import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { CaptureEngine } from './capture/engine.js'
import { recoverLane } from './capture/recover-lane.js'
import type { CaptureMethods, CaptureNews, CaptureStart, RecoverNews, RecoverStart } from './daemon/capture-messages.js'
import type { JournalMethods, JournalNews, JournalStart } from './daemon/journal-messages.js'
import type { StoreConnect, StoreOpened, StoreStart } from './daemon/store-messages.js'
import type { ExchangeAdapter } from './exchanges/exchange.js'
import { exchanges } from './exchanges/index.js'
import { serveJournal } from './journal/journal-thread.js'
import { PortLaneWriter } from './journal/lane-writer.js'
import { readLane, scanJournal } from './journal/recover.js'
import { systemClock } from './lib/clock.js'
import { type Port, serveRpc } from './lib/rpc.js'
import { CollectorError, decodeError, encodeError } from './model/error.js'
import { requestText } from './net/http.js'
import { RateBudget } from './net/rate-limit.js'
import { refusalOf } from './net/refusal.js'
import { openSocket } from './net/socket.js'
import { type ColumnBatch, ColumnBuilder } from './store/columns.js'
import { Store } from './store/store.js'
import { StoreClient, serveStore } from './store/store-thread.js'

/** The entry of every worker thread: what it is started with says which one it is. */

const CODEC = { encode: encodeError, decode: decodeError }
/** Columns or frames beyond this are handed over without waiting for the schedule. */
const COMMIT_BYTES = 32 * 1024 * 1024

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
  const builder = new ColumnBuilder()
  const numbers = new Int32Array(start.connections)
  const tell = (news: CaptureNews) => port.postMessage(news)
  const engine = new CaptureEngine({
    clock,
    writer,
    sink: builder,
    outward: {
      openSocket,
      request: requestText,
      refusalOf,
      budget: (limit) => new RateBudget(limit, clock),
      random: Math.random,
    },
    adapter: adapterOf,
    endpoints: start.endpoints,
    instruments: start.instruments,
    wantedSince: start.wantedSince,
    nextConnection: () => Atomics.add(numbers, 0, 1),
    saveInstruments: (exchange, list) => tell({ news: 'instruments', exchange, list }),
    report: (report) => tell({ news: 'report', report }),
  })
  // Frozen and not yet handed over, oldest first: kept until the journal has them and the store took them.
  const waiting: { position: number; batch: ColumnBatch }[] = []
  let turn = Promise.resolve()
  const handOver = async () => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      await engine.whenDurable(next.position)
      await store.submit(start.lane, next.position, next.batch)
      waiting.shift()
    }
  }
  const inTurn = () => {
    const mine = turn.catch(() => {}).then(handOver)
    turn = mine
    return mine
  }
  const methods: CaptureMethods = {
    startTask: (spec) => engine.startTask(spec),
    stopTask: (key, instance, stillWanted) => engine.stopTask(key, instance, stillWanted),
    cut: () => {
      const position = engine.freeze()
      waiting.push({ position, batch: builder.take() })
      return inTurn()
    },
    stop: async () => {
      clearInterval(watch)
      const position = await engine.stop()
      waiting.push({ position, batch: builder.take() })
      await inTurn()
    },
  }
  const watch = setInterval(() => {
    if (builder.bytes + engine.bytes > COMMIT_BYTES) tell({ news: 'commit-due' })
  }, 500)
  serveRpc(port, methods, CODEC)
  engine.start()
}

async function recoverThread(port: Port, start: RecoverStart): Promise<void> {
  const store = new StoreClient(start.store)
  const tell = (news: RecoverNews) => port.postMessage(news)
  const onDamage = (damage: unknown) => tell({ news: 'damaged', detail: JSON.stringify(damage) })
  const scan = await scanJournal(start.journal, { onDamage, ...(start.below === null ? {} : { below: start.below }) })
  for (const { lane, committed } of start.lanes) {
    const found = scan.lanes.get(lane)
    if (found) {
      const builder = new ColumnBuilder()
      const submit = async (position: number) => {
        await store.submit(lane, position, builder.take())
      }
      const from = found.states.findLast((position) => position <= committed) ?? found.first
      const last = await recoverLane(readLane(scan, lane, from, { onDamage }), adapterOf, builder, {
        committed,
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
  const start = workerData as JournalStart | StoreStart | CaptureStart | RecoverStart // set by app.ts, told by `role`
  if (start.role === 'journal') await journalThread(port, start)
  else if (start.role === 'store') await storeThread(port, start)
  else if (start.role === 'capture') captureThread(port, start)
  else await recoverThread(port, start)
}

if (!isMainThread && parentPort) await main(parentPort)
