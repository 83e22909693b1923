import { readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readDataset, visibleFiles } from '../../testkit/parquet.js'
import { candle, collect, delta, TEN, TRADES, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import type { Dataset } from '../model/dataset.js'
import { DAY, dayOf, type Nanos, SECOND } from '../model/time.js'
import { ColumnBuilder } from './columns.js'
import { ReadOnlyData } from './reader.js'
import { Sqlite } from './sqlite.js'
import { Store } from './store.js'

const DATASET: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }
const HOUR = 3600n * SECOND
const ALWAYS = [0n, 2n ** 62n] as const

const open = (dataPath: string, clock: FakeClock, splitRows = 3) =>
  Store.open({ dataPath, clock, threads: 1, memoryLimit: '128MB', splitRows })
const at = (n: number, time: Nanos) => trade(n, { exchange_time: time, receive_time: time + 1n, day: dayOf(time) })
const names = (path: string, kind = 'trades') =>
  visibleFiles(path)
    .map((file) => basename(file))
    .filter((name) => name.includes(`-${kind}-`))
const outside = async (path: string) =>
  (await readDataset(path, 'binance', 'trades', 'BTC/USDT')).map(({ trade_id }) => String(trade_id))
const inside = async (store: Store) => (await collect(store.scan(DATASET, ...ALWAYS))).map(({ trade_id }) => trade_id)

/** Trades of three hours and the next morning, committed and published hour by hour. */
async function record(store: Store, clock: FakeClock): Promise<void> {
  const lane = await store.allocateLane()
  for (const hour of [0n, 1n, 2n, 14n]) {
    const first = Number(hour) * 10
    const rows = [0, 1, 2].map((n) => at(first + n, TEN + hour * HOUR + BigInt(n) * SECOND))
    await store.submit(lane, Number(hour), tradesBatch(rows))
    await store.commit()
    await store.publish()
    clock.advance(hour === 2n ? 12 * 3_600_000 : 3_600_000)
  }
}
const ALL = [0, 1, 2, 10, 11, 12, 20, 21, 22, 140, 141, 142].map(String)

async function findings(path: string) {
  const data = await ReadOnlyData.open(path)
  try {
    return (await (await data.verifier()).verify({ deep: true })).findings
  } finally {
    await data.close()
  }
}

describe('a partition of many rows', () => {
  it('has files of its hours from then on: each row in one file, read in order from outside and inside', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      await record(store, clock)
      expect(names(path)).toEqual([
        'binance-trades-BTC-USDT-2026-11-23.parquet',
        'binance-trades-BTC-USDT-2026-11-23T11.parquet',
        'binance-trades-BTC-USDT-2026-11-23T12.parquet',
        'binance-trades-BTC-USDT-2026-11-24T00.parquet',
      ])
      expect(await outside(path)).toEqual(ALL)
      expect(await inside(store)).toEqual(ALL)
      expect((await store.inventory())[0]).toMatchObject({
        first: '2026-11-23',
        last: '2026-11-24',
        files: 4,
        rows: 12,
      })
      const noon = await collect(store.scan(DATASET, TEN + HOUR, TEN + 2n * HOUR))
      expect(noon.map(({ trade_id }) => trade_id)).toEqual(['10', '11', '12'])
      await store.close()
      expect(await findings(path)).toEqual([])
      const data = await ReadOnlyData.open(path)
      const ranges = await data.reader.eventRanges()
      expect(ranges.get(TRADES)).toEqual({ first: TEN, last: TEN + 14n * HOUR + 2n * SECOND })
      const out = join(path, 'copy')
      expect(await data.reader.copy(DATASET, ...ALWAYS, undefined, out)).toBe(12)
      await data.close()
    }))

  it('takes late rows, and rows that came before, where they were: none is in two files', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      await record(store, clock)
      const late = [at(3, TEN + 3n * SECOND), at(2, TEN + 2n * SECOND), at(11, TEN + HOUR + SECOND)]
      await store.submit(await store.allocateLane(), 0, tradesBatch([...late, at(13, TEN + HOUR + 3n * SECOND)]))
      await store.commit()
      expect(await inside(store)).toEqual(['0', '1', '2', '3', '10', '11', '12', '13', ...ALL.slice(6)])
      await store.publish({ all: true })
      expect(await outside(path)).toEqual(['0', '1', '2', '3', '10', '11', '12', '13', ...ALL.slice(6)])
      expect(names(path)).toHaveLength(4)
      await store.close()
      expect(await findings(path)).toEqual([])
    }))

  it('stays whole while rows reach into its last hour: a row of the future must not be stored twice', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      const lane = await store.allocateLane()
      const ahead = at(99, TEN + 13n * HOUR)
      await store.submit(lane, 0, tradesBatch([at(0, TEN), at(1, TEN + SECOND), at(2, TEN + 2n * SECOND), ahead]))
      await store.commit()
      await store.publish()
      await store.submit(lane, 1, tradesBatch([ahead, at(10, TEN + HOUR)]))
      await store.commit()
      await store.publish({ all: true })
      expect(await outside(path)).toEqual(['0', '1', '2', '10', '99'])
      await store.close()
    }))

  it('comes back from the backup of the catalog as it was split', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      await record(store, clock)
      for (const end of ['', '-wal', '-shm']) rmSync(join(path, `.dccd/catalog/catalog.db${end}`), { force: true })
      const again = await open(path, clock)
      expect(await again.isRestored()).toBe(true)
      // The backup is of the first publish: what came after it is derived again, by another lane.
      const rows = [10, 11, 12].map((n) => at(n, TEN + HOUR + BigInt(n - 10) * SECOND))
      await again.submit(await again.allocateLane(), 0, tradesBatch([...rows, at(13, TEN + HOUR + 3n * SECOND)]))
      await again.commit()
      await again.publish({ all: true })
      expect(await outside(path)).toEqual([...ALL.slice(0, 6), '13', ...ALL.slice(6)])
      await again.close()
      expect(await findings(path)).toEqual([])
    }))

  it('is made again to the same bytes from commits at other moments, with more threads, in another order of lanes', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      await record(store, clock)
      await store.publish({ all: true })
      await store.close()
      await withFolder(async (other) => {
        const anew = await Store.open({ dataPath: other, clock: new FakeClock(TEN + 3n * DAY), threads: 4 })
        await anew.adoptLayout(path)
        const hours = [14n, 2n, 0n, 1n]
        const rows = hours.flatMap((hour) =>
          [2, 0, 1].map((n) => at(Number(hour) * 10 + n, TEN + hour * HOUR + BigInt(n) * SECOND)),
        )
        for (const [position, part] of [rows.slice(0, 5), rows.slice(4)].entries()) {
          await anew.submit(await anew.allocateLane(), position, tradesBatch(part))
          await anew.commit()
        }
        await anew.publish({ all: true })
        await anew.close()
        expect(names(other)).toEqual(names(path))
        for (const [index, file] of visibleFiles(path).entries())
          expect(readFileSync(visibleFiles(other)[index] ?? '').equals(readFileSync(file)), file).toBe(true)
      })
    }))
})

