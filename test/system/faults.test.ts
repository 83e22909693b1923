import { afterEach, expect, it } from 'vitest'
import { compareBooks, compareTrades, readTruth } from '../../testkit/truth.js'
import { Bench, type GapRow } from './harness.js'

const SECOND = 1_000_000_000n
const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const now = () => BigInt(Date.now()) * 1_000_000n
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Fault {
  readonly exchange: string
  readonly from: bigint
  readonly until: bigint
}

/** What the ledger says beyond what the faults can explain. */
function unexplained(gaps: readonly GapRow[], faults: readonly Fault[]): string[] {
  const problems: string[] = []
  const sums = new Map<string, { gap: bigint; allowed: bigint }>()
  for (const gap of gaps) {
    const [from, until] = [BigInt(gap.from), BigInt(gap.until)]
    const near = faults.filter((fault) => fault.exchange === 'all' || fault.exchange === gap.exchange)
    if (!near.some((fault) => from <= fault.until + 3n * SECOND && until >= fault.from - 3n * SECOND)) {
      problems.push(`${gap.exchange} ${gap.kind} ${gap.pair} ${gap.from}–${gap.until} ${gap.code}: no fault then`)
    }
    const key = `${gap.exchange} ${gap.kind} ${gap.pair}`
    const allowed = near.reduce((sum, fault) => sum + (fault.until - fault.from) + 3n * SECOND, 0n)
    const entry = sums.get(key) ?? { gap: 0n, allowed }
    entry.gap += until - from
    sums.set(key, entry)
  }
  for (const [key, { gap, allowed }] of sums)
    if (gap > allowed) problems.push(`${key}: gaps of ${gap} ns, faults explain ${allowed}`)
  return problems
}

const COINS = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT', 'LTC', 'LINK', 'ATOM', 'UNI']

it('three venues, ten instruments, five cuts and three kills: what is stored is what happened, outside what the ledger says', {
  timeout: 400_000,
}, async () => {
  const bench = new Bench()
  benches.push(bench)
  const seconds = Number(process.env.DCCD_FAULT_SECONDS ?? 120)
  await bench.emulate('--seed', '7', '--rate', '40', '--instruments', '10', '--truth', bench.truth)
  const streams = [
    { exchange: 'binance', quote: 'USDT', channels: ['trades', 'book', 'quotes', 'ohlc'] },
    { exchange: 'kraken', quote: 'USD', channels: ['trades', 'book', 'quotes', 'ohlc'] },
    { exchange: 'bitfinex', quote: 'USD', channels: ['trades', 'book', 'ohlc'] },
  ]
  const listed = streams.map((stream) => ({ ...stream, pairs: COINS.map((coin) => `${coin}/${stream.quote}`) }))
  bench.config(listed.map(({ exchange, pairs, channels }) => ({ exchange, pairs, channels, time_step: 5, depth: 25 })))
  await bench.startDaemon()
  await bench.live()

  const faults: Fault[] = []
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
      const t = await compareTrades(bench.data, exchange, pair, real, of('trades'))
      const b = await compareBooks(bench.data, exchange, pair, real, of('book_deltas'))
      trades += t.rows
      books += b.compared
      for (const problem of [...t.problems.slice(0, 5), ...b.problems.slice(0, 5)])
        problems.push(`${exchange} ${pair}: ${problem}`)
    }
  }
  expect(problems).toEqual([])
  expect(unexplained(gaps, faults)).toEqual([])
  expect(trades).toBeGreaterThan(seconds * 10)
  expect(books).toBeGreaterThan(seconds * 50)
})
