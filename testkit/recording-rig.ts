import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CaptureEngine } from '../src/capture/engine.js'
import { verdictOf } from '../src/chaos/verdict.js'
import { chaosPorts } from '../src/compose/chaos-run.js'
import type { EmulatorOptions } from '../src/emulator/emulate.js'
import type { ExchangeAdapter } from '../src/exchanges/exchange.js'
import { adapterOf } from '../src/exchanges/index.js'
import type { LaneWriter } from '../src/journal/lane.js'
import { systemClock } from '../src/lib/clock.js'
import { type Channel, type Dataset, KIND_OF } from '../src/model/dataset.js'
import type { TaskReport } from '../src/model/task.js'
import { requestText } from '../src/net/http.js'
import { RateBudget } from '../src/net/rate-limit.js'
import { refusalOf } from '../src/net/refusal.js'
import { openSocket } from '../src/net/socket.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { Store } from '../src/store/store.js'
import { type Cleanup, startTestEmulator } from './emulator-client.js'

/** What is recorded of an exchange. */
export interface RecordedStream {
  readonly exchange: string
  readonly pairs: readonly string[]
  readonly channels: readonly Channel[]
}

export interface RigOptions {
  readonly emulator: Partial<EmulatorOptions>
  readonly streams: readonly RecordedStream[]
  /** What of an adapter is another here: limits that a test cannot wait for. */
  readonly adapter?: (own: ExchangeAdapter) => ExchangeAdapter
}

/** What a journal does when the disk is quick. */
function safeAtOnce(lane: number): LaneWriter {
  let last = -1
  return { lane, durable: -1, pendingBytes: 0, append: () => ++last, whenDurable: async () => {} }
}

/**
 * Emulated exchanges, and a capture engine with a store that record them in this process: real sockets, requests and files. Only journal, threads and
 * supervision are left out, so that an adapter can be another.
 */
export async function startRig(cleanup: Cleanup, { emulator: options, streams, adapter }: RigOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-rig-'))
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }))
  const [data, truth] = [join(folder, 'data'), join(folder, 'truth.ndjson')]
  const clock = systemClock()
  const ids = streams.map(({ exchange }) => exchange)
  const emulator = await startTestEmulator(cleanup, { exchanges: ids, truth, ...options })
  const address = `127.0.0.1:${emulator.port}`
  const store = await Store.open({ dataPath: data, clock, threads: 1 })
  const lane = await store.allocateLane()
  const columns = new ColumnBuilder()
  const reports = new Map<string, TaskReport>()
  let connection = await store.reserveConnections(1000)
  const engine = new CaptureEngine({
    clock,
    writer: safeAtOnce(lane),
    sink: columns,
    outward: {
      openSocket,
      request: requestText,
      refusalOf,
      budget: (limit) => new RateBudget(limit, clock),
      random: Math.random,
    },
    adapter: (id) => adapter?.(adapterOf(id)) ?? adapterOf(id),
    endpoints: Object.fromEntries(
      ids.map((id) => [id, { websocket: `ws://${address}/${id}`, rest: `http://${address}/${id}` }]),
    ),
    instruments: {},
    wantedSince: {},
    nextConnection: () => connection++,
    saveInstruments: () => {},
    report: (report) => reports.set(report.key, report),
    drifted: () => {},
  })
  engine.start()
  for (const { exchange, pairs, channels } of streams)
    for (const pair of pairs)
      engine.startTask({
        key: `${exchange} ${pair}`,
        instance: 1,
        exchange,
        pair,
        channels: channels.map((channel) => (channel === 'book' ? { channel, depth: 25 } : { channel })),
        timeStep: 60,
      })
  const tasks = streams.reduce((sum, { pairs }) => sum + pairs.length, 0)
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`http://${address}/_emulator/${path}`, init)
    if (!answer.ok) throw new Error(await answer.text())
    return await answer.json()
  }
  return {
    data,
    reports: reports as ReadonlyMap<string, TaskReport>,
    isLive: () => reports.size === tasks && [...reports.values()].every(({ state }) => state === 'live'),
    fault: (...faults: readonly Record<string, unknown>[]) =>
      ask('faults', { method: 'POST', body: JSON.stringify(faults) }),
    state: () => ask('state'),
    /** Ends the recording, publishes it, and compares what is visible with what happened, and the ledger with `disturbances`: none. */
    async verdict() {
      const position = await engine.stop()
      await store.submit(lane, position, columns.take())
      await store.commit()
      await store.publish({ all: true })
      const gaps = await store.gaps()
      await store.close()
      await emulator.close()
      const recorded = streams.map(({ exchange, pairs, channels }) => ({
        exchange,
        datasets: pairs.flatMap((pair) =>
          channels.flatMap((channel): Dataset[] => {
            const kind = KIND_OF[channel]
            return kind ? [{ exchange, kind, pair }] : []
          }),
        ),
      }))
      const verdict = await verdictOf(chaosPorts(''), { data, truth, recorded, disturbances: [] })
      return { gaps, verdict }
    },
  }
}
