import { readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { extname, resolve } from 'node:path'
import type { Answers } from '../../web/src/api/answers.js'

const WEB = resolve(import.meta.dirname, '../../dist/web')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

type StreamRow = Answers['streams.list'][number]
type Dataset = Answers['coverage']['datasets'][number]

/** The built UI beside answers of a size that one machine of a test cannot record: streams by the thousand, a ledger of years. */
export class Crowd {
  readonly url: string
  private readonly server: Server
  private readonly timers: NodeJS.Timeout[] = []

  private constructor(server: Server, url: string) {
    this.server = server
    this.url = url
  }

  static async open(streams: number, intervals: number, updates: number): Promise<Crowd> {
    const rows = Array.from({ length: streams }, (_, index) => row(index))
    const coverage = coverageOf(200, intervals)
    const answers: Readonly<Record<string, unknown>> = {
      '/api/v1/session': { login_needed: false, role: 'control', may_change: true, readonly: false },
      '/api/v1/streams': rows,
      '/api/v1/coverage': coverage,
      '/api/v1/alerts': [],
      '/api/v1/gaps': [],
      '/api/v1/inventory': [],
      '/api/v1/health': { status: 'ok', version: '1', uptime_s: 1, streams: {}, journal_lag_ms: 1, store_lag_ms: 1 },
      '/api/v1/sync': { remotes: [], sync_interval: 0, running: false, last_sync_at: null, results: [] },
    }
    const bodies = new Map(Object.entries(answers).map(([path, answer]) => [path, JSON.stringify(answer)]))
    const timers: NodeJS.Timeout[] = []
    const events = (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`event: status\ndata: ${JSON.stringify({ partial: false, streams: rows, removed: [] })}\n\n`)
      const trend = Array.from({ length: 90 }, (_, index) => index % 97)
      const first = rows.map(({ key, rate, lag_ms, rows }) => ({ key, rate, lag_ms, rows, trend }))
      response.write(`event: rates\ndata: ${JSON.stringify(first)}\n\n`)
      let turn = 0
      const timer = setInterval(() => {
        turn++
        const rates = rows
          .slice(0, updates)
          .map(({ key }, index) => ({ key, rate: (index + turn) % 97, lag_ms: turn % 50, rows: turn }))
        response.write(`event: rates\ndata: ${JSON.stringify(rates)}\n\n`)
      }, 200)
      timers.push(timer)
      response.on('close', () => clearInterval(timer))
    }
    const server = createServer(({ url = '/' }, response) => {
      const [path = '/'] = url.split('?')
      if (path === '/api/v1/events') return events(response)
      const body = bodies.get(path)
      if (body !== undefined) return response.writeHead(200, { 'content-type': 'application/json' }).end(body)
      if (path.startsWith('/api/')) return response.writeHead(404).end('{}')
      const name = path === '/' ? '/index.html' : path
      response
        .writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' })
        .end(readFileSync(`${WEB}${name}`))
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const address = server.address()
    const crowd = new Crowd(server, `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    crowd.timers.push(...timers)
    return crowd
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }
}

function row(index: number): StreamRow {
  const exchange = ['binance', 'kraken', 'bybit', 'okx', 'bitfinex'][index % 5] ?? 'binance'
  const pair = `C${index}/USDT`
  return {
    key: `${exchange}_C${index}_USDT_trades_book`,
    exchange,
    pair,
    channels: ['trades', 'book'],
    time_step: 60,
    running: true,
    state: 'live',
    last_frame: new Date().toISOString(),
    last_event: new Date().toISOString(),
    rate: index % 100,
    lag_ms: index % 40,
    lag_p99_ms: index % 40,
    reconnects: 0,
    gaps: 0,
    rows: index,
    error: null,
    configured: true,
  }
}

/** A ledger in which every other stretch is a loss. */
function coverageOf(datasets: number, intervals: number): Answers['coverage'] {
  const each = Math.floor(intervals / datasets)
  const now = BigInt(Date.now()) * 1_000_000n
  const length = 3_600_000_000_000n / BigInt(each)
  return {
    from_time: null,
    until_time: null,
    resolution_s: 1,
    truncated: false,
    datasets: Array.from({ length: datasets }, (_, index): Dataset => {
      const begin = now - length * BigInt(each)
      return {
        exchange: ['binance', 'kraken', 'bybit', 'okx'][index % 4] ?? 'binance',
        kind: 'trades',
        pair: `C${index}/USDT`,
        interval: null,
        intervals: Array.from({ length: each }, (_, at) => {
          const [from, until] = [begin + length * BigInt(at), begin + length * BigInt(at + 1)]
          const lost = at % 2 === 1
          return {
            from: String(from),
            until: String(until),
            from_time: '',
            until_time: '',
            state: lost ? ('missing' as const) : ('observed' as const),
            code: lost ? 'CONNECTION_LOST' : null,
            detail: null,
            held_s: lost ? 0 : 1,
            missing_s: lost ? 1 : 0,
          }
        }),
      }
    }),
  }
}
