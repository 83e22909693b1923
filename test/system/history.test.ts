import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { compareTrades } from '../../src/chaos/compare.js'
import { readTruth } from '../../src/chaos/truth.js'
import { Client } from '../../src/client/client.js'
import { createRandom } from '../../src/emulator/random.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const runs = z.array(
  z.object({ id: z.number(), state: z.string(), trigger: z.string(), rows: z.number(), requests: z.number() }),
)
const detail = z.object({ log: z.array(z.string()), requests: z.number(), state: z.string() })

const STREAMS = [
  { exchange: 'binance', quote: 'USDT' },
  { exchange: 'kraken', quote: 'USD' },
  { exchange: 'bitfinex', quote: 'USD' },
]
const PAIRS = STREAMS.flatMap(({ exchange, quote }) =>
  ['BTC', 'ETH'].map((coin) => ({ exchange, pair: `${coin}/${quote}` })),
)

/** What is stored of a pair must be what happened, each trade once, from the first one stored to the last. */
async function compare(bench: Bench, exchange: string, pair: string): Promise<number> {
  const truth = (await readTruth(bench.truth)).get(`${exchange} ${pair}`)
  expect(truth, `truth of ${exchange} ${pair}`).toBeDefined()
  if (!truth) return 0
  const { rows, problems } = await compareTrades(await visibleRows(bench.data, exchange, 'trades', pair), truth, [])
  expect(problems.slice(0, 5), `${exchange} ${pair}`).toEqual([])
  return rows
}

it('fifty holes punched while streaming are filled: Parquet is the truth, no trade gap is left, and each hole took one request', async () => {
  const bench = new Bench()
  benches.push(bench)
  const random = createRandom('holes')
  await bench.emulate('--seed', '5', '--rate', '60', '--instruments', '2', '--truth', bench.truth)
  bench.config(
    STREAMS.map(({ exchange, quote }) => ({ exchange, pairs: [`BTC/${quote}`, `ETH/${quote}`], channels: ['trades'] })),
  )
  await bench.startDaemon()
  await bench.live()
  for (let hole = 1; hole <= 50; hole++) {
    await pause(500)
    const { exchange } = STREAMS[random.whole(0, STREAMS.length - 1)] ?? { exchange: 'all' }
    if (hole % 20 === 0) {
      await bench.daemon?.kill('SIGKILL')
      await bench.startDaemon()
    } else if (hole % 4 === 0) await bench.fault({ fault: 'cut', exchange })
    else await bench.fault({ fault: 'lose', exchange, channel: 'trades', count: random.whole(1, 4) })
  }
  await bench.live()
  const client = new Client({ url: `http://127.0.0.1:${bench.own()?.port}` })
  // Healing looks at what is committed: nothing is open, and nothing more comes to light by another look.
  let quiet = 0
  await until(
    'no trade gap is open',
    async () => {
      const open = (await client.call('gaps', {})).filter(({ kind }) => kind === 'trades')
      quiet = open.length === 0 ? quiet + 1 : 0
      await pause(1000)
      return quiet >= 12 || undefined
    },
    // Kraken answers about once a second.
    200_000,
  )
  let stretches = 0
  let requests = 0
  for (const { id } of await client.call('runs', { limit: 500 })) {
    const run = await client.call('runs.get', { id })
    requests += run.requests
    for (const line of run.log) stretches += Number(/: (\d+) stretches are missing/.exec(line)?.[1] ?? 0)
  }
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  await bench.programs[0]?.kill('SIGTERM')
  // What came to light when everything was stored at the end, a repair without a daemon would fill: there is nothing.
  expect((await bench.gaps()).filter(({ kind }) => kind === 'trades')).toEqual([])
  expect(stretches).toBeGreaterThan(20)
  expect(requests).toBeLessThanOrEqual(Math.ceil(stretches * 1.05))
  let trades = 0
  for (const { exchange, pair } of PAIRS) trades += await compare(bench, exchange, pair)
  expect(trades).toBeGreaterThan(2000)
})

