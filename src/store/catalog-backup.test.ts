import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readDataset, visibleFiles } from '../../testkit/parquet.js'
import { TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { SECOND } from '../model/time.js'
import { ReadOnlyData } from './reader.js'
import { Store } from './store.js'

const open = (dataPath: string, clock: FakeClock) => Store.open({ dataPath, clock, threads: 1, memoryLimit: '128MB' })
const ids = async (path: string) =>
  (await readDataset(path, 'binance', 'trades', 'BTC/USDT')).map(({ trade_id }) => trade_id)

/** Trades 1 to 3 committed and published, backed up; 4 to 6 committed and published after that, without a backup. */
async function lostCatalog(path: string, clock: FakeClock): Promise<void> {
  const store = await open(path, clock)
  const lane = await store.allocateLane()
  await store.submit(lane, 0, tradesBatch([1, 2, 3].map((n) => trade(n))))
  await store.commit()
  await store.publish({ all: true })
  clock.advance(60_000)
  await store.submit(lane, 1, tradesBatch([4, 5, 6].map((n) => trade(n))))
  await store.commit()
  await store.publish({ all: true })
  // Killed: nothing is closed. The catalog goes with its log.
  for (const end of ['', '-wal', '-shm']) rmSync(join(path, `.dccd/catalog/catalog.db${end}`), { force: true })
}

describe('a catalog that is lost', () => {
  it('comes back from its backup; what was published since stays, and what is derived again is stored once', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      await lostCatalog(path, clock)
      const before = await readFile(visibleFiles(path)[0] ?? '')
      const store = await open(path, clock)
      expect(await store.isRestored()).toBe(true)
      // As of the backup: the journal is read from there, also of lanes that the backup does not know.
      expect(await store.laneState()).toMatchObject([{ lane: 1, committed: 0, open: true }])
      await store.adoptLanes([1, 2])
      expect(await store.laneState()).toMatchObject([
        { lane: 1, committed: 0 },
        { lane: 2, committed: -1, open: true },
      ])
      await store.submit(1, 1, tradesBatch([4, 5, 6].map((n) => trade(n))))
      await store.commit()
      await store.publish({ all: true })
      expect(await ids(path)).toEqual(['1', '2', '3', '4', '5', '6'])
      expect(await readFile(visibleFiles(path)[0] ?? '')).toEqual(before)
      await store.close()
      const data = await ReadOnlyData.open(path)
      expect((await (await data.verifier()).verify({ deep: true })).findings).toEqual([])
      await data.close()
    }))

  it('gives no number of a lane or connection twice', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      await lostCatalog(path, clock)
      const store = await open(path, clock)
      expect(await store.allocateLane()).toBeGreaterThan(100_000)
      expect(await store.reserveConnections(1)).toBeGreaterThan(1_000_000)
      await store.close()
    }))

  it('is backed up at a stop and hourly: until then the journal is told to keep what is committed', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      const lane = await store.allocateLane()
      const commit = async (position: number) => {
        await store.submit(lane, position, tradesBatch([trade(position)]))
        await store.commit()
        await store.publish()
        return (await store.backedUpLanes())[0]?.committed
      }
      expect(await store.backedUpLanes()).toEqual([])
      expect(await commit(0)).toBe(0)
      clock.advance(59 * 60_000)
      expect(await commit(1)).toBe(0)
      clock.advance(2 * 60_000)
      expect(await commit(2)).toBe(2)
      await store.close()
      rmSync(join(path, '.dccd/catalog/catalog.db'))
      const again = await open(path, clock)
      expect((await again.laneState())[0]?.committed).toBe(2)
      await again.close()
    }))
})

describe('segments of many commits', () => {
  it('become one where there are too many, and no row is lost or doubled', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      const lane = await store.allocateLane()
      for (let n = 0; n < 6; n++) {
        await store.submit(lane, n, tradesBatch([trade(n), trade(n + 1)]))
        await store.commit()
      }
      await store.mergeSegments(4)
      const entry = (await store.inventory())[0]
      expect([entry?.unpublishedRows, await store.segmentCount()]).toEqual([12, 4])
      await store.publish({ all: true })
      expect(await ids(path)).toEqual(['0', '1', '2', '3', '4', '5', '6'])
      clock.advance(Number((16n * 60n * SECOND) / 1_000_000n))
      await store.publish()
      await store.close()
      const data = await ReadOnlyData.open(path)
      expect((await (await data.verifier()).verify({ deep: true })).findings).toEqual([])
      await data.close()
    }))
})
