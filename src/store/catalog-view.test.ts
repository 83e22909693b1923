import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { TEN, TRADES, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import type { Dataset } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import { SECOND } from '../model/time.js'
import { CatalogView } from './catalog-view.js'
import { DataFolder } from './data-folder.js'
import { Sqlite } from './sqlite.js'
import { Store } from './store.js'

const DATASET: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }

const held = (run: bigint, from: number, until: number): LedgerFact => ({
  fact: 'held',
  dataset: TRADES,
  run,
  from: TEN + BigInt(from) * SECOND,
  until: TEN + BigInt(until) * SECOND,
  proof: 'observed',
  before: null,
  last: null,
})

// The API told what runs and what is missing only after the commit or publish that was under way.
it('answers while a commit is under way, with what the last one left', () =>
  withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
    const facts: LedgerFact[] = [
      { fact: 'wanted', dataset: TRADES, from: TEN, until: null },
      held(1n, 0, 10),
      held(2n, 20, 30),
    ]
    await store.submit(await store.allocateLane(), 0, tradesBatch([trade(1)], facts))
    await store.commit()
    const id = await store.newRun()
    await store.saveRun({ id, job: null, state: 'running', ended: null, body: '{}' })
    const view = new CatalogView(path)
    const writer = new Sqlite(new DataFolder(path).catalog, { timeoutMs: 0 })
    try {
      writer.transaction(() => {
        writer.run("UPDATE runs SET state = 'failed'")
        expect(view.runs({ limit: 10 })).toMatchObject([{ id, state: 'running' }])
        expect(view.gapsOf(DATASET)).toBe(1)
      })
      expect(view.runs({ limit: 10 })).toMatchObject([{ id, state: 'failed' }])
      expect(await store.gaps()).toHaveLength(1)
    } finally {
      writer.close()
      view.close()
      await store.close()
    }
  }))
