import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { compareTrades } from '../../src/chaos/compare.js'
import { readTruth } from '../../src/chaos/truth.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const DAY_MS = 86_400_000
/** Dates are those of one day, also where midnight passes. */
const BEGAN = Date.now()
const run = z.object({ id: z.number(), state: z.string(), rows: z.number(), requests: z.number() })
const detail = run.extend({ log: z.array(z.string()) })
const plan = z.object({
  parts: z.array(z.object({ archives: z.object({ files: z.number(), bytes: z.number() }).nullable() })),
})

/** `2026-11-25` for 1: the day before today, and so on. */
const daysAgo = (days: number) => new Date(BEGAN - days * DAY_MS).toISOString().slice(0, 10)

/** So many whole days and what today has had: quiet, because all of it is kept. */
async function emulate(bench: Bench, exchange: string, days: number, ...more: readonly string[]): Promise<void> {
  const past = String(days * 86_400 + Math.floor((Date.now() % DAY_MS) / 1000) + 3600)
  await bench.emulate('--exchanges', exchange, '--instruments', '1', '--rate', '0.06', '--past', past, ...more)
}

/** Rows by day and source, as a DuckDB of its own sees the visible files. */
async function sources(bench: Bench, kind: string, time: string): Promise<Map<string, number>> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const files = join(bench.data, 'exchange=*', `kind=${kind}`, '**', '*.parquet')
  const reader = await connection.runAndReadAll(
    `SELECT strftime(${time}, '%Y-%m-%d') AS day, source, count(*) AS rows, count(DISTINCT ${kind === 'ohlc' ? time : 'trade_id'}) AS ids
     FROM read_parquet('${files}') GROUP BY ALL`,
  )
  const found = new Map<string, number>()
  for (const [day, source, rows, ids] of reader.getRows()) {
    expect(ids, `${day} ${source} has a row twice`).toEqual(rows)
    found.set(`${day} ${source}`, Number(rows))
  }
  connection.closeSync()
  return found
}

