import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { compareTrades } from '../../src/chaos/compare.js'
import { readTruth } from '../../src/chaos/truth.js'
import { Client } from '../../src/client/client.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const run = z.object({
  id: z.number(),
  job: z.string().nullable(),
  state: z.string(),
  trigger: z.string(),
  rows: z.number(),
  requests: z.number(),
})
const listed = z.object({
  jobs: z.array(z.object({ id: z.string(), schedule: z.string(), last: z.object({ state: z.string() }).nullable() })),
})

const bench = new Bench()
const file = join(bench.folder, 'config.yml')
const configText = (port: number) => `# Mine.
settings:
  data_path: ./data # beside this file
  ui_port: 0
  endpoints:
${['binance', 'kraken'].map((id) => `    ${id}: { websocket: "ws://127.0.0.1:${port}/${id}", rest: "http://127.0.0.1:${port}/${id}" }`).join('\n')}
stream_jobs:
  # The one that matters.
  - exchange: binance
    pairs: [BTC/USDT] # one for now
    channels: [trades]
histo_jobs:
  - { exchange: binance, pairs: [BTC/USDT], span: 60 } # each minute
jobs:
  - { exchange: binance, pairs: [ETH/USDT], data_type: trades, operation: backfill, trigger_kind: manual }
  - { exchange: kraken, pairs: [ETH-USD], data_type: orderbook, operation: stream, depth: 25, snapshot_interval: 5 }
`

beforeAll(async () => {
  const past = ['--past', '600', '--exchanges', 'binance,kraken', '--truth', bench.truth]
  await bench.emulate('--seed', '11', '--rate', '20', '--instruments', '2', ...past)
  writeFileSync(file, configText(bench.port))
  await bench.startDaemon()
  await bench.live()
})
afterAll(() => bench.close())

it('a feed among the jobs of version 3 is recorded like one of stream_jobs', async () => {
  const feed = await until('rows of the feed', async () =>
    (await bench.streams()).find(({ key, rows }) => key === 'kraken_ETH_USD_book' && rows > 0),
  )
  expect(feed.state).toBe('live')
})

it('a start of the daemon runs what is due by itself, and the rows of it are there', async () => {
  // Runs of one moment are spread over a tenth of their pace.
  const [first] = await until('a scheduled run that is over', async () => {
    const listed = z.array(run).parse(JSON.parse((await bench.run('runs', '--json')).stdout))
    return listed.length > 0 && listed.every(({ state }) => state === 'succeeded') ? listed : undefined
  })
  expect(first).toMatchObject({ trigger: 'schedule', job: 'backfill:binance:BTC/USDT:ohlc:1m' })
  expect(first?.rows).toBeGreaterThan(0)
  expect((await visibleRows(bench.data, 'binance', 'ohlc', 'BTC/USDT')).length).toBeGreaterThanOrEqual(first?.rows ?? 1)
})

it('collect runs each history of the config once, whatever starts it else; jobs and runs show them, and one job runs again by its id', async () => {
  const scheduled = async () => listed.parse(JSON.parse((await bench.run('jobs', '--json')).stdout)).jobs
  const known = (await scheduled()).map(({ id }) => id)
  expect(known.toSorted()).toEqual(['backfill:binance:BTC/USDT:ohlc:1m', 'backfill:binance:ETH/USDT:trades'])
  const collected = await bench.run('collect', '--json')
  expect(collected.code, collected.output).toBe(0)
  const ended = z.array(run).parse(JSON.parse(collected.stdout))
  expect(ended.map(({ job }) => job)).toEqual(known)
  const trades = ended.find(({ job }) => job?.endsWith(':trades'))
  expect(trades?.rows).toBeGreaterThan(0)
  const again = await bench.run('jobs', trades?.job ?? '', '--json')
  expect(again.code, again.output).toBe(0)
  const kept = z.array(run).parse(JSON.parse((await bench.run('runs', '--job', trades?.job ?? '', '--json')).stdout))
  expect(kept.map(({ id }) => id)).toEqual([run.parse(JSON.parse(again.stdout)).id, trades?.id])
  for (const { last } of await scheduled()) expect(last?.state).toBe('succeeded')
})

