import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { collect, TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { INTERVALS, type Interval } from '../model/dataset.js'
import { dayOf, SECOND } from '../model/time.js'
import { decodeCandle } from './derived-candles.js'
import { ReadOnlyData } from './reader.js'
import { Store } from './store.js'

const DATASET = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' } as const
const WEEK_BEGINS = 1_795_392_000n // Monday, 2026-11-23

interface Made {
  readonly second: number
  readonly price: number
  readonly amount: number
  readonly buy: boolean
}

const trades = fc.array(
  fc.record({
    second: fc.nat(200_000),
    price: fc.integer({ min: 1, max: 1000 }),
    amount: fc.integer({ min: 1, max: 50 }),
    buy: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
)
const intervals: Interval[] = ['1m', '15m', '1h', '1d', '1w']

/** The same by hand. */
function expected(made: readonly Made[], interval: Interval) {
  const span = INTERVALS[interval]
  const candles = new Map<number, Made[]>()
  const inOrder = made.map((each, id) => ({ ...each, id })).sort((a, b) => a.second - b.second || a.id - b.id)
  for (const each of inOrder) {
    const time = Number(TEN / SECOND) + each.second
    const monday = interval === '1w' ? Number(WEEK_BEGINS) % span : 0
    const open = Math.floor((time - monday) / span) * span + monday
    candles.set(open, [...(candles.get(open) ?? []), each])
  }
  return [...candles]
    .sort(([a], [b]) => a - b)
    .map(([open, list]) => {
      const prices = list.map(({ price }) => price)
      const sum = (of: readonly Made[]) => of.reduce((total, { amount }) => total + amount, 0)
      return {
        open_time: BigInt(open) * SECOND,
        open: prices[0],
        high: Math.max(...prices),
        low: Math.min(...prices),
        close: prices.at(-1),
        volume: sum(list),
        quote_volume: list.reduce((total, { price, amount }) => total + price * amount, 0),
        trades: BigInt(list.length),
        taker_buy_volume: sum(list.filter(({ buy }) => buy)),
      }
    })
}

describe('candles made from trades', () => {
  it('equal those made by hand, over the borders of days and weeks, for any interval', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(trades, fc.constantFrom(...intervals), (made, interval) =>
        withFolder(async (path) => {
          const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
          const rows = made.map(({ second, price, amount, buy }, id) => {
            const exchange_time = TEN + BigInt(second) * SECOND
            const taker_side = buy ? ('buy' as const) : ('sell' as const)
            const values = { price: String(price), amount: String(amount), taker_side }
            return trade(id, { exchange_time, day: dayOf(exchange_time), ...values })
          })
          await store.submit(await store.allocateLane(), 0, tradesBatch(rows))
          await store.commit()
          await store.close()
          const data = await ReadOnlyData.open(path)
          const candles = await collect(data.reader.derivedCandles(DATASET, interval, 0n, 2n ** 62n))
          await data.close()
          expect(candles).toMatchObject(expected(made, interval))
          for (const { vwap, quote_volume, volume } of candles) expect(vwap).toBeCloseTo(quote_volume / volume)
        }),
      ),
      { numRuns: 12 },
    ),
  )

  it('a sum is the same whichever thread had which rows', () => {
    const values = [0n, 1, 1, 1, 1, 1.0000000000000002, 9.801079999999999, 10n, 0.9999999999999999, 67004.28286232744]
    expect(decodeCandle(values)).toMatchObject({
      volume: 1,
      quote_volume: 9.80108,
      taker_buy_volume: 1,
      vwap: 67004.2828623274,
    })
  })

  it('volume is what the amounts make, not what adding doubles one by one leaves: ten times 0.1 is 1', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
      const rows = Array.from({ length: 10 }, (_, id) =>
        trade(id, { exchange_time: TEN, day: dayOf(TEN), price: '10', amount: '0.1', taker_side: 'buy' }),
      )
      await store.submit(await store.allocateLane(), 0, tradesBatch(rows))
      await store.commit()
      await store.close()
      const data = await ReadOnlyData.open(path)
      const [candle] = await collect(data.reader.derivedCandles(DATASET, '1h', 0n, 2n ** 62n))
      await data.close()
      expect(candle).toMatchObject({ volume: 1, quote_volume: 10, taker_buy_volume: 1, vwap: 10 })
    }))

  it('WEEK_BEGINS is a Monday', () => {
    expect(new Date(Number(WEEK_BEGINS) * 1000).getUTCDay()).toBe(1)
  })

  it.each(['tick', 'volume', 'dollar'] as const)('%s bars end with the trade that reaches the border', (by) =>
    fc.assert(
      fc.asyncProperty(trades, fc.integer({ min: 1, max: 40 }), (made, size) =>
        withFolder(async (path) => {
          const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
          const rows = made.map(({ second, price, amount, buy }, id) => {
            const exchange_time = TEN + BigInt(second) * SECOND
            const taker_side = buy ? ('buy' as const) : ('sell' as const)
            const values = { price: String(price), amount: String(amount), taker_side }
            return trade(id, { exchange_time, day: dayOf(exchange_time), ...values })
          })
          await store.submit(await store.allocateLane(), 0, tradesBatch(rows))
          await store.commit()
          await store.close()
          const data = await ReadOnlyData.open(path)
          const bars = await collect(data.reader.derivedCandles(DATASET, { by, size }, 0n, 2n ** 62n))
          await data.close()
          const inOrder = made.map((each, id) => ({ ...each, id })).sort((a, b) => a.second - b.second || a.id - b.id)
          const counts = new Map<number, number>()
          let before = 0
          for (const { price, amount } of inOrder) {
            const bar = Math.floor(before / size)
            counts.set(bar, (counts.get(bar) ?? 0) + 1)
            before += by === 'tick' ? 1 : by === 'volume' ? amount : price * amount
          }
          expect(bars.map((bar) => Number(bar.trades))).toEqual([...counts.values()])
          expect(bars.map((bar) => bar.close).at(-1)).toBe(inOrder.at(-1)?.price)
        }),
      ),
      { numRuns: 6 },
    ),
  )
})
