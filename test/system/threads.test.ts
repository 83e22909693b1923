import { type ChildProcess, fork } from 'node:child_process'
import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { type Disturbance, unexplained } from '../../src/chaos/ledger-check.js'
import { readTruth } from '../../src/chaos/truth.js'
import type { DaemonCall } from '../../testkit/daemon-child.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const CHILD = resolve(import.meta.dirname, '../../dist/testkit/daemon-child.js')
type Call = DaemonCall extends infer C ? (C extends { id: number } ? Omit<C, 'id'> : never) : never

const VENUES = [
  { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book'] },
  { exchange: 'kraken', pairs: ['BTC/USD', 'ETH/USD'], channels: ['trades', 'book'] },
]

let bench: Bench
const children: ChildProcess[] = []
beforeEach(() => {
  bench = new Bench()
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await bench.close()
})

const now = () => BigInt(Date.now()) * 1_000_000n

const row = z.object({ state: z.string(), rows: z.number(), reconnects: z.number() })
const answered = z.object({ id: z.number(), value: z.unknown(), error: z.string().optional() })

/** A daemon in a process of its own, whose threads can be ended one by one. */
async function daemonBeside() {
  await bench.emulate('--seed', '11', '--rate', '40', '--instruments', '2', '--truth', bench.truth)
  bench.config(VENUES.map((venue) => ({ ...venue, depth: 25, time_step: 1 })))
  const child = fork(CHILD, [bench.folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  children.push(child)
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let asked = 0
  const expecting = (id: number) => new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }))
  const started = expecting(-1)
  child.on('message', (message) => {
    const { id, value, error } = answered.parse(message)
    if (error === undefined) waiting.get(id)?.resolve(value)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the daemon ended with ${signal ?? code}`))
  })
  await started
  const ask = (call: Call) => {
    if (!child.connected) throw new Error(`the daemon ended with ${child.signalCode ?? child.exitCode}`)
    const id = asked++
    const answer = expecting(id)
    child.send({ id, ...call })
    return answer
  }
  const status = async () => z.array(row).parse(await ask({ call: 'status' }))
  const newest = async (role: string) =>
    z
      .array(z.number())
      .parse(await ask({ call: 'threads', role }))
      .at(-1)
  return {
    status,
    errors: async () => z.array(z.string()).parse(await ask({ call: 'errors' })),
    stop: () => ask({ call: 'stop' }),
    live: () =>
      until('every stream live', async () => (await status()).every(({ state }) => state === 'live') || undefined),
    /** Ends the thread with this part, and waits for another in its place. */
    async end(role: string) {
      const old = await until(`a ${role} thread`, () => newest(role))
      await ask({ call: 'end', role })
      await until(`another ${role} thread`, async () => {
        const thread = await newest(role)
        return thread !== undefined && thread !== old ? true : undefined
      })
    },
    /** Every stream has stored this many rows more. */
    async grown(by: number) {
      const before = (await status()).map(({ rows }) => rows)
      await until(
        `${by} more rows of every stream`,
        async () =>
          (await status()).every(
            ({ rows }, index) => rows >= (before[index] ?? 0) + by || rows < (before[index] ?? 0),
          ) || undefined,
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

// Tried again where the thread was ended in the middle of a query: then DuckDB's binding ends the process, which is a kill, and other tests are about those.
it('the store thread dies again and again: sockets do not notice, nothing is lost, nothing is doubled, there is no gap', {
  retry: 5,
}, async () => {
  const { status, stop, errors, live, end, grown } = await daemonBeside()
  await live()
  const connections = (await status()).map(({ reconnects }) => reconnects)
  for (let n = 0; n < 3; n++) {
    await grown(60)
    await end('store')
  }
  const last = now()
  await grown(60)
  expect((await status()).map(({ reconnects }) => reconnects)).toEqual(connections)
  await stop()
  expect(await errors()).toContain('PROCESS_CRASHED')
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
    const { status, stop, live, end, grown } = await daemonBeside()
    await live()
    const faults: Disturbance[] = []
    for (let n = 0; n < 2; n++) {
      await grown(60)
      const from = now()
      await end(role)
      await until('the streams down', async () => (await status()).some(({ state }) => state !== 'live') || undefined)
      await live()
      faults.push({ exchange: 'all', from, until: now() })
    }
    await grown(60)
    await stop()
    const gaps = await bench.gaps()
    expect(gaps.length).toBeGreaterThan(0)
    const { truth, problems, compared } = await differences(gaps)
    expect(unexplained(gaps, faults, truth)).toEqual([])
    expect(problems).toEqual([])
    expect(compared).toBeGreaterThan(500)
  },
)