it('a run that is cancelled, by command or over the API, keeps what it proved: the next one fetches only what is left', async () => {
  const window = [
    '--start',
    new Date(Date.now() - 300_000).toISOString(),
    '--until',
    new Date(Date.now() - 60_000).toISOString(),
  ]
  // So many small pages, of which Kraken gives about one a second, that no command is too late to cancel.
  const pages = (count: number) =>
    bench.fault({ fault: 'pages', exchange: 'kraken', ms: 600_000, manner: 'capped', count })
  await pages(25)
  const of = ['backfill', '-e', 'kraken', '-p', 'BTC/USD', '--channels', 'trades', ...window, '--json']
  const own = bench.own()
  const client = new Client({ url: `http://127.0.0.1:${own?.port}` })
  const underWay = () =>
    until('a run that has some pages and not all', async () => {
      const [newest] = await client.call('runs', { limit: 1 })
      return newest?.state === 'running' && newest.rows > 0 && newest.progress < 0.8 ? newest.id : undefined
    })
  const cancels = [
    async (id: number) => {
      const { code, stdout } = await bench.run('runs', String(id), '--cancel')
      expect([code, stdout]).toEqual([0, `run ${id} ends\n`])
    },
    async (id: number) => {
      expect(await client.call('runs.cancel', { id })).toMatchObject({ cancelled: true })
    },
  ]
  let rows = 0
  for (const cancel of cancels) {
    const started = bench.start(of)
    await cancel(await underWay())
    expect(await started.ended, started.output).toBe(1)
    const ended = run.parse(JSON.parse(started.stdout))
    expect(ended.state).toBe('cancelled')
    expect(ended.rows).toBeGreaterThan(0)
    rows += ended.rows
  }
  await pages(1_000_000)
  const last = await bench.run(...of)
  expect(last.code, last.output).toBe(0)
  rows += run.parse(JSON.parse(last.stdout)).rows
  const truth = (await readTruth(bench.truth)).get('kraken BTC/USD')
  if (!truth) throw new Error('the emulator told nothing of kraken BTC/USD')
  const stored = await visibleRows(bench.data, 'kraken', 'trades', 'BTC/USD')
  const compared = await compareTrades(stored, truth, [])
  expect(compared.problems.slice(0, 5)).toEqual([])
  expect(compared.rows).toBeGreaterThan(1000)
  // Nothing that an earlier run had proved was fetched again, but for the instants where they meet.
  expect(rows).toBeLessThan(compared.rows * 1.02)
})

it('add and remove edit the file in place: comments stay, and whoever reads meanwhile sees it whole', async () => {
  const before = readFileSync(file, 'utf8')
  const inode = statSync(file).ino
  const seen = new Set([before])
  const looking = setInterval(() => seen.add(readFileSync(file, 'utf8')), 1)
  const streams = async () => (await bench.streams()).map(({ key }) => key)
  try {
    const added = await bench.run('add', '--exchange', 'binance', '--pairs', 'ETH/USDT', '--channels', 'trades')
    expect(added.code, added.output).toBe(0)
    const after = readFileSync(file, 'utf8')
    expect(after).toBe(before.replace('pairs: [BTC/USDT] #', 'pairs: [BTC/USDT, ETH/USDT] #'))
    expect(statSync(file).ino).not.toBe(inode)
    await bench.live()
    expect(await streams()).toContain('binance_ETH_USDT_trades')
    const removed = await bench.run('remove', '--exchange', 'binance', '--pairs', 'ETH/USDT')
    expect(removed.code, removed.output).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(await streams()).not.toContain('binance_ETH_USDT_trades')
    expect([...seen].every((text) => text === before || text === after)).toBe(true)
  } finally {
    clearInterval(looking)
  }
})
