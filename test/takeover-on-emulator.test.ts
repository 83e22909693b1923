import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { Cleanup } from '../testkit/emulator-client.js'
import { type RecordedStream, startRig } from '../testkit/recording-rig.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const counts = z.object({
  exchanges: z.record(z.string(), z.object({ connections: z.number(), connections_opened: z.number() })),
})
type Rig = Awaited<ReturnType<typeof startRig>>

const connections = async (rig: Rig) => counts.parse(await rig.state()).exchanges
const until = (condition: () => boolean | Promise<boolean>) =>
  expect.poll(condition, { timeout: 50_000, interval: 50 }).toBe(true)

/** Everything brings rows, and enough to compare: whoever took over goes on. */
async function goesOn({ reports }: Rig): Promise<void> {
  const before = new Map([...reports].map(([key, { rows }]) => [key, rows]))
  await until(() => [...reports].every(([key, { rows }]) => rows > (before.get(key) ?? 0) + 40))
}

async function expectWhole(rig: Rig): Promise<void> {
  const { gaps, verdict } = await rig.verdict()
  expect(gaps).toEqual([])
  expect(verdict.problems).toEqual([])
  expect(verdict.trades).toBeGreaterThan(50)
  expect(verdict.book_states).toBeGreaterThan(200)
}

it('an end that the exchange announces is met by the next connection: no gap, no row twice', async () => {
  const streams: RecordedStream[] = [
    { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book', 'quotes'] },
    { exchange: 'binance_usdm', pairs: ['BTC/USDT:perp'], channels: ['trades', 'book', 'mark_price'] },
    { exchange: 'bitfinex', pairs: ['BTC/USD', 'ETH/USD'], channels: ['trades', 'book'] },
    { exchange: 'okx', pairs: ['BTC/USDT', 'BTC/USDT:perp'], channels: ['trades', 'book'] },
  ]
  const rig = await startRig(cleanup, { emulator: { seed: '6', rate: 20 }, streams })
  await until(rig.isLive)
  const before = await connections(rig)
  // Longer than a busy machine needs; the venues give from seconds to minutes.
  await rig.fault(
    ...streams.map(({ exchange }) => ({ fault: 'close', exchange, notice: true, ms: 30_000, reason: 'announced' })),
  )
  await until(async () => {
    const now = await connections(rig)
    return Object.entries(before).every(([id, was]) => {
      const is = now[id]
      return is?.connections_opened === 2 * was.connections && is.connections === was.connections
    })
  })
  await goesOn(rig)
  await expectWhole(rig)
})

it('connections that the exchange ends by schedule are replaced before, again and again: no gap, no row twice', async () => {
  const lifetimeMs = 10_000
  const streams: RecordedStream[] = [
    { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book', 'quotes'] },
    { exchange: 'binance_usdm', pairs: ['BTC/USDT:perp'], channels: ['trades', 'book'] },
  ]
  const rig = await startRig(cleanup, {
    emulator: { seed: '8', rate: 20, lifetimeMs },
    streams,
    adapter: (own) => ({ ...own, limits: { ...own.limits, connectionLifetimeMs: lifetimeMs } }),
  })
  await until(rig.isLive)
  const before = await connections(rig)
  await until(async () => {
    const now = await connections(rig)
    return Object.entries(before).every(([id, was]) => (now[id]?.connections_opened ?? 0) >= 3 * was.connections)
  })
  await goesOn(rig)
  await expectWhole(rig)
})
