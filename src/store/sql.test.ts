import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { systemClock } from '../lib/clock.js'
import { runSql } from './sql.js'
import { Store } from './store.js'

async function published(path: string, ids: readonly number[]): Promise<void> {
  const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN) })
  await store.submit(await store.allocateLane(), 0, tradesBatch(ids.map((id) => trade(id))))
  await store.commit()
  await store.publish({ all: true })
  await store.close()
}

const ask = (path: string, sql: string, more: { limit?: number; timeoutMs?: number } = {}) =>
  runSql(path, { sql, limit: 100, timeoutMs: 20_000, memory: '256MB', ...more }, systemClock())

describe('sql over what is published', () => {
  it('has a view per kind, of no rows where nothing is published, and the columns of the path', () =>
    withFolder(async (path) => {
      await published(path, [1, 2, 3])
      const { columns, rows, truncated } = await ask(
        path,
        'SELECT exchange, pair, trade_id, price FROM trades ORDER BY trade_id',
      )
      expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
        'exchange VARCHAR',
        'pair VARCHAR',
        'trade_id VARCHAR',
        'price DOUBLE',
      ])
      expect(rows).toEqual(['1', '2', '3'].map((id) => ['binance', 'BTC-USDT', id, 65_000.1]))
      expect(truncated).toBe(false)
      for (const kind of ['quotes', 'ohlc', 'book_deltas', 'book_snapshots'])
        expect((await ask(path, `SELECT count(*) FROM ${kind}`)).rows).toEqual([['0']])
    }))

  it('keeps the order asked for, stops at the limit and says so', () =>
    withFolder(async (path) => {
      await published(
        path,
        Array.from({ length: 300 }, (_, id) => id),
      )
      const { rows, truncated } = await ask(path, 'SELECT frame FROM trades ORDER BY frame DESC -- newest first', {
        limit: 3,
      })
      expect(rows.map(([frame]) => Number(BigInt(String(frame)) & 0xfffn))).toEqual([299, 298, 297])
      expect(truncated).toBe(true)
    }))

  it('answers about a folder that holds nothing', () =>
    withFolder(async (path) => {
      expect((await ask(path, 'SELECT count(*) FROM trades')).rows).toEqual([['0']])
      expect((await ask(join(path, 'absent'), 'SELECT count(*) FROM trades')).rows).toEqual([['0']])
    }))

  it.each([
    ["SELECT * FROM read_text('/etc/hostname')", 'QUERY_REFUSED'],
    ["SELECT * FROM read_csv('/etc/passwd')", 'QUERY_REFUSED'],
    ["SELECT * FROM glob('/*')", 'QUERY_REFUSED'],
    ["SELECT * FROM '/etc/passwd.csv'", 'QUERY_REFUSED'],
    ["SELECT * FROM read_blob('/etc/passwd')", 'QUERY_REFUSED'],
    ["SELECT * FROM sniff_csv('/etc/passwd')", 'QUERY_REFUSED'],
    ["SELECT * FROM parquet_metadata('/etc/passwd')", 'QUERY_REFUSED'],
    ["SELECT * FROM read_csv('HERE/exchange=binance/elsewhere')", 'QUERY_REFUSED'],
    ["SELECT * FROM read_text('HERE/exchange=binance/folder/secret')", 'QUERY_REFUSED'],
    ["SELECT * FROM glob('HERE/exchange=binance/folder/*')", 'QUERY_REFUSED'],
    ["SELECT * FROM query('COPY (SELECT 1) TO ''x''')", 'QUERY_FAILED'],
    ["SELECT getenv('HOME')", 'QUERY_FAILED'],
    ['PRAGMA database_list', 'QUERY_REFUSED'],
    ['CALL pragma_version()', 'QUERY_REFUSED'],
    ['CREATE SECRET s (TYPE S3)', 'QUERY_REFUSED'],
    ["SELECT * FROM read_text('HERE/.dccd/secret')", 'QUERY_REFUSED'],
    ["SELECT * FROM read_text('HERE/exchange=binance/../.dccd/secret')", 'QUERY_REFUSED'],
    ["COPY (SELECT 1) TO 'HERE/exchange=binance/new.csv'", 'QUERY_REFUSED'],
    ["ATTACH 'HERE/exchange=binance/new.db'", 'QUERY_REFUSED'],
    ["EXPORT DATABASE 'HERE/exchange=binance/new'", 'QUERY_REFUSED'],
    ['CREATE TABLE x AS SELECT 1', 'QUERY_REFUSED'],
    ['DROP VIEW trades', 'QUERY_REFUSED'],
    ['INSTALL httpfs', 'QUERY_REFUSED'],
    ['LOAD httpfs', 'QUERY_REFUSED'],
    ["SET memory_limit = '100GB'", 'QUERY_REFUSED'],
    ['RESET enable_external_access', 'QUERY_REFUSED'],
    ['SELECT 1; DROP VIEW trades', 'QUERY_REFUSED'],
    ['', 'QUERY_REFUSED'],
    ['SELECT 1) UNION ALL (SELECT 2', 'QUERY_FAILED'],
    ['SELEC 1', 'QUERY_FAILED'],
    ['SELECT nothing FROM trades', 'QUERY_FAILED'],
    ['DELETE FROM trades', 'QUERY_REFUSED'],
  ])('%s is refused', (sql, code) =>
    withFolder(async (path) => {
      await published(path, [1])
      mkdirSync(join(path, '.dccd'), { recursive: true })
      writeFileSync(join(path, '.dccd', 'secret'), 'nobody may read this')
      // Links in the data folder that lead out of it.
      symlinkSync(join(path, '.dccd', 'secret'), join(path, 'exchange=binance', 'elsewhere'))
      symlinkSync(join(path, '.dccd'), join(path, 'exchange=binance', 'folder'))
      const before = readdirSync(path, { recursive: true }).sort()
      await expect(ask(path, sql.replace('HERE', path))).rejects.toMatchObject({ code })
      expect(readdirSync(path, { recursive: true }).sort()).toEqual(before)
    }),
  )

  it('an endless query ends in time', () =>
    withFolder(async (path) => {
      const endless = 'SELECT count(*) FROM range(1000000000000) a, range(1000000) b'
      await expect(ask(path, endless, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })
    }))

  it('a query that needs more memory than it may have ends, and says so', () =>
    withFolder(async (path) => {
      const hungry = "SELECT length(string_agg(repeat('x', 1000), '')) FROM range(200000)"
      const request = { sql: hungry, limit: 1, timeoutMs: 20_000, memory: '32MB' }
      await expect(runSql(path, request, systemClock())).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        message: expect.stringContaining('Out of Memory'),
      })
    }))

  it('a query that nobody waits for any more ends', () =>
    withFolder(async (path) => {
      const asked = new AbortController()
      const endless = 'SELECT count(*) FROM range(1000000000000) a, range(1000000) b'
      const request = { sql: endless, limit: 1, timeoutMs: 60_000, memory: '256MB' }
      const answer = runSql(path, request, systemClock(), asked.signal)
      setImmediate(() => asked.abort())
      await expect(answer).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })
    }))
})
