import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { Target } from '../history/target.js'
import type { Gap } from '../model/gaps.js'
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