it('a book is rebuilt over the files of its hours, and a year of candles is split by day', () =>
  withFolder(async (path) => {
    const clock = new FakeClock(TEN)
    const store = await open(path, clock)
    const lane = await store.allocateLane()
    const book: Dataset = { ...DATASET, kind: 'book_deltas' }
    for (const hour of [0, 1, 2]) {
      const builder = new ColumnBuilder()
      for (let n = hour * 4; n < hour * 4 + 4; n++) {
        const time = TEN + BigInt(hour) * HOUR + BigInt(n) * SECOND
        const times = { exchange_time: time, receive_time: time + 1n }
        builder.row('book_deltas', 'binance book_deltas BTC/USDT', delta(n, times))
        const open_time = TEN + BigInt(hour) * DAY + BigInt(n) * 60n * SECOND
        builder.row('ohlc', 'binance ohlc BTC/USDT 1m', candle(n, { open_time, day: dayOf(open_time) }))
      }
      await store.submit(lane, hour, builder.take())
      await store.commit()
      await store.publish()
      clock.advance(3_600_000)
    }
    expect(names(path, 'ohlc')).toEqual([
      'binance-ohlc-BTC-USDT-1m-2026-11-24.parquet',
      'binance-ohlc-BTC-USDT-1m-2026-11-25.parquet',
      'binance-ohlc-BTC-USDT-1m-2026.parquet',
    ])
    expect(names(path, 'book_deltas')).toHaveLength(3)
    await store.close()
    expect(await findings(path)).toEqual([])
    const data = await ReadOnlyData.open(path)
    const rows = await collect(data.reader.bookRows(book, TEN + 2n * HOUR + 9n * SECOND))
    expect(rows.map(({ first_sequence }) => Number(first_sequence))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await data.close()
  }))

it('a catalog of the first version is read as it is, and becomes one of this version when it is written', () =>
  withFolder(async (path) => {
    const clock = new FakeClock(TEN)
    const store = await open(path, clock)
    await store.submit(await store.allocateLane(), 0, tradesBatch([at(1, TEN)]))
    await store.commit()
    await store.close()
    const file = join(path, '.dccd/catalog/catalog.db')
    const version = (change = '') => {
      const db = new Sqlite(file, { timeoutMs: 0 })
      if (change) db.exec(change)
      const [row] = db.all("SELECT value FROM meta WHERE key = 'version'")
      db.close()
      return row?.value
    }
    expect(version("DROP TABLE splits; DROP TABLE lost; UPDATE meta SET value = '1' WHERE key = 'version'")).toBe('1')
    expect(await findings(path)).toEqual([])
    const again = await open(path, clock)
    await again.publish({ all: true })
    expect(await inside(again)).toEqual(['1'])
    await again.close()
    expect(version()).toBe('2')
  }))
