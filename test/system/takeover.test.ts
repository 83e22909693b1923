import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { readTruth } from '../../src/chaos/truth.js'
import { loadConfig } from '../../src/config/load.js'
import type * as Library from '../../src/index.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const { StreamManager }: typeof Library = await import(resolve(import.meta.dirname, '../../dist/src/index.js'))

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const FIRST = [
  { exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades', 'book', 'quotes'] },
  { exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades', 'book', 'quotes'] },
  { exchange: 'bitfinex', pairs: ['BTC/USD'], channels: ['trades', 'book'] },
]
const opened = z.object({ exchanges: z.record(z.string(), z.object({ connections: z.number() })) })

it('streams that were started one by one come to share a connection, without a gap and without a row twice', async () => {
  await bench.emulate('--seed', '5', '--rate', '30', '--instruments', '3', '--truth', bench.truth)
  bench.config(FIRST.map((job) => ({ ...job, depth: 25, time_step: 5 })))
  const { config } = await loadConfig({ environment: {}, folder: bench.folder })
  const manager = new StreamManager(config)
  await manager.start()
  const live = (count: number) =>
    until(`${count} streams live`, () => {
      const rows = manager.status()
      return (rows.length === count && rows.every(({ state }) => state === 'live')) || undefined
    })
  const connections = async () => {
    const answer = await fetch(`http://127.0.0.1:${bench.port}/_emulator/state`)
    const { exchanges } = opened.parse(await answer.json())
    return Object.values(exchanges).reduce((sum, each) => sum + each.connections, 0)
  }
  await live(4)
  for (const coin of ['ETH', 'SOL'])
    for (const { exchange, pairs, channels } of FIRST) {
      const pair = (pairs[0] ?? '').replace('BTC', coin)
      for (const group of exchange === 'bitfinex' ? channels.map((one) => [one]) : [channels])
        manager.startOne({ exchange, time_step: 5, depth: 25 }, pair, group)
    }
  await live(12)
  expect(await connections()).toBeGreaterThan(3)
  await until('three connections', async () => (await connections()) === 3 || undefined, 120_000)
  await live(12)
  const rows = manager.status().map((row) => row.rows)
  // Of each book enough to compare, however slow the machine is; a state of Binance is up to 25 rows.
  const enough = (key: string) => (key.startsWith('binance') ? 3000 : key.includes('book') ? 800 : 0)
  await until(
    'more rows',
    () => manager.status().every(({ key, rows: now }, at) => now > Math.max(rows[at] ?? 0, enough(key))) || undefined,
  )
  expect(manager.status().map(({ reconnects }) => reconnects)).toEqual(Array(12).fill(0))
  await manager.stop()
  await bench.programs[0]?.kill('SIGTERM')
  const gaps = await bench.gaps()
  expect(gaps).toEqual([])
  const truth = await readTruth(bench.truth)
  const problems: string[] = []
  for (const { exchange, pairs } of FIRST)
    for (const coin of ['BTC', 'ETH', 'SOL']) {
      const pair = (pairs[0] ?? '').replace('BTC', coin)
      const real = truth.get(`${exchange} ${pair}`)
      if (!real) throw new Error(`no truth of ${exchange} ${pair}`)
      const t = await compareTrades(await visibleRows(bench.data, exchange, 'trades', pair), real, [])
      const b = await compareBooks(await visibleRows(bench.data, exchange, 'book_deltas', pair), real, [])
      expect(t.rows).toBeGreaterThan(20)
      expect(b.compared).toBeGreaterThan(100)
      for (const problem of [...t.problems.slice(0, 3), ...b.problems.slice(0, 3)])
        problems.push(`${exchange} ${pair}: ${problem.detail}`)
    }
  expect(problems).toEqual([])
})