it('whole days come from files and the rest by request, joined without a seam; a file with a hole, a wrong checksum or none at all is replaced by requests, and nothing is lost or doubled', async () => {
  const bench = new Bench()
  benches.push(bench)
  await emulate(bench, 'binance', 3, '--seed', '21', '--truth', bench.truth)
  bench.config([{ exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades', 'ohlc'] }])
  const zips = '/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-'
  const faults = { fault: 'archives', exchange: 'binance', ms: 600_000 }
  await bench.fault(
    { ...faults, path: `${zips}${daysAgo(2)}`, damage: 'hole' },
    { ...faults, path: `${zips}${daysAgo(1)}`, damage: 'checksum' },
  )
  await bench.startDaemon()
  await bench.live()
  const trades = ['--channels', 'trades', '--start', `${daysAgo(3)}T06:00:00Z`, '--json']
  const dry = plan.parse(JSON.parse((await bench.run('backfill', ...trades, '--dry-run')).stdout))
  expect(dry.parts[0]?.archives?.files).toBe(3)
  expect(dry.parts[0]?.archives?.bytes).toBeGreaterThan(10_000)
  const first = await bench.run('backfill', ...trades)
  expect(first.code, first.output).toBe(0)
  const { id, requests } = run.parse(JSON.parse(first.stdout))
  const { log } = detail.parse(JSON.parse((await bench.run('runs', String(id), '--json')).stdout))
  expect(log.filter((line) => / gave /.test(line))).toHaveLength(2)
  expect(log.filter((line) => /is not used \(ARCHIVE_DAMAGED/.test(line))).toHaveLength(1)
  // Two files with their checksums; the hole and the day without a file; what follows the last one.
  expect(requests).toBeLessThan(15)
  const again = detail.parse(JSON.parse((await bench.run('backfill', ...trades)).stdout))
  expect(again).toMatchObject({ state: 'succeeded' })
  expect(again.rows).toBeLessThan(5)

  const candles = await bench.run(
    'backfill',
    '--channels',
    'ohlc',
    '--start',
    daysAgo(3),
    '--until',
    daysAgo(0),
    '--from-archives',
    '--json',
  )
  expect(candles.code, candles.output).toBe(0)
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  await bench.programs[0]?.kill('SIGTERM')

  const truth = (await readTruth(bench.truth)).get('binance BTC/USDT')
  if (!truth) throw new Error('no truth')
  const stored = await visibleRows(bench.data, 'binance', 'trades', 'BTC/USDT')
  const { rows, problems } = await compareTrades(stored, truth, [])
  expect(problems.slice(0, 5)).toEqual([])
  expect(rows).toBeGreaterThan(1500)
  const start = BigInt(Date.parse(`${daysAgo(3)}T06:00:00Z`)) * 1_000_000n
  expect(stored.length).toBe(
    [...truth.trades.values()].filter(
      (each) =>
        BigInt(each.exchange_time) >= start &&
        BigInt(each.exchange_time) <= BigInt(String(stored.at(-1)?.exchange_time)),
    ).length,
  )
  const by = await sources(bench, 'trades', 'exchange_time')
  expect(by.get(`${daysAgo(3)} backfill`)).toBeUndefined()
  expect(by.get(`${daysAgo(3)} archive`)).toBeGreaterThan(400)
  expect(by.get(`${daysAgo(2)} backfill`)).toBe(10)
  expect(by.get(`${daysAgo(1)} archive`)).toBeUndefined()
  expect(by.get(`${daysAgo(1)} backfill`)).toBeGreaterThan(600)
  const minutes = await sources(bench, 'ohlc', 'open_time')
  for (const days of [3, 2, 1]) expect(minutes.get(`${daysAgo(days)} archive`)).toBe(1440)
  expect(await bench.gaps()).toEqual([])
  expect(readdirSync(join(bench.data, '.dccd', 'archives')), 'files of archives are left').toEqual([])

  // The journal has the lines of the files: what is stored is made anew from it, byte for byte.
  const anew = await bench.run('rebuild', '--output', join(bench.folder, 'anew'), '--json')
  expect(anew.code, anew.output).toBe(0)
  const report = z.object({ files: z.array(z.object({ result: z.string() })) }).parse(JSON.parse(anew.stdout))
  expect(new Set(report.files.map(({ result }) => result))).toEqual(new Set(['equal']))
})

it('a run killed in the middle of a file leaves nothing half used; the next one takes the file again', async () => {
  const bench = new Bench()
  benches.push(bench)
  await emulate(bench, 'bitmex', 1, '--seed', '22', '--truth', bench.truth)
  let stalled = false
  let asked = 0
  const slow = createServer((request, response) => {
    void (async () => {
      const answer = await fetch(`http://127.0.0.1:${bench.port}${request.url ?? ''}`)
      const body = Buffer.from(await answer.arrayBuffer())
      const isFile = request.url?.endsWith('.csv.gz') ?? false
      response.writeHead(answer.status, { 'content-length': body.length })
      if (!isFile || ++asked > 1) {
        response.end(body)
        return
      }
      response.write(body.subarray(0, body.length >> 1))
      stalled = true
    })()
  })
  await new Promise<void>((ready) => slow.listen(0, '127.0.0.1', ready))
  try {
    const { port } = slow.address() as AddressInfo // it listens on TCP
    const rest = `http://127.0.0.1:${bench.port}/bitmex`
    const endpoints = { bitmex: { websocket: 'ws://127.0.0.1:1', rest, archive: `http://127.0.0.1:${port}/bitmex` } }
    bench.config([{ exchange: 'bitmex', pairs: ['BTC/USD:perp'], channels: ['trades'] }], { settings: { endpoints } })
    const window = ['--start', daysAgo(1), '--until', daysAgo(0), '--json']
    const first = bench.start(['backfill', ...window])
    const files = join(bench.data, '.dccd', 'archives')
    await until('the file stalls', () => (stalled && existsSync(files) && readdirSync(files).length === 1) || undefined)
    await first.kill('SIGKILL')
    const second = await bench.run('backfill', ...window)
    expect(second.code, second.output).toBe(0)
    expect(run.parse(JSON.parse(second.stdout)).rows).toBeGreaterThan(600)
    expect(readdirSync(files)).toEqual([])
    expect(run.parse(JSON.parse((await bench.run('backfill', ...window)).stdout))).toMatchObject({ requests: 0 })
  } finally {
    slow.closeAllConnections()
    slow.close()
  }
  await bench.programs[0]?.kill('SIGTERM')
  const truth = (await readTruth(bench.truth)).get('bitmex BTC/USD:perp')
  if (!truth) throw new Error('no truth')
  const stored = await visibleRows(bench.data, 'bitmex', 'trades', 'BTC/USD:perp')
  expect((await compareTrades(stored, truth, [])).problems).toEqual([])
  expect(await bench.gaps()).toEqual([])
})
