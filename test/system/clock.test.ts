import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { type Control, QUIET } from '../../src/chaos/control.js'
import { readTruth } from '../../src/chaos/truth.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const PRELOAD = pathToFileURL(resolve(import.meta.dirname, '../../dist/src/chaos/preload.js')).href
const DAYS_MS = 3 * 86_400_000

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

it('a clock that is set three days back while recording: recording waits, the ledger says why, and nothing is in the wrong day', async () => {
  const bench = new Bench()
  benches.push(bench)
  const machine = (control: Partial<Control>) => {
    writeFileSync(join(bench.folder, 'machine.new'), JSON.stringify({ ...QUIET, ...control }))
    renameSync(join(bench.folder, 'machine.new'), join(bench.folder, 'machine.json'))
  }
  await bench.emulate(
    '--exchanges',
    'binance',
    '--seed',
    '4',
    '--rate',
    '40',
    '--instruments',
    '1',
    '--truth',
    bench.truth,
  )
  bench.config([{ exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades', 'book'], depth: 20 }])
  machine({})
  bench.environment = {
    NODE_OPTIONS: `--import ${PRELOAD}`,
    DCCD_CHAOS_CONTROL: join(bench.folder, 'machine.json'),
  }
  await bench.startDaemon()
  await bench.live()
  const grown = async () => {
    const before = (await bench.streams())[0]?.rows ?? 0
    await until('more rows', async () => ((await bench.streams())[0]?.rows ?? 0) > before + 50 || undefined)
  }
  await grown()
  machine({ clock_ms: -DAYS_MS })
  await until(
    'the wrong clock is told',
    async () => (await bench.streams()).some(({ error }) => error?.code === 'CLOCK_WRONG') || undefined,
  )
  machine({})
  await bench.live()
  await grown()
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  const gaps = await bench.gaps()
  await bench.programs[0]?.kill('SIGTERM')

  expect(gaps.map(({ kind }) => kind).sort()).toEqual(['book_deltas', 'trades'])
  expect(gaps.map(({ code }) => code)).toEqual(['CLOCK_WRONG', 'CLOCK_WRONG'])
  const truth = (await readTruth(bench.truth)).get('binance BTC/USDT')
  if (!truth) throw new Error('no truth')
  const of = (wanted: string) =>
    gaps.filter(({ kind }) => kind === wanted).map((gap) => ({ from: BigInt(gap.from), until: BigInt(gap.until) }))
  const trades = await compareTrades(
    await visibleRows(bench.data, 'binance', 'trades', 'BTC/USDT'),
    truth,
    of('trades'),
  )
  const books = await compareBooks(
    await visibleRows(bench.data, 'binance', 'book_deltas', 'BTC/USDT'),
    truth,
    of('book_deltas'),
  )
  expect([trades.problems, books.problems]).toEqual([[], []])
  expect(trades.rows).toBeGreaterThan(20)
  expect(books.compared).toBeGreaterThan(20)
  // Days that are touched are those of the exchange: today, or two at midnight.
  const days = readdirSync(join(bench.data, 'exchange=binance/kind=trades/pair=BTC-USDT'))
  const real = [...truth.trades.values()].map(({ exchange_time }) =>
    new Date(Number(BigInt(exchange_time) / 1_000_000n)).toISOString().slice(0, 10),
  )
  for (const day of days) expect(real).toContain(day.replace('date=', ''))
})
