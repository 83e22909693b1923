import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import { CaptureEngine } from '../src/capture/engine.js'
import { HandOver } from '../src/capture/hand-over.js'
import { spawn } from '../src/compose/threads.js'
import { JournalHost } from '../src/daemon/journal-host.js'
import { adapterOf } from '../src/exchanges/index.js'
import { PortLaneWriter } from '../src/journal/lane-writer.js'
import { systemClock } from '../src/lib/clock.js'
import { expectShortLives } from '../src/lib/short-lived.js'
import type { TaskReport } from '../src/model/task.js'
import { requestText } from '../src/net/http.js'
import { RateBudget } from '../src/net/rate-limit.js'
import { refusalOf } from '../src/net/refusal.js'
import { openSocket } from '../src/net/socket.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { naive, symbolsOf } from './instrument-load.js'

/**
 * A worker that receives many instruments, from the socket to the columns that a store would take and the journal on its disk: the CPU of the whole process for so many
 * frames, once every book stands. Only the store is left out. `naive`: a program that parses and keeps books in maps.
 */
const WARM = 100_000
const MEASURED = 100_000
const COMMIT_MS = 5000

const [way = '', port = '', instruments = ''] = process.argv.slice(2)
const symbols = symbolsOf(Number(instruments))
const address = `127.0.0.1:${port}`
const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 50))
}

async function ours(): Promise<() => Promise<void>> {
  expectShortLives()
  const folder = mkdtempSync(join(tmpdir(), 'dccd-bench-'))
  const clock = systemClock()
  const fail = (error: Error) => {
    throw error
  }
  const journal = new JournalHost({
    clock,
    random: Math.random,
    spawn: () => spawn({ role: 'journal', dir: join(folder, 'journal'), syncMs: 250 }, [], { error: fail }),
    onError: fail,
    onFatal: fail,
    onState: () => {},
    onDeath: () => {},
  })
  const reports = new Map<string, TaskReport>()
  let connection = 0
  const handOver = new HandOver({
    newColumns: () => new ColumnBuilder(),
    submit: async () => {},
    whenDurable: (position) => engine.whenDurable(position),
    freeze: () => engine.freeze(),
    most: 64 * 1024 * 1024,
    onBehind: () => fail(new Error('columns were forgotten')),
  })
  const engine = new CaptureEngine({
    clock,
    writer: new PortLaneWriter(0, journal.connect(0), clock),
    sink: handOver,
    outward: {
      openSocket,
      request: requestText,
      refusalOf,
      // A thousand deep snapshots take minutes of what the exchange allows; how they come is not what is measured.
      budget: () => new RateBudget({ weight: 1e9, perMs: 1000 }, clock),
      random: Math.random,
    },
    adapter: adapterOf,
    endpoints: { binance: { websocket: `ws://${address}`, rest: `http://${address}` } },
    instruments: {},
    wantedSince: {},
    nextConnection: () => connection++,
    saveInstruments: () => {},
    report: (report) => reports.set(report.key, report),
    drifted: () => {},
  })
  engine.start()
  for (const symbol of symbols) {
    const channels = [{ channel: 'trades' as const }, { channel: 'book' as const, depth: 1000 }]
    const pair = `${symbol.slice(0, -4)}/USDT`
    engine.startTask({ key: pair, instance: 1, exchange: 'binance', pair, channels, timeStep: 3600 })
  }
  const commits = setInterval(() => void handOver.cut(), COMMIT_MS)
  const areLive = () => reports.size === symbols.length && [...reports.values()].every(({ state }) => state === 'live')
  await until(areLive)
  return async () => {
    clearInterval(commits)
    if (!areLive()) throw new Error('not every stream is live at the end')
    const rows = [...reports.values()].reduce((sum, report) => sum + report.rows, 0)
    // Of each two frames one is a trade, the other changes both sides of a book.
    if (rows < 1.4 * (WARM + MEASURED)) throw new Error(`${rows} rows were made`)
    await handOver.end(await engine.stop())
    await journal.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function short(): Promise<() => Promise<void>> {
  const program = naive(symbols)
  const socket = new WebSocket(`ws://${address}/stream`, { perMessageDeflate: false })
  let frames = 0
  socket.on('message', (data: Buffer) => {
    if (frames++) program.frame(data) // the first answers the request
  })
  socket.on('open', () => {
    const params = symbols.flatMap((symbol) =>
      ['trade', 'depth@100ms'].map((name) => `${symbol.toLowerCase()}@${name}`),
    )
    socket.send(JSON.stringify({ method: 'SUBSCRIBE', params, id: 1 }))
  })
  await until(() => frames > symbols.length)
  const commits = setInterval(() => program.commit(), COMMIT_MS)
  return async () => {
    clearInterval(commits)
    if (frames < WARM + MEASURED) throw new Error(`${frames} frames came`)
    socket.terminate()
  }
}

const end = await (way === 'naive' ? short() : ours())
const send = (from: number, to: number) => fetch(`http://${address}/send?from=${from}&until=${to}`, { method: 'POST' })
await send(0, WARM)
const before = process.cpuUsage()
await send(WARM, WARM + MEASURED)
const { user, system } = process.cpuUsage(before)
await end()
const result = { trades: MEASURED, cpuSeconds: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024 }
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit()
