import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { collect, TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { systemClock } from '../lib/clock.js'
import { DataLock } from './lock.js'
import { ReadOnlyData } from './reader.js'
import { runSql } from './sql.js'
import { Store } from './store.js'

const mountable = process.platform === 'linux' && process.getuid?.() === 0

/** The same folder under another name, which cannot be written. */
function mountReadOnly(path: string, at: string): boolean {
  try {
    execFileSync('mount', ['--bind', path, at], { stdio: 'ignore' })
    execFileSync('mount', ['-o', 'remount,ro,bind', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

it.skipIf(!mountable)(
  'data on a read-only mount is read, rows not published yet too, and refused by name for writing (needs root)',
  (context) =>
    withFolder((folder) =>
      withFolder(async (path) => {
        const store = await Store.open({
          dataPath: folder,
          clock: new FakeClock(TEN),
          threads: 1,
          memoryLimit: '128MB',
        })
        const lane = await store.allocateLane()
        await store.submit(lane, 0, tradesBatch([trade(1)]))
        await store.commit()
        await store.publish()
        await store.submit(lane, 1, tradesBatch([trade(2)]))
        await store.commit()
        await store.close()
        if (!mountReadOnly(folder, path)) return context.skip()
        try {
          await expect(DataLock.acquire(path)).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' })
          await expect(Store.open({ dataPath: path, clock: new FakeClock(TEN) })).rejects.toMatchObject({
            code: 'DATA_NOT_WRITABLE',
          })
          const data = await ReadOnlyData.open(path)
          const dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' } as const
          const rows = await collect(data.reader.scan(dataset, 0n, 2n ** 62n, ['trade_id']))
          expect(rows.map(({ trade_id }) => trade_id)).toEqual(['1', '2'])
          expect((await (await data.verifier()).verify({ deep: true })).findings).toEqual([])
          await data.close()
          const request = { sql: 'SELECT trade_id FROM trades', limit: 9, timeoutMs: 20_000, memory: '128MB' }
          expect((await runSql(path, request, systemClock())).rows).toEqual([['1']])
        } finally {
          execFileSync('umount', ['-l', path])
        }
      }),
    ),
)
