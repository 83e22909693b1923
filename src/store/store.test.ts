import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readParquet, visibleFiles } from '../../testkit/parquet.js'
import { candle, collect, delta, TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { type Dataset, datasetKey } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import { SECOND } from '../model/time.js'
import { CatalogView } from './catalog-view.js'
import { ColumnBuilder } from './columns.js'
import { Store } from './store.js'

const DATASET: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }
const VISIBLE = 'exchange=binance/kind=trades/pair=BTC-USDT/date=2026-11-23/binance-trades-BTC-USDT-2026-11-23.parquet'
const ALWAYS = [0n, 2n ** 62n] as const

const open = (dataPath: string, clock = new FakeClock(TEN)) => Store.open({ dataPath, clock })

/** All files below `path`, relative, sorted. */
function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort()
}

/** What another program sees through the documented glob. */
async function outside(path: string, kind = 'trades'): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const glob = `${path}/exchange=*/kind=${kind}/**/*.parquet`
  const result = await connection.runAndReadAll(
    `SELECT * FROM read_parquet('${glob}', hive_partitioning = true) ORDER BY frame, row`,
  )
  return result.getRowObjectsJS()
}

describe('Store', () => {
  it('makes committed rows visible to other programs, exact to the nanosecond and the digit', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const lane = await store.allocateLane()
      const rows = [
        trade(1, { exchange_time: TEN + 123_456_789n, price: '0.1', amount: '12345678901234567890.123456789' }),
        trade(2, { exchange_time: null, trade_id: null, taker_side: null }),
        trade(3, { trade_id: '9007199254740993' }),
      ]
      await store.submit(lane, 9, tradesBatch(rows))
      expect(await store.commit()).toEqual({ positions: [{ lane, position: 9 }], rows: 3 })
      expect(await store.publish()).toBe(1)
      const raw = await readParquet(join(path, VISIBLE))
      expect(raw).toEqual([
        expect.objectContaining({ exchange_time: null, trade_id: null, taker_side: null, price: 65000.1 }),
        {
          exchange_time: TEN + 123_456_789n,
          receive_time: TEN + SECOND + 5_000_001n,
          trade_id: '1',
          price: 0.1,
          price_text: null,
          amount: 12345678901234567000,
          amount_text: '12345678901234567890.123456789',
          taker_side: 'buy',
          source: 'stream',
          frame: (1n << 36n) + 1n,
          row: 0,
        },
        expect.objectContaining({ trade_id: '9007199254740993' }),
      ])
      expect(await outside(path)).toHaveLength(3)
      const scanned = await collect(store.scan(DATASET, ...ALWAYS, ['trade_id', 'amount']))
      expect(scanned[1]).toEqual({ trade_id: '1', amount: '12345678901234567890.123456789' })
      await store.close()
      expect(filesIn(join(path, '.dccd')).filter((name) => name.endsWith('.parquet'))).toEqual([])
    }))

  it('leaves what it has no time to publish for the next time, and loses none of it', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const lane = await store.allocateLane()
      const builder = new ColumnBuilder()
      const keys = Array.from({ length: 12 }, (_, at) => `binance trades C${at}/USDT`)
      for (const [at, key] of keys.entries()) builder.row('trades', key, trade(at))
      await store.submit(lane, 12, builder.take())
      await store.commit()
      const publishing = store.publish({ all: true })
      await store.haltPublishing()
      const first = await publishing
      expect(first).toBeLessThan(keys.length)
      expect(await store.publish({ all: true })).toBe(keys.length - first)
      expect(visibleFiles(path).filter((each) => each.includes('kind=trades'))).toHaveLength(keys.length)
      await store.close()
    }))

  it('reads published and unpublished rows as one', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const lane = await store.allocateLane()
      await store.submit(lane, 1, tradesBatch([trade(1), trade(3)]))
      await store.commit()
      await store.publish()
      await store.submit(lane, 2, tradesBatch([trade(2), trade(3)]))
      await store.commit()
      const ids = (await collect(store.scan(DATASET, ...ALWAYS))).map((row) => row.trade_id)
      expect(ids).toEqual(['1', '2', '3'])
      expect(await outside(path)).toHaveLength(2)
      const some = await collect(store.scan(DATASET, TEN + 2n * SECOND, TEN + 3n * SECOND))
      expect(some.map((row) => row.trade_id)).toEqual(['2'])
      const [entry] = await store.inventory()
      expect(entry).toMatchObject({ rows: 4, unpublishedRows: 2, files: 1, first: '2026-11-23', last: '2026-11-23' })
      await store.close()
    }))

  it('stores every kind under its documented path', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const builder = new ColumnBuilder()
      builder.row('book_deltas', 'kraken book_deltas BTC/USDT:perp', delta(0))
      builder.row('book_deltas', 'kraken book_deltas BTC/USDT:perp', delta(1, { first_sequence: null }))
      builder.row('ohlc', 'kraken ohlc BTC/USD 1m', candle(0))
      builder.row('ohlc', 'kraken ohlc BTC/USD 1m', candle(1, { trades: null, volume: '0.30000000000000000001' }))
      await store.submit(await store.allocateLane(), 0, builder.take())
      await store.commit()
      await store.publish()
      await store.close()
      expect(visibleFiles(path).map((name) => name.slice(path.length + 1))).toEqual([
        'exchange=kraken/kind=book_deltas/pair=BTC-USDT-perp/date=2026-11-23/kraken-book_deltas-BTC-USDT-perp-2026-11-23.parquet',
        'exchange=kraken/kind=ohlc/pair=BTC-USD/interval=1m/year=2026/kraken-ohlc-BTC-USD-1m-2026.parquet',
      ])
      expect(await outside(path, 'book_deltas')).toMatchObject([
        { is_snapshot: true, first_sequence: 0n, side: 'bid' },
        { is_snapshot: false, first_sequence: null, side: 'ask' },
      ])
      expect(await outside(path, 'ohlc')).toMatchObject([
        { trades: 7n, volume_text: null, quote_volume: null },
        { trades: null, volume: 0.3, volume_text: '0.30000000000000000001' },
      ])
    }))

  it('gives the same bytes however the rows were split into batches and commits', () =>
    withFolder(async (path) => {
      const rows = Array.from({ length: 60 }, (_, n) => trade(n, n % 7 === 0 ? { trade_id: null } : {}))
      const bytes: Buffer[] = []
      for (const [index, size] of [60, 7, 25].entries()) {
        const data = join(path, String(index))
        const store = await open(data)
        const lane = await store.allocateLane()
        for (let from = 0; from < rows.length; from += size) {
          await store.submit(lane, from, tradesBatch(rows.slice(from, from + size).reverse()))
          if (index > 0) await store.commit()
          if (index === 2) await store.publish({ all: true })
        }
        await store.commit()
        await store.publish({ all: true })
        await store.close()
        bytes.push(readFileSync(join(data, VISIBLE)))
      }
      expect(bytes[1]?.equals(bytes[0] ?? Buffer.alloc(0))).toBe(true)
      expect(bytes[2]?.equals(bytes[0] ?? Buffer.alloc(0))).toBe(true)
    }))

  it('keeps what is submitted while a commit is being written for the next one', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
      const [ended, living] = [await store.allocateLane(), await store.allocateLane()]
      await store.submit(ended, 0, tradesBatch([trade(1)]))
      const commit = store.commit()
      // The commit has begun: it took what was there, and this is not part of it.
      await Promise.resolve()
      await Promise.resolve()
      await store.submit(living, 0, tradesBatch([trade(2)]))
      await commit
      await store.submit(living, 1, tradesBatch([trade(3)]))
      await store.commit()
      await store.publish({ all: true })
      expect((await outside(path)).map(({ trade_id }) => trade_id)).toEqual(['1', '2', '3'])
      await store.close()
    }))

  it('has, after a kill, the backfilled rows that came while a commit was tried again on a disk that had been full', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
      const [stream, history] = [await store.allocateLane(), await store.allocateLane()]
      const key = datasetKey(DATASET)
      const span = { dataset: key, before: null, last: null, proof: 'backfilled' } as const
      const page = (run: bigint, until: number): LedgerFact => ({
        fact: 'held',
        run,
        ...span,
        from: TEN,
        until: TEN + BigInt(until) * SECOND,
      })
      await store.submit(stream, 0, tradesBatch([trade(1)]))
      renameSync(join(path, '.dccd/stage'), join(path, '.dccd/away'))
      await expect(store.commit()).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await store.submit(history, 0, tradesBatch([trade(2)], [page(7n, 3)]))
      renameSync(join(path, '.dccd/away'), join(path, '.dccd/stage'))
      const again = store.commit()
      await Promise.resolve()
      await Promise.resolve()
      // The next page of the same run: what it proves begins with the page before.
      await store.submit(history, 1, tradesBatch([trade(3)], [page(7n, 4)]))
      await again
      await store.submit(history, 2, tradesBatch([trade(4)], [page(7n, 5)]))
      await store.commit()
      // Killed: what the next start finds. It derives nothing again that lies before the positions.
      const next = await open(path)
      expect((await next.laneState()).map(({ committed }) => committed)).toEqual([0, 2])
      expect(await next.coverage(DATASET)).toMatchObject([{ from: TEN, until: TEN + 5n * SECOND }])
      const ids = await collect(next.scan(DATASET, ...ALWAYS, ['trade_id']))
      expect(ids.map(({ trade_id }) => trade_id)).toEqual(['1', '2', '3', '4'])
      await next.close()
      await store.close()
    }))

  it('closes while it publishes: after the file that it is at, and the rest is published by the next one', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const builder = new ColumnBuilder()
      for (let n = 0; n < 40; n++) builder.row('trades', `binance trades C${n}/USDT`, trade(n))
      await store.submit(await store.allocateLane(), 0, builder.take())
      await store.commit()
      // An engine that is closed in the middle of a query hangs for ever, and its thread with it.
      const publishing = store.publish({ all: true })
      await Promise.all([publishing, store.close()])
      expect(await publishing).toBeLessThan(40)
      await expect(store.commit()).rejects.toMatchObject({ code: 'STORE_FAILED' })
      const next = await open(path)
      await next.publish({ all: true })
      expect(visibleFiles(path).filter((file) => file.includes('kind=trades'))).toHaveLength(40)
      await next.close()
    }))

  it('keeps what it holds over a restart', () =>
    withFolder(async (path) => {
      const first = await open(path)
      const lane = await first.allocateLane()
      const connection = await first.reserveConnections(16)
      await first.submit(lane, 5, tradesBatch([trade(1)]))
      await first.commit()
      await first.close()
      const second = await open(path)
      expect(await second.laneState()).toEqual([{ lane, committed: 5, open: true }])
      expect(await second.allocateLane()).toBe(lane + 1)
      expect(await second.reserveConnections(1)).toBe(connection + 16)
      await second.closeLane(lane)
      expect((await second.laneState())[0]).toMatchObject({ open: false })
      expect(await collect(second.scan(DATASET, ...ALWAYS, ['trade_id']))).toEqual([{ trade_id: '1' }])
      await second.close()
    }))

  it('forgets runs of histories that ended long ago, and none that runs, failed or is younger', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const save = async (state: string, ended: number | null) => {
        const id = await store.newRun()
        await store.saveRun({ id, job: 'j', state, ended, body: '{}' })
        return id
      }
      await save('succeeded', 1000)
      const kept = [await save('succeeded', 5000), await save('running', null), await save('failed', 1000)]
      await store.forgetRuns(2000, ['succeeded', 'stale', 'cancelled'])
      const view = new CatalogView(path)
      const left = view.runs({ job: 'j', limit: 10 })
      view.close()
      expect(left.map(({ id }) => id).toSorted()).toEqual(kept.toSorted())
      await store.close()
    }))

  it('writes one segment for 300 datasets of a kind', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const builder = new ColumnBuilder()
      for (let n = 0; n < 300; n++) builder.row('trades', `binance trades C${n}/USDT`, trade(n))
      await store.submit(await store.allocateLane(), 0, builder.take())
      await store.commit()
      expect(readdirSync(join(path, '.dccd/tail'))).toHaveLength(1)
      expect(await store.inventory()).toHaveLength(300)
      const rows = await collect(store.scan({ ...DATASET, pair: 'C77/USDT' }, ...ALWAYS, ['trade_id']))
      expect(rows).toEqual([{ trade_id: '77' }])
      await store.close()
    }))
})
