import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COINS } from '../src/emulator/coins.js'
import { type Figure, figure } from './figure.js'

const MAIN = new URL('../src/main.js', import.meta.url).pathname
const SSE_CLIENTS = 1000
const INSTRUMENTS = 20

/** What pages of the UI and scripts ask, over and over; `{pair}` is one that is recorded. */
const ROUTES = [
  '/api/v1/health',
  '/api/v1/streams',
  '/api/v1/streams/{key}/log',
  '/api/v1/capabilities',
  '/api/v1/jobs',
  '/api/v1/runs',
  '/api/v1/config',
  '/api/v1/logs?tail=100',
  '/api/v1/alerts',
  '/api/v1/sync',
  '/api/v1/instruments?exchange=binance&search=btc',
  '/metrics',
]
/** What is asked of the stored data, in a thread of its own. */
const DATA_ROUTES = [
  '/api/v1/inventory',
  '/api/v1/storage',
  '/api/v1/gaps',
  '/api/v1/coverage?resolution_s=60',
  '/api/v1/read?exchange=binance&pair=BTC/USDT&kind=trades&limit=100',
  '/api/v1/read?exchange=binance&pair=BTC/USDT&kind=book_deltas&limit=100',
  '/api/v1/candles?exchange=binance&pair=BTC/USDT&interval=1m',
]

const BARE = `require('node:http').createServer((q, a) => a.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ rows: Array.from({ length: 20 }, (_, n) => ({ n, text: 'x'.repeat(40) })) }))).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

/**
 * How long the API takes to answer while the daemon records as much as this machine gives, beside a bare HTTP server of Node that does nothing else, asked in
 * turn by the same client: what both wait for is the machine, what we take longer is ours.
 */
export async function benchApi(seconds: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dccd-bench-'))
  const children: ChildProcess[] = []
  const start = async (args: readonly string[], ready: RegExp, env = {}): Promise<string> => {
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } })
    children.push(child)
    let text = ''
    return await new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part: Buffer) => {
          text += part.toString()
          const found = ready.exec(text)
          if (found) resolve(found[1] ?? '')
        })
      child.on('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}: ${text.slice(-2000)}`)))
    })
  }
  try {
    const venues = ['--exchanges', 'binance,kraken', '--instruments', String(INSTRUMENTS), '--rate', '50']
    const emulator = await start([MAIN, 'emulate', '--port', '0', ...venues], /127\.0\.0\.1:(\d+)/)
    const bare = `http://127.0.0.1:${await start(['-e', BARE], /(\d+)/)}/`
    await writeFile(join(folder, 'config.yml'), configOf(Number(emulator)))
    const url = await start(
      [...(process.env.DCCD_BENCH_FLAGS?.split(' ') ?? []), MAIN, 'start'],
      /(http:\/\/127\.0\.0\.1:\d+)/,
    )
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    const streams = await live(url, agent)
    const key = encodeURIComponent(streams[0]?.key ?? '')
    const routes = (list: readonly string[]) => list.map((route) => url + route.replace('{key}', key))
    // What was published first makes the questions about it real.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    const rows = await total(url, agent)
    const began = performance.now()
    const plain = await ask(routes(ROUTES), bare, seconds, agent)
    const stored = await ask(routes(DATA_ROUTES), bare, seconds, agent)
    const rate = ((await total(url, agent)) - rows) / ((performance.now() - began) / 1000)
    const leave = await listen(url, SSE_CLIENTS)
    const crowded = await ask(routes(ROUTES), bare, seconds, agent)
    leave()
    process.stderr.write(`${Math.round(rate)} rows a second were recorded meanwhile\n`)
    for (const [name, { slowest }] of Object.entries({ plain, stored, crowded }))
      process.stderr.write(
        `${name}: ${slowest.map(([route, p50, p99]) => `${route.replace(url, '')} ${p50.toFixed(1)}/${p99.toFixed(1)}`).join(', ')}\n`,
      )
    const of = (name: string, { ours, beside }: Asked): Figure[] => [
      figure(`${name}: p50 beside a bare HTTP server`, '1/s', 1000 / at(ours, 0.5), 1000 / at(beside, 0.5)),
      figure(`${name}: p99 beside a bare HTTP server`, '1/s', 1000 / at(ours, 0.99), 1000 / at(beside, 0.99)),
      figure(`${name}: p99, below 50 ms`, 'ms', 50, at(ours, 0.99)),
    ]
    agent.destroy()
    return [
      ...of('API while feeds run', plain),
      ...of('API over stored data while feeds run', stored),
      ...of(`API with ${SSE_CLIENTS} listeners while feeds run`, crowded),
    ]
  } finally {
    for (const child of children.reverse()) {
      if (child.exitCode !== null) continue
      child.kill('SIGTERM')
      await new Promise((resolve) => child.on('exit', resolve))
    }
    if (process.env.DCCD_BENCH_KEEP) process.stderr.write(`${folder}\n`)
    else await rm(folder, { recursive: true, force: true })
  }
}

