import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { visibleFiles } from '../../testkit/parquet.js'
import { candle, TEN, TRADES, trade, withFolder } from '../../testkit/store-rows.js'
import type { OhlcRow, TradeRow } from '../model/row.js'
import { DAY, dayOf } from '../model/time.js'
import type { Split } from './catalog.js'
import { ColumnBuilder } from './columns.js'
import { hashFile } from './durable-file.js'
import { orderedSegment } from './ordered-segment.js'
import { Store } from './store.js'

const CANDLES = 'binance ohlc BTC/USDT 1m'
const OTHER = 'binance trades ETH/USDT'
const IDS = new Map([
  [TRADES, 7],
  [OTHER, 3],
])
/** No double holds it. */
const EXACT = '12345678901234567890.123456789'

/** Trades of a past: two in each millisecond, ids that get longer, midnight among them, numbers and texts of every sort. */
function past(n: number, more: Partial<TradeRow> = {}): TradeRow {
  const exchange_time = (TEN / DAY) * DAY + DAY + BigInt((n - 50) >> 1) * 1_000_000n
  const price = n % 17 === 0 ? EXACT : n % 29 === 0 ? 'not a number' : `${100 + (n % 5)}.5`
  const taker_side = n % 7 === 0 ? null : n % 2 === 0 ? 'buy' : 'sell'
  return trade(n, {
    exchange_time,
    day: dayOf(exchange_time),
    trade_id: `${95 + n}`,
    source: 'backfill',
    price,
    amount: `0.${n + 1}`,
    taker_side,
    ...more,
  })
}

function oldCandle(n: number): OhlcRow {
  const quote_volume = n % 3 === 0 ? null : `${n * 10}.5`
  return candle(n, { source: 'backfill', quote_volume, vwap: n === 5 ? '1.25' : null, trades: n % 4 === 0 ? null : 7n })
}

/** The visible files of a folder in which each list was committed: their names and what is in them. */
async function published(dataPath: string, lists: readonly (readonly [string, TradeRow | OhlcRow])[][]) {
  const store = await Store.open({ dataPath, clock: new FakeClock(TEN), memoryLimit: '128MB' })
  const lane = await store.allocateLane()
  let isOrdered = true
  for (const [position, rows] of lists.entries()) {
    const builder = new ColumnBuilder()
    for (const [dataset, row] of rows)
      if ('open_time' in row) builder.row('ohlc', dataset, row)
      else builder.row('trades', dataset, row)
    const batch = builder.take()
    isOrdered &&= batch.kinds.every((kind) => orderedSegment([kind], new Map(), []) !== undefined)
    await store.submit(lane, position, batch)
    expect((await store.commit()).rows).toBe(rows.length)
  }
  await store.publish({ all: true })
  await store.close()
  const files = visibleFiles(dataPath).filter((path) => !path.includes('kind=coverage'))
  const hashes = await Promise.all(files.map(async (path) => (await hashFile(path)).hash))
  return { isOrdered, hashes, names: files.map((path) => path.slice(dataPath.length)) }
}

it('what a past makes visible is the same, byte for byte, however its rows came and were written', () =>
  withFolder(async (path) => {
    const rows = Array.from({ length: 120 }, (_, n): (readonly [string, TradeRow | OhlcRow])[] => [
      [TRADES, past(n)],
      [OTHER, past(n, { price: '2' })],
      [CANDLES, oldCandle(n)],
    ]).flat()
    const inTurn = await published(join(path, 'in-turn'), [rows.slice(0, 200), rows.slice(200)])
    const sorted = await published(join(path, 'sorted'), [[...rows].reverse()])
    expect([inTurn.isOrdered, sorted.isOrdered]).toEqual([true, false])
    expect(inTurn.names).toHaveLength(5)
    expect(inTurn.names).toEqual(sorted.names)
    expect(inTurn.hashes).toEqual(sorted.hashes)
  }))

it('rows of each dataset and partition are counted', () => {
  const builder = new ColumnBuilder()
  for (let n = 0; n < 120; n++)
    for (const dataset of n % 3 === 0 ? [TRADES] : [OTHER, TRADES]) builder.row('trades', dataset, past(n))
  const segment = orderedSegment(builder.take().kinds, IDS, [])
  const day = dayOf(TEN)
  expect(segment?.parts).toEqual([
    { dataset: 7, part: day, rows: 50 },
    { dataset: 7, part: day + 1, rows: 70 },
    { dataset: 3, part: day, rows: 33 },
    { dataset: 3, part: day + 1, rows: 47 },
  ])
})

it.each<[string, TradeRow[], Split[]]>([
  ['live rows, whose files are written often', [past(1), past(2, { source: 'stream' })], []],
  ['rows that came late', [past(4), past(1, { trade_id: '999' })], []],
  ['two rows of one id', [past(0), past(1), past(1)], []],
  ['equal times, of which the ids are no numbers', [past(0, { trade_id: 'a' }), past(1, { trade_id: 'b' })], []],
  ['rows without a time', [past(0, { exchange_time: null }), past(1)], []],
  [
    'a date of which the hours have files',
    [past(0), past(1)],
    [{ dataset: 7, part: dayOf(TEN), firstSlot: 1_000_000 }],
  ],
])('%s are sorted by DuckDB', (_, rows, splits) => {
  const builder = new ColumnBuilder()
  for (const row of rows) builder.row('trades', TRADES, row)
  expect(orderedSegment(builder.take().kinds, IDS, splits)).toBeUndefined()
})

it('a segment that was cut or changed before it was published is not taken for what it was', () =>
  withFolder(async (dataPath) => {
    const store = await Store.open({ dataPath, clock: new FakeClock(TEN), memoryLimit: '128MB' })
    const builder = new ColumnBuilder()
    for (let n = 0; n < 20; n++) builder.row('trades', TRADES, past(n))
    await store.submit(await store.allocateLane(), 0, builder.take())
    await store.commit()
    const path = join(dataPath, '.dccd', 'tail', '1-trades.seg')
    const bytes = await readFile(path)

    bytes[20] = (bytes[20] ?? 0) ^ 1
    await writeFile(path, bytes)
    await expect(store.publish({ all: true })).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    await store.close()
  }))
