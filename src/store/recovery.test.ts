import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readParquet, visibleFiles } from '../../testkit/parquet.js'
import { collect, TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import type { Dataset } from '../model/dataset.js'
import { Sqlite } from './sqlite.js'
import { Store } from './store.js'

const DATASET: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }
const open = (dataPath: string, clock = new FakeClock(TEN)) => Store.open({ dataPath, clock })
const ids = async (store: Store) =>
  (await collect(store.scan(DATASET, 0n, 2n ** 62n, ['trade_id']))).map((row) => row.trade_id)
const hidden = (path: string, folder: string) => readdirSync(join(path, '.dccd', folder)).sort()

/** Undoes the last catalog step of a publish: as if the process had been killed between the rename and it. */
async function atLastStep(path: string, publish: () => Promise<unknown>, store: Store): Promise<void> {
  const saved = join(path, 'saved.db')
  const db = new Sqlite(join(path, '.dccd/catalog/catalog.db'), { timeoutMs: 1000 })
  db.exec(`VACUUM INTO '${saved}'`)
  db.close()
  await publish()
  await store.close()
  copyFileSync(saved, join(path, '.dccd/catalog/catalog.db'))
  unlinkSync(saved)
}

describe('after a crash', () => {
  it('files of a commit that was not reached are gone, and the lane is where it was', () =>
    withFolder(async (path) => {
      const first = await open(path)
      const lane = await first.allocateLane()
      await first.submit(lane, 5, tradesBatch([trade(1)]))
      await first.commit()
      await first.close()
      writeFileSync(join(path, '.dccd/stage/2-trades.seg'), 'half a file')
      writeFileSync(join(path, '.dccd/tail/2-trades.seg'), 'a whole file that no catalog names')
      const second = await open(path)
      expect(hidden(path, 'stage')).toEqual([])
      expect(hidden(path, 'tail')).toEqual(['1-trades.seg'])
      expect((await second.laneState())[0]).toMatchObject({ committed: 5 })
      await second.submit(lane, 6, tradesBatch([trade(2)]))
      await second.commit()
      expect(await ids(second)).toEqual(['1', '2'])
      await second.close()
    }))

  it('a spare link of a publish that did not rename is gone, and the visible file stays', () =>
    withFolder(async (path) => {
      const first = await open(path)
      await first.submit(await first.allocateLane(), 5, tradesBatch([trade(1)]))
      await first.commit()
      await first.publish()
      await first.close()
      writeFileSync(join(path, '.dccd/published/1-2026-11-23.2'), 'spare')
      const second = await open(path)
      expect(hidden(path, 'published')).toEqual(['1-2026-11-23.1'])
      expect(await ids(second)).toEqual(['1'])
      await second.close()
    }))

  it('a rename without its catalog entry is published again with the same bytes', () =>
    withFolder(async (path) => {
      const first = await open(path)
      const lane = await first.allocateLane()
      await first.submit(lane, 5, tradesBatch([trade(1), trade(2)]))
      await first.commit()
      await first.publish()
      await first.submit(lane, 6, tradesBatch([trade(2), trade(3)]))
      await first.commit()
      await atLastStep(path, () => first.publish({ all: true }), first)
      const [visible = ''] = visibleFiles(path)
      const bytes = readFileSync(visible)
      const second = await open(path)
      expect(hidden(path, 'published')).toEqual(['1-2026-11-23.1'])
      expect(await ids(second)).toEqual(['1', '2', '3'])
      expect(await second.publish({ all: true })).toBe(1)
      expect(readFileSync(visible).equals(bytes)).toBe(true)
      expect(await readParquet(visible)).toHaveLength(3)
      await second.close()
    }))

  it('spent files go when no reader can want them any more', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      const lane = await store.allocateLane()
      for (const n of [1, 2]) {
        await store.submit(lane, n, tradesBatch([trade(n)]))
        await store.commit()
        await store.publish({ all: true })
      }
      expect(hidden(path, 'tail')).toHaveLength(2)
      expect(hidden(path, 'published')).toHaveLength(2)
      clock.advance(16 * 60_000)
      await store.publish()
      expect(hidden(path, 'tail')).toEqual([])
      expect(hidden(path, 'published')).toEqual(['1-2026-11-23.2'])
      expect(await ids(store)).toEqual(['1', '2'])
      await store.close()
    }))
})

