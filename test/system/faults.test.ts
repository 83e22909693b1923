import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { type Disturbance, unexplained } from '../../src/chaos/ledger-check.js'
import { readTruth } from '../../src/chaos/truth.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench } from './harness.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const now = () => BigInt(Date.now()) * 1_000_000n
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const COINS = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT', 'LTC', 'LINK', 'ATOM', 'UNI']

it('three venues, ten instruments, five cuts and three kills: what is stored is what happened, outside what the ledger says', {
  timeout: 400_000,
}, async () => {
  const bench = new Bench()
  benches.push(bench)
  const seconds = Number(process.env.DCCD_FAULT_SECONDS ?? 120)
  const exchanges = ['--exchanges', 'binance,kraken,bitfinex']
  await bench.emulate('--seed', '7', '--rate', '40', '--instruments', '10', '--truth', bench.truth, ...exchanges)
  const streams = [
    { exchange: 'binance', quote: 'USDT', channels: ['trades', 'book', 'quotes', 'ohlc'] },
    { exchange: 'kraken', quote: 'USD', channels: ['trades', 'book', 'quotes', 'ohlc'] },
    { exchange: 'bitfinex', quote: 'USD', channels: ['trades', 'book', 'ohlc'] },
  ]
  const listed = streams.map((stream) => ({ ...stream, pairs: COINS.map((coin) => `${coin}/${stream.quote}`) }))
  // Time enough at the end to publish all of it: what is visible is compared.
  bench.config(
    listed.map(({ exchange, pairs, channels }) => ({ exchange, pairs, channels, time_step: 5, depth: 25 })),
    { settings: { stop_timeout: 120 } },
  )
  await bench.startDaemon()
  await bench.live()

  const faults: Disturbance[] = []
  const slice = (seconds * 1000) / 9
  const script = [
    'cut binance',
    'kill',
    'cut kraken',
    'cut bitfinex',
    'kill',
    'cut all',
    'kill',
    'cut binance',
  ] as const
  for (const step of script) {
    await pause(slice)
    const from = now()
    const [what, exchange = 'all'] = step.split(' ')
    if (what === 'kill') {
      await bench.daemon?.kill('SIGKILL')
      await bench.startDaemon()
      faults.push({ exchange: 'all', from, until: now() })
    } else {
      await bench.fault({ fault: 'cut', exchange })
      faults.push({ exchange, from, until: now() })
    }
  }
  await pause(slice)
  await bench.live()
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  const gaps = await bench.gaps()
  await bench.programs[0]?.kill('SIGTERM')

  // Recorded over three kills and five cuts, or derived from the journal alone: the same bytes.
  const anew = await bench.run('rebuild', '--output', 'anew', '--json')
  expect(anew.code, anew.output.slice(-2000)).toBe(0)
  const { files } = z
    .object({ files: z.array(z.object({ path: z.string(), result: z.string() })) })
    .parse(JSON.parse(anew.stdout))
  expect(files.length).toBeGreaterThan(90)
  expect(new Set(files.map(({ result }) => result))).toEqual(new Set(['equal']))

  // A byte that a disk changed is found, and the file comes back from the journal as it was.
  expect((await bench.run('verify', '--deep')).output).toContain('SOUND')
  const [victim = ''] = files.flatMap(({ path }) => (path.includes('book_deltas') ? [join(bench.data, path)] : []))
  const written = readFileSync(victim)
  const changed = Buffer.from(written)
  changed.writeUInt8(changed.readUInt8(1000) ^ 0xff, 1000)
  writeFileSync(victim, changed)
  const found = await bench.run('verify', '--deep', '--json')
  expect([found.code, found.stdout]).toEqual([3, expect.stringContaining('visible_changed')])
  const mended = await bench.run('verify', '--repair')
  expect(mended.code, mended.output.slice(-2000)).toBe(0)
  expect(readFileSync(victim).equals(written)).toBe(true)

  const truth = await readTruth(bench.truth)
  const problems: string[] = []
  let trades = 0
  let books = 0
  for (const { exchange, pairs } of listed) {
    for (const pair of pairs) {
      const real = truth.get(`${exchange} ${pair}`)
      expect(real, `truth of ${exchange} ${pair}`).toBeDefined()
      if (!real) continue
      const of = (kind: string) =>
        gaps
          .filter((gap) => gap.exchange === exchange && gap.pair === pair && gap.kind === kind)
          .map(({ from, until }) => ({ from: BigInt(from), until: BigInt(until) }))
      const t = await compareTrades(await visibleRows(bench.data, exchange, 'trades', pair), real, of('trades'))
      const b = await compareBooks(
        await visibleRows(bench.data, exchange, 'book_deltas', pair),
        real,
        of('book_deltas'),
      )
      trades += t.rows
      books += b.compared
      for (const problem of [...t.problems.slice(0, 5), ...b.problems.slice(0, 5)])
        problems.push(`${exchange} ${pair}: ${problem.detail}`)
    }
  }
  expect(problems).toEqual([])
  expect(unexplained(gaps, faults, truth)).toEqual([])
  expect(trades).toBeGreaterThan(seconds * 10)
  expect(books).toBeGreaterThan(seconds * 50)
})
