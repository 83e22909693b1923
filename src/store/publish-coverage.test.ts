import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readParquet } from '../../testkit/parquet.js'
import { TEN, TRADES, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { systemClock } from '../lib/clock.js'
import type { LedgerFact } from '../model/ledger.js'
import { SECOND } from '../model/time.js'
import { runSql } from './sql.js'
import { Store } from './store.js'

const FILE = 'exchange=binance/kind=coverage/binance-coverage.parquet'
const at = (seconds: number) => TEN + BigInt(seconds) * SECOND
const held = (from: number, until: number, before: number, last: number): LedgerFact => ({
  fact: 'held',
  dataset: TRADES,
  run: at(from),
  from: at(from),
  until: at(until),
  proof: 'observed',
  before: BigInt(before),
  last: BigInt(last),
})
/** Held 0 to 4, cut, held 9 to 10 with three trades missed, not asked for from 10 to 20, held 20 to 30. */
const FACTS: readonly LedgerFact[] = [
  { fact: 'wanted', dataset: TRADES, from: at(0), until: at(10) },
  { fact: 'wanted', dataset: TRADES, from: at(20), until: null },
  held(0, 4, 249, 250),
  held(9, 10, 253, 254),
  held(20, 30, 300, 301),
  { fact: 'break', dataset: TRADES, at: at(5), code: 'CONNECTION_LOST', detail: 'cut' },
]
const STATES = [
  ['observed', 0, 4],
  ['lost', 4, 9],
  ['observed', 9, 10],
  ['not_subscribed', 10, 20],
  ['observed', 20, 30],
].map(([state, from, until]) => [state, at(Number(from)), at(Number(until))])

async function fill(dataPath: string): Promise<void> {
  const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
  await store.submit(await store.allocateLane(), 0, tradesBatch([trade(1)], FACTS))
  await store.commit()
  await store.publish({ all: true })
  await store.close()
}

const ask = (path: string, sql: string) =>
  runSql(path, { sql, limit: 100, timeoutMs: 20_000, memory: '256MB' }, systemClock())

describe('the published ledger', () => {
  it('says of every wanted moment whether it is held, read by an engine that is not ours', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      const rows = await readParquet(join(dataPath, FILE))
      expect(rows.map(({ state, from_time, until_time }) => [state, from_time, until_time])).toEqual(STATES)
      expect(rows[1]).toMatchObject({
        pair: 'BTC-USDT',
        dataset_kind: 'trades',
        code: 'CONNECTION_LOST',
        detail: 'cut',
        missing: 3n,
      })
    }))

  it('is replaced when the ledger changed, and is the same file when it did not', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      const before = await readFile(join(dataPath, FILE))
      const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
      await store.publish({ all: true })
      expect(await readFile(join(dataPath, FILE))).toEqual(before)
      await store.submit(await store.allocateLane(), 0, tradesBatch([], [held(30, 40, 301, 302)]))
      await store.commit()
      await store.publish({ all: true })
      await store.close()
      expect((await readParquet(join(dataPath, FILE))).at(-1)).toMatchObject({ state: 'observed', until_time: at(40) })
    }))

  it('is asked by SQL as coverage and gaps, in the data folder and in a mere copy of its published files', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      const copy = join(dataPath, 'copy')
      await cp(join(dataPath, 'exchange=binance'), join(copy, 'exchange=binance'), { recursive: true })
      for (const path of [dataPath, copy]) {
        const gaps =
          'SELECT exchange, pair, dataset_kind, code, missing, epoch(until_time - from_time) AS seconds FROM gaps'
        expect((await ask(path, gaps)).rows, path).toEqual([
          ['binance', 'BTC-USDT', 'trades', 'CONNECTION_LOST', '3', 5],
        ])
        const all = await ask(path, 'SELECT state, count(*) AS n FROM coverage GROUP BY ALL ORDER BY ALL')
        expect(all.rows, path).toEqual([
          ['lost', '1'],
          ['not_subscribed', '1'],
          ['observed', '3'],
        ])
        // Rows that were traded while nobody listened for sure: the question the ledger is for.
        const join = `SELECT count(*) FROM trades t JOIN coverage c ON c.pair = t.pair AND c.dataset_kind = 'trades'
          AND t.exchange_time >= c.from_time AND t.exchange_time < c.until_time WHERE c.state = 'observed'`
        expect((await ask(path, join)).rows).toEqual([['1']])
      }
    }))
})
