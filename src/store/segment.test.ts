import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readDataset } from '../../testkit/parquet.js'
import { TEN, TRADES, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import type { TradeRow } from '../model/row.js'
import { DAY, dayOf } from '../model/time.js'
import { Catalog } from './catalog.js'
import { DataFolder } from './data-folder.js'
import { Store } from './store.js'

/** No double holds it. */
const EXACT = '12345678901234567890.123456789'
const OTHER = 'binance trades ETH/USDT'

// Rows reach DuckDB in one chunk that is filled again and again: what stood in it before must not be seen, nor that there was nothing.
it('rows of several chunks keep what they hold and what they lack, and leave nothing to those after them', () =>
  withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
    const rows = Array.from({ length: 5000 }, (_, n) =>
      trade(n, {
        trade_id: n % 3 === Math.floor(n / 2048) ? null : `trade ${n}`,
        price: n % 5 === Math.floor(n / 2048) ? EXACT : '1.5',
        taker_side: n < 2100 ? null : 'sell',
      }),
    )
    await store.submit(await store.allocateLane(), 0, tradesBatch(rows))
    expect((await store.commit()).rows).toBe(5000)
    await store.publish({ all: true })
    await store.close()
    const seen = await readDataset(path, 'binance', 'trades', 'BTC/USDT')
    expect(seen.map(({ trade_id, price_text, taker_side }) => [trade_id, price_text, taker_side])).toEqual(
      rows.map(({ trade_id, price, taker_side }) => [trade_id, price === EXACT ? EXACT : null, taker_side]),
    )
  }))

const midnight = (TEN / DAY + 1n) * DAY
const at = (n: number, more: Partial<TradeRow> = {}) => {
  const exchange_time = midnight + BigInt(n) * 1_000_000n
  return trade(n + 100, { exchange_time, day: dayOf(exchange_time), ...more })
}

// What a publish looks for: rows of a partition that were counted elsewhere would never be seen.
it.each<[string, (readonly [string, readonly number[]])[], [string, number, number][]]>([
  ['one partition', [[TRADES, [0, 1, 2]]], [[TRADES, 1, 3]]],
  [
    'two, in turn',
    [[TRADES, [0, -1, 1, -2, -3]]],
    [
      [TRADES, 0, 3],
      [TRADES, 1, 2],
    ],
  ],
  [
    'two datasets in three batches',
    [
      [OTHER, [-1, 1]],
      [TRADES, [0]],
      [OTHER, [2]],
    ],
    [
      [OTHER, 0, 1],
      [OTHER, 1, 2],
      [TRADES, 1, 1],
    ],
  ],
])('a commit says how many rows it has of what: %s', (_, batches, wanted) =>
  withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
    const lane = await store.allocateLane()
    for (const [position, [dataset, rows]] of batches.entries())
      await store.submit(
        lane,
        position,
        tradesBatch(
          rows.map((n) => at(n)),
          [],
          dataset,
        ),
      )
    await store.commit()
    await store.close()
    const catalog = Catalog.openReadOnly(new DataFolder(path).catalog)
    const names = catalog.datasets()
    const day = dayOf(TEN)
    const held = catalog
      .parts()
      .flatMap(({ dataset, part, segments }) => segments.map(({ rows }) => [names.get(dataset), part - day, rows]))
    catalog.close()
    expect(held).toHaveLength(wanted.length)
    expect(held).toEqual(expect.arrayContaining(wanted))
  }),
)