function configOf(port: number): string {
  const names = COINS.slice(0, INSTRUMENTS).map(({ base }) => base)
  return `settings:
  data_path: ./data
  ui_port: 0
  endpoints:
    binance: { websocket: "ws://127.0.0.1:${port}/binance", rest: "http://127.0.0.1:${port}/binance" }
    kraken: { websocket: "ws://127.0.0.1:${port}/kraken", rest: "http://127.0.0.1:${port}/kraken" }
stream_jobs:
  - { exchange: binance, pairs: [${names.map((name) => `${name}/USDT`).join(', ')}], channels: [trades, book, quotes], time_step: 5 }
  - { exchange: kraken, pairs: [${names.map((name) => `${name}/USD`).join(', ')}], channels: [trades, book, quotes], time_step: 5 }
`
}

interface Row {
  readonly key: string
  readonly state: string
  readonly rows: number
}

async function live(url: string, agent: Agent): Promise<Row[]> {
  for (;;) {
    const rows = JSON.parse((await timed(`${url}/api/v1/streams`, agent)).text) as Row[] // our own answer
    if (rows.length && rows.every(({ state }) => state === 'live' || state === 'failed'))
      return rows.filter(({ state }) => state === 'live')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function total(url: string, agent: Agent): Promise<number> {
  const rows = JSON.parse((await timed(`${url}/api/v1/streams`, agent)).text) as Row[] // our own answer
  return rows.reduce((sum, row) => sum + row.rows, 0)
}

async function timed(
  url: string,
  agent: Agent,
): Promise<{ readonly ms: number; readonly text: string; readonly status: number }> {
  const began = performance.now()
  return await new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve({ ms: performance.now() - began, text, status: answer.statusCode ?? 0 }))
    }).on('error', reject)
  })
}

interface Asked {
  readonly ours: number[]
  readonly beside: number[]
  readonly slowest: [route: string, p50: number, p99: number][]
}

/** Asks ours and the bare server in turn, with a breath between, for so long. */
async function ask(routes: readonly string[], bare: string, seconds: number, agent: Agent): Promise<Asked> {
  const [ours, beside]: [number[], number[]] = [[], []]
  const byRoute = new Map<string, number[]>()
  for (const route of routes) {
    const { status, text } = await timed(route, agent)
    if (status !== 200) throw new Error(`${route} answered ${status}: ${text.slice(0, 300)}`)
  }
  const until = performance.now() + seconds * 1000
  for (let n = 0; performance.now() < until; n++) {
    const route = routes[n % routes.length] ?? ''
    const { ms } = await timed(route, agent)
    ours.push(ms)
    byRoute.set(route, [...(byRoute.get(route) ?? []), ms])
    beside.push((await timed(bare, agent)).ms)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const slowest = [...byRoute].map(([route, list]): [string, number, number] => [route, at(list, 0.5), at(list, 0.99)])
  return { ours, beside, slowest: slowest.sort((a, b) => b[2] - a[2]) }
}

/** So many listeners of server-sent events; each has heard something. */
async function listen(url: string, count: number): Promise<() => void> {
  const agent = new Agent({ maxSockets: count })
  await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<void>((resolve, reject) => {
          get(`${url}/api/v1/events`, { agent }, (answer) => {
            answer.once('data', () => resolve())
            answer.on('data', () => {})
            answer.on('error', () => {})
          }).on('error', reject)
        }),
    ),
  )
  return () => agent.destroy()
}

function at(list: readonly number[], part: number): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
