import { resolve } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { type Disturbance, unexplained } from '../../src/chaos/ledger-check.js'
import { readTruth } from '../../src/chaos/truth.js'
import type * as Daemon from '../../src/compose/daemon.js'
import { loadConfig } from '../../src/config/load.js'
import type { CollectorError } from '../../src/model/error.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const { startDaemon }: typeof Daemon = await import(resolve(import.meta.dirname, '../../dist/src/compose/daemon.js'))

const VENUES = [
  { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book'] },
  { exchange: 'kraken', pairs: ['BTC/USD', 'ETH/USD'], channels: ['trades', 'book'] },
]

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const now = () => BigInt(Date.now()) * 1_000_000n

/** A daemon in this process, whose threads can be ended one by one. */
async function daemonHere() {
  await bench.emulate('--seed', '11', '--rate', '40', '--instruments', '2', '--truth', bench.truth)
  bench.config(VENUES.map((venue) => ({ ...venue, depth: 25, time_step: 1 })))
  const { config } = await loadConfig({ environment: {}, folder: bench.folder })
  const threads: { role: string; thread: Worker }[] = []
  const errors: CollectorError[] = []
  const daemon = await startDaemon(config, {
    error: (error) => errors.push(error),
    thread(role, thread) {
      const entry = { role, thread }
      threads.push(entry)
      thread.on('exit', () => threads.splice(threads.indexOf(entry), 1))
    },
  })
  const newest = (role: string) => threads.findLast((each) => each.role === role)?.thread
  const rows = () => daemon.status().map((row) => row.rows)
  return {
    daemon,
    errors,
    newest,
    live: () => until('every stream live', () => daemon.status().every(({ state }) => state === 'live') || undefined),
    /** Ends the thread with this part, and waits for another in its place. */
    async end(role: string) {
      const old = await until(`a ${role} thread`, () => newest(role))
      await old.terminate()
      await until(`another ${role} thread`, () => {
        const thread = newest(role)
        return thread === old ? undefined : thread
      })
    },
    /** Every stream has stored this many rows more. */
    async grown(by: number) {
      const before = rows()
      await until(
        `${by} more rows of every stream`,
        () =>
          rows().every((count, index) => count >= (before[index] ?? 0) + by || count < (before[index] ?? 0)) ||
          undefined,
      )
    },
  }
}

/** What is visible, against what really happened. */
async function differences(gaps: Awaited<ReturnType<Bench['gaps']>>) {
  await bench.programs[0]?.kill('SIGTERM') // the emulator: the truth is complete when it has ended
  const truth = await readTruth(bench.truth)
  const problems: string[] = []
  let compared = 0
  for (const { exchange, pairs } of VENUES) {
    for (const pair of pairs) {
      const real = truth.get(`${exchange} ${pair}`)
      if (!real) throw new Error(`no truth of ${exchange} ${pair}`)
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
      compared += t.rows + b.compared
      for (const problem of [...t.problems.slice(0, 5), ...b.problems.slice(0, 5)])
        problems.push(`${exchange} ${pair}: ${problem.detail}`)
    }
  }
  return { truth, problems, compared }
}

it('the store thread dies again and again: sockets do not notice, nothing is lost, nothing is doubled, there is no gap', async () => {
  const { daemon, errors, live, end, grown } = await daemonHere()
  await live()
  const connections = daemon.status().map(({ reconnects }) => reconnects)
  for (let n = 0; n < 3; n++) {
    await grown(60)
    await end('store')
  }
  const last = now()
  await grown(60)
  expect(daemon.status().map(({ reconnects }) => reconnects)).toEqual(connections)
  await daemon.stop(20_000)
  expect(errors.map(({ code }) => code)).toContain('PROCESS_CRASHED')
  const gaps = await bench.gaps()
  expect(gaps).toEqual([])
  const { problems, compared } = await differences(gaps)
  expect(problems).toEqual([])
  expect(compared).toBeGreaterThan(500)
  for (const { exchange, pairs } of VENUES) {
    for (const pair of pairs) {
      const rows = await visibleRows(bench.data, exchange, 'book_deltas', pair)
      const late = rows.filter((row) => BigInt(String(row.receive_time)) > last)
      expect(late.length, `stored by the last store: ${exchange} ${pair}`).toBeGreaterThan(5)
    }
  }
})

it.each(['journal', 'capture'])(
  'the %s thread dies: it is started in place, and the ledger has what was missed',
  async (role) => {
    const { daemon, live, end, grown } = await daemonHere()
    await live()
    const faults: Disturbance[] = []
    for (let n = 0; n < 2; n++) {
      await grown(60)
      const from = now()
      await end(role)
      await until('the streams down', () => daemon.status().some(({ state }) => state !== 'live') || undefined)
      await live()
      faults.push({ exchange: 'all', from, until: now() })
    }
    await grown(60)
    await daemon.stop(20_000)
    const gaps = await bench.gaps()
    expect(gaps.length).toBeGreaterThan(0)
    const { truth, problems, compared } = await differences(gaps)
    expect(unexplained(gaps, faults, truth)).toEqual([])
    expect(problems).toEqual([])
    expect(compared).toBeGreaterThan(500)
  },
)
