import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { collect, TEN, TRADES, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import type { Dataset } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import { SECOND } from '../model/time.js'
import { ReadOnlyData } from './reader.js'
import { Store } from './store.js'
import { StoreClient, serveStore } from './store-thread.js'

const DATASET: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }

async function withClients(work: (a: StoreClient, b: StoreClient, path: string) => Promise<void>): Promise<void> {
  await withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN) })
    const clients = [0, 1].map(() => {
      const { port1, port2 } = new MessageChannel()
      serveStore(port1, store)
      return new StoreClient(port2)
    })
    const [a, b] = clients
    if (!a || !b) throw new Error('no clients')
    await work(a, b, path)
    for (const client of clients) client.disconnect()
  })
}

describe('StoreClient', () => {
  it('lets several threads submit to one commit', () =>
    withClients(async (a, b) => {
      const [one, two] = [await a.allocateLane(), await b.allocateLane()]
      expect(await a.reserveConnections(10)).toBe((await b.reserveConnections(10)) - 10)
      const batch = tradesBatch([trade(1)])
      await a.submit(one, 4, batch)
      expect(batch.kinds[0]?.day.length).toBe(0) // handed over, not copied
      await b.submit(two, 9, tradesBatch(Array.from({ length: 9000 }, (_, n) => trade(n + 2))))
      expect(await a.commit()).toEqual({
        rows: 9001,
        positions: [
          { lane: one, position: 4 },
          { lane: two, position: 9 },
        ],
      })
      expect(await b.publish({ all: true })).toBe(1)
      const rows = await collect(b.scan(DATASET, 0n, 2n ** 62n))
      expect(rows).toHaveLength(9001)
      expect(rows[0]).toMatchObject({ trade_id: '1', price: '65000.1', exchange_time: TEN + SECOND })
      for await (const row of a.scan(DATASET, 0n, 2n ** 62n)) {
        expect(row.trade_id).toBe('1')
        break
      }
      await a.close()
    }))

  it('brings errors over with their code and remedy', () =>
    withClients(async (a) => {
      await a.submit(await a.allocateLane(), 0, tradesBatch([trade(1)]))
      await a.commit()
      await expect(collect(a.scan(DATASET, 0n, 1n, ['colour']))).rejects.toMatchObject({
        name: 'CollectorError',
        code: 'UNSUPPORTED',
        remedy: expect.stringContaining('columns'),
      })
      await a.close()
    }))

  it('rejects what is open when the thread ends', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN) })
      const { port1, port2 } = new MessageChannel()
      const stop = serveStore(port1, store)
      const client = new StoreClient(port2)
      const open = client.commit()
      stop()
      await expect(open).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(client.laneState()).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await store.close()
    }))
})

describe('ledger and instruments', () => {
  it('come back from the catalog, with a reader beside the writer and after it ended', () =>
    withClients(async (a, _, path) => {
      const lane = await a.allocateLane()
      const stretch = { fact: 'held', dataset: TRADES, proof: 'observed' } as const
      const facts: LedgerFact[] = [
        { fact: 'wanted', dataset: TRADES, from: TEN, until: null },
        { ...stretch, run: 1n, from: TEN, until: TEN + SECOND, before: 1n, last: 5n },
        { ...stretch, run: 1n, from: TEN, until: TEN + 2n * SECOND, before: 1n, last: 8n },
        { fact: 'break', dataset: TRADES, at: TEN + 3n * SECOND, code: 'CONNECTION_LOST', detail: 'closed with 1006' },
        { ...stretch, run: 2n ** 40n, from: TEN + 9n * SECOND, until: TEN + 20n * SECOND, before: 11n, last: 20n },
      ]
      const batch = tradesBatch([trade(1)], facts)
      expect(batch.facts).toHaveLength(4)
      await a.submit(lane, 0, batch)
      await a.commit()
      const gap = {
        dataset: TRADES,
        from: TEN + 2n * SECOND,
        until: TEN + 9n * SECOND,
        code: 'CONNECTION_LOST',
        detail: 'closed with 1006',
        missing: 3n,
      }
      expect(await a.gaps()).toEqual([gap])
      expect(await a.gaps({ pair: 'ETH/USDT' })).toEqual([])
      expect(await a.gaps({ until: TEN + 2n * SECOND })).toEqual([])
      expect(await a.coverage(DATASET)).toHaveLength(2)
      expect(await a.wantedSince()).toEqual(new Map([[TRADES, TEN]]))

      const instrument = {
        ...{ exchange: 'binance', symbol: 'BTCUSDT', pair: 'BTC/USDT', base: 'BTC', quote: 'USDT' },
        ...({ kind: 'spot', status: 'trading', amountUnit: 'base' } as const),
      }
      await a.saveInstruments('binance', [instrument])
      expect(await a.loadInstruments('binance')).toEqual([instrument])
      expect(await a.loadInstruments('kraken')).toBeUndefined()
      await a.saveTaskMetrics('k', '{"failures":1}')
      expect(await a.taskMetrics()).toEqual(new Map([['k', '{"failures":1}']]))

      const beside = await ReadOnlyData.open(path)
      expect(beside.reader.gaps()).toEqual([gap])
      expect(await collect(beside.reader.scan(DATASET, 0n, 2n ** 62n, ['trade_id']))).toEqual([{ trade_id: '1' }])
      await beside.close()
      await a.close()
      const after = await ReadOnlyData.open(path)
      expect(after.reader.inventory()).toMatchObject([{ rows: 1, unpublishedRows: 1, files: 0 }])
      await after.close()
    }))

  it('a folder without data is no data, and is not made', () =>
    withFolder(async (path) => {
      await expect(ReadOnlyData.open(`${path}/nothing`)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }))
})