it('a backfill killed in the middle goes on where it was; run again it fetches nothing; nobody calls a dead run running', async () => {
  const bench = new Bench()
  benches.push(bench)
  await bench.emulate('--seed', '6', '--rate', '60', '--instruments', '2', '--past', '400', '--truth', bench.truth)
  bench.config([{ exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades'] }])
  const window = [
    '--start',
    new Date(Date.now() - 300_000).toISOString(),
    '--until',
    new Date(Date.now() - 60_000).toISOString(),
  ]
  await bench.fault({ fault: 'pages', exchange: 'kraken', ms: 120_000, manner: 'capped', count: 400 })
  const first = bench.start(['backfill', ...window])
  // Kraken answers about once a second: some pages are there, most are not.
  await first.match(/[1-9]\d* rows by [2-9] requests/)
  await first.kill('SIGKILL')
  const listed = runs.parse(JSON.parse((await bench.run('runs', '--json')).stdout))
  expect(listed.map(({ state }) => state)).toEqual(['stale'])
  const second = await bench.run('backfill', ...window, '--json')
  expect(second.code, second.output).toBe(0)
  const third = detail.parse(JSON.parse((await bench.run('backfill', ...window, '--json')).stdout))
  expect(third).toMatchObject({ state: 'succeeded', requests: 0 })
  await bench.programs[0]?.kill('SIGTERM')
  expect(await compare(bench, 'kraken', 'BTC/USD')).toBeGreaterThan(1000)
  expect(await bench.gaps()).toEqual([])
})

it('what the exchange told wrong is put right by fetching it again: what is held stays as it was until then, and each instant has one row', {
  timeout: 120_000,
}, async () => {
  const bench = new Bench()
  benches.push(bench)
  const pair = 'BTC/USDT:perp'
  const emulate = async (seed: string) => {
    const emulator = await bench.emulate(
      '--seed',
      seed,
      '--rate',
      '2',
      '--instruments',
      '1',
      '--past',
      '900',
      '--exchanges',
      'bybit',
    )
    bench.config([{ exchange: 'bybit', pairs: [pair], channels: ['open_interest', 'ohlc'] }])
    return emulator
  }
  const [start, until] = [800_000, 300_000].map((ago) => new Date(Date.now() - ago).toISOString())
  const fetched = async (...more: readonly string[]) => {
    const window = ['--start', start ?? '', '--until', until ?? '', '--json']
    const { code, output, stdout } = await bench.run('backfill', ...window, ...more)
    expect(code, output).toBe(0)
    return detail.parse(JSON.parse(stdout)).requests
  }
  const stored = async () => {
    const values = new Map<string, { value: unknown; at: bigint }>()
    let rows = 0
    for (const [kind, time, value] of [
      ['open_interest', 'exchange_time', 'amount'],
      ['ohlc', 'open_time', 'close'],
    ] as const)
      for (const row of await visibleRows(bench.data, 'bybit', kind, pair)) {
        rows++
        values.set(`${kind} ${row[time]}`, { value: row[value], at: BigInt(String(row.receive_time)) })
      }
    expect(values.size).toBe(rows)
    return values
  }
  // Another seed is an exchange that tells other values of the same instants.
  const wrong = await emulate('wrong')
  expect(await fetched()).toBeGreaterThan(0)
  const before = await stored()
  await wrong.kill('SIGTERM')
  await emulate('right')
  expect(await fetched()).toBe(0)
  expect(await stored()).toEqual(before)
  const { code, output } = await bench.run('backfill', '--refetch')
  expect([code, output]).toEqual([2, expect.stringContaining('needs a start')])
  expect(await fetched('--refetch')).toBeGreaterThan(0)
  const after = await stored()
  expect([...after.keys()]).toEqual([...before.keys()])
  expect(before.size).toBeGreaterThan(8)
  // Each row is that of the last answer, and some say something else.
  const changed = [...after].filter(([instant, { value }]) => before.get(instant)?.value !== value)
  expect(changed.length).toBeGreaterThan(4)
  for (const [instant, { at }] of after) expect(at, instant).toBeGreaterThan(before.get(instant)?.at ?? at)
  expect(await bench.gaps()).toEqual([])
})

it('two daemons at one address, streaming and fetching the past, are never refused', async () => {
  const bench = new Bench()
  benches.push(bench)
  await bench.emulate('--seed', '8', '--rate', '40', '--instruments', '4', '--past', '600', '--exchanges', 'binance')
  const pairs = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'XRP/USDT']
  bench.config([{ exchange: 'binance', pairs, channels: ['trades', 'book', 'ohlc'] }])
  await bench.startDaemon()
  await bench.live()
  const other = new Bench()
  benches.push(other)
  other.port = bench.port
  other.config([{ exchange: 'binance', pairs, channels: ['trades', 'book', 'ohlc'] }])
  await other.startDaemon()
  await other.live()
  const window = ['--channels', 'trades', '--start', new Date(Date.now() - 500_000).toISOString(), '--json']
  const both = await Promise.all([bench.run('backfill', ...window), other.run('backfill', ...window)])
  for (const { code, output } of both) expect(code, output).toBe(0)
  const state = await (await fetch(`http://127.0.0.1:${bench.port}/_emulator/state`)).json()
  const budget = z.object({ binance_refused: z.number(), binance_used: z.number() }).parse(state)
  expect(budget.binance_refused).toBe(0)
  expect(budget.binance_used).toBeGreaterThan(0)
})
