import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { Target } from '../history/target.js'
import type { Gap } from '../model/gaps.js'
import { DAY } from '../model/time.js'
import { Healer } from './healer.js'

const DATASET = 'kraken trades BTC/USD'
const TARGET: Target = { exchange: 'kraken', pair: 'BTC/USD', channel: 'trades' }
const GAP: Gap = { dataset: DATASET, from: 0n, until: 1n, code: 'CONNECTION_LOST', detail: '' }

it('a stop while the ledger is looked through begins no repair any more, and waits for nothing else', async () => {
  const clock = new FakeClock()
  const looks: ((gaps: readonly Gap[]) => void)[] = []
  let repairs = 0
  const healer = new Healer({
    clock,
    targets: () => new Map([[DATASET, TARGET]]),
    commit: async () => {},
    gaps: () => new Promise((resolve) => looks.push(resolve)),
    repair: async () => {
      repairs++
      return true
    },
    filedAfterMs: () => undefined,
    repairFromFiles: async () => true,
    onError: (error) => {
      throw error
    },
  })
  healer.start()
  clock.advance(7000)
  await Promise.resolve()
  const stopped = healer.stop()
  expect(looks).toHaveLength(1)
  looks[0]?.([GAP])
  await stopped
  expect(repairs).toBe(0)
})

it('what is lost to requests is taken from the file of its day once there is one, and looked for again each day for a week', async () => {
  const clock = new FakeClock()
  const day = clock.wall() - (clock.wall() % DAY)
  const lost = { code: 'HISTORY_OUT_OF_REACH', detail: 'too old' } as const
  const gap: Gap = { ...GAP, from: day + 5n, until: day + 9n, lost }
  const filled: bigint[] = []
  const healer = new Healer({
    clock,
    targets: () => new Map([[DATASET, TARGET]]),
    commit: async () => {},
    gaps: async () => [gap],
    repair: async () => {
      throw new Error('requests do not reach it')
    },
    filedAfterMs: () => 6 * 3_600_000,
    repairFromFiles: async (targets, since) => {
      expect(targets).toEqual([TARGET])
      expect(since <= gap.from).toBe(true)
      filled.push((clock.wall() - day) / (DAY / 24n))
      return true
    },
    onError: (error) => {
      throw error
    },
  })
  healer.start()
  for (let hour = 0; hour < 12 * 24; hour++) await clock.run(3_600_000)
  await healer.stop()
  expect(filled[0]).toBeGreaterThanOrEqual(30n)
  expect(filled[0]).toBeLessThanOrEqual(31n)
  expect(filled).toHaveLength(6)
  for (const [at, hour] of filled.entries()) if (at > 0) expect(hour - (filled[at - 1] ?? 0n)).toBeLessThanOrEqual(25n)
})

// A slow exchange was asked for each hole twice: by the repair that was under way, and by the next look.
it('a gap that is being filled is not asked for a second time; another exchange does not wait for it, and what comes to light meanwhile follows', async () => {
  const clock = new FakeClock()
  const other: Target = { exchange: 'binance', pair: 'BTC/USDT', channel: 'trades' }
  let gaps = [GAP]
  const repairs: { readonly targets: readonly Target[]; readonly end: (fine: boolean) => void }[] = []
  const healer = new Healer({
    clock,
    targets: () =>
      new Map([
        [DATASET, TARGET],
        ['binance trades BTC/USDT', other],
      ]),
    commit: async () => {},
    gaps: async () => gaps,
    repair: (targets) => new Promise((end) => repairs.push({ targets, end })),
    filedAfterMs: () => undefined,
    repairFromFiles: async () => true,
    onError: (error) => {
      throw error
    },
  })
  const asked = () => repairs.map(({ targets }) => targets)
  healer.start()
  await clock.run(7000)
  expect(asked()).toEqual([[TARGET]])
  gaps = [GAP, { ...GAP, dataset: 'binance trades BTC/USDT' }]
  healer.disturbed()
  await clock.run(7000)
  expect(asked()).toEqual([[TARGET], [other]])
  // The second hole of the slow one was there before its repair was over.
  for (const { end } of repairs) end(true)
  gaps = [{ ...GAP, from: 2n, until: 3n }]
  await clock.run(7000)
  expect(asked()).toEqual([[TARGET], [other], [TARGET]])
  repairs.at(-1)?.end(true)
  await healer.stop()
})