describe('a commit that fails', () => {
  it('loses nothing: the batches stay submitted and the next commit takes them', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const lane = await store.allocateLane()
      // A folder under the name that the next segment wants: its rename fails, as on a sick disk.
      mkdirSync(join(path, '.dccd/tail/1-trades.seg/x'), { recursive: true })
      await store.submit(lane, 3, tradesBatch([trade(1)]))
      await expect(store.commit()).rejects.toMatchObject({ code: 'STORE_FAILED' })
      expect((await store.laneState())[0]).toMatchObject({ committed: -1 })
      await store.submit(lane, 4, tradesBatch([trade(2)]))
      expect(await store.commit()).toEqual({ positions: [{ lane, position: 4 }], rows: 2 })
      expect(await ids(store)).toEqual(['1', '2'])
      await store.close()
    }))
})

describe('damage', () => {
  it('a file that cannot be read whole fails a scan instead of cutting it short', () =>
    withFolder(async (path) => {
      const store = await open(path)
      const rows = Array.from({ length: 5000 }, (_, n) => trade(n, { amount: String(n / 7) }))
      await store.submit(await store.allocateLane(), 1, tradesBatch(rows))
      await store.commit()
      const file = join(path, '.dccd/tail/1-trades.seg')
      const bytes = readFileSync(file)
      bytes.fill(0xff, 100, bytes.length - 3000)
      writeFileSync(file, bytes)
      await expect(ids(store)).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await store.close()
    }))

  it('a catalog of another version, or none at all, is refused and left alone', () =>
    withFolder(async (path) => {
      await (await open(path)).close()
      const file = join(path, '.dccd/catalog/catalog.db')
      const db = new Sqlite(file, { timeoutMs: 0 })
      db.run("UPDATE meta SET value = '99' WHERE key = 'version'")
      db.close()
      await expect(open(path)).rejects.toMatchObject({ code: 'DATA_FOREIGN', message: expect.stringContaining('99') })
      writeFileSync(file, 'something else entirely, long enough to be looked at as a header of a database file.....')
      await expect(open(path)).rejects.toMatchObject({ code: 'DATA_FOREIGN' })
      expect(readFileSync(file, 'utf8')).toMatch(/^something else/)
    }))

  it('a folder that cannot be written is refused by name', () =>
    withFolder(async (path) => {
      writeFileSync(join(path, 'file'), '')
      await expect(open(join(path, 'file/data'))).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' })
      await expect(open(join(path, 'file'))).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' })
    }))

  it.skipIf(process.getuid?.() === 0)(
    'a folder without permission is refused (skipped as root, who may write anywhere)',
    () =>
      withFolder(async (path) => {
        const data = join(path, 'data')
        mkdirSync(data)
        chmodSync(data, 0o500)
        await expect(open(data)).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' })
        chmodSync(data, 0o700)
      }),
  )
})

describe('when to publish', () => {
  it('a partition at once, then each 12 minutes of the clock while it grows, and 5 minutes after its end', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      const lane = await store.allocateLane()
      let n = 0
      const next = async () => {
        await store.submit(lane, n, tradesBatch([trade(n++)]))
        await store.commit()
        return store.publish()
      }
      expect(await next()).toBe(1)
      expect(await next()).toBe(0)
      clock.advance(15 * 60_000)
      expect(await next()).toBe(1)
      clock.advance(14 * 3_600_000)
      expect(await next()).toBe(1)
      clock.advance(5 * 60_000)
      expect(await next()).toBe(1)
      expect(await store.publish({ all: true })).toBe(0)
      await store.close()
    }))

  it('another dataset of the same segment does not lose its rows', () =>
    withFolder(async (path) => {
      const clock = new FakeClock(TEN)
      const store = await open(path, clock)
      const lane = await store.allocateLane()
      await store.submit(lane, 1, tradesBatch([trade(1)]))
      await store.commit()
      await store.publish()
      await store.submit(lane, 2, tradesBatch([trade(2)]))
      await store.submit(lane, 3, tradesBatch([trade(3)], [], 'binance trades ETH/USDT'))
      await store.commit()
      expect(await store.publish()).toBe(1) // ETH has no file yet, BTC is not stale
      clock.advance(16 * 60_000)
      await store.publish({ all: true })
      clock.advance(16 * 60_000)
      await store.publish()
      expect(await ids(store)).toEqual(['1', '2'])
      expect(existsSync(join(path, '.dccd/tail/2-trades.seg'))).toBe(false)
      await store.close()
    }))
})
