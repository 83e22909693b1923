import { expect, it } from 'vitest'
import type { Gap } from '../model/gaps.js'
import { SECOND } from '../model/time.js'
import { compareCandles } from './compare.js'
import type { DerivedCandle, StoredRow } from './services.js'

const MINUTE = 60n * SECOND
const DATASET = { exchange: 'x', kind: 'ohlc', pair: 'A/B', interval: '1m' } as const

const made = (minute: number, close = 1): DerivedCandle => ({
  open_time: BigInt(minute) * MINUTE,
  open: 1,
  high: 1,
  low: 1,
  close,
  volume: 0.3,
  quote_volume: 0.3,
  trades: 2n,
  taker_buy_volume: 0,
  vwap: 1,
})
const stored = (minute: number, volume = '0.3'): StoredRow => ({
  open_time: BigInt(minute) * MINUTE,
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume,
  trades: null,
})

function data(derived: readonly DerivedCandle[], native: readonly StoredRow[], gaps: readonly Gap[] = []) {
  return {
    async *derivedCandles() {
      yield* derived
    },
    async *scan() {
      yield* native
    },
    gaps: () => [...gaps],
  }
}

it('counts what is equal, names what differs, and what one side lacks although there were trades', async () => {
  const minutes = [0, 1, 2, 3, 4, 5, 6, 7]
  const derived = minutes.filter((minute) => minute !== 4).map((minute) => made(minute, minute === 2 ? 1.5 : 1))
  const native = minutes.filter((minute) => minute !== 5).map((minute) => stored(minute))
  const { compared, equal, differing, differences } = await compareCandles(data(derived, native), DATASET)
  expect([compared, equal, differing]).toEqual([4, 3, 3])
  expect(differences.map(({ what }) => what)).toEqual([
    'close 1 from 1.5',
    'the exchange has a volume of 0.3, no trade is stored',
    'trades are stored, the exchange’s candle is not',
  ])
})

it('holds nothing against a candle that a gap of the trades touches, nor against a quiet one', async () => {
  const gap: Gap = {
    dataset: 'x trades A/B',
    from: 2n * MINUTE + SECOND,
    until: 2n * MINUTE + 2n * SECOND,
    code: 'CONNECTION_LOST',
    detail: '',
  }
  const derived = [made(0), made(1), made(2, 9), made(4), made(5)]
  const native = [stored(0), stored(1), stored(2), stored(3, '0'), stored(4), stored(5)]
  expect(await compareCandles(data(derived, native, [gap]), DATASET)).toMatchObject({
    compared: 2,
    equal: 2,
    differing: 0,
  })
})

it('compares nothing where no trades are stored', async () => {
  expect(await compareCandles(data([], [stored(1)]), DATASET)).toMatchObject({ compared: 0, differing: 0 })
})
