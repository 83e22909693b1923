import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDataset, visibleFiles } from '../../testkit/parquet.js'
import { collect, withFolder } from '../../testkit/store-rows.js'
import { systemClock } from '../lib/clock.js'
import { Engine } from './engine.js'
import { importPredecessor } from './import-predecessor.js'
import { DataLock } from './lock.js'
import { classify } from './predecessor-tree.js'
import { read } from './read.js'

/** Writes a file of an old tree with DuckDB, as it would have been written long ago. */
async function old(
  root: string,
  path: string,
  rows: string,
  options = 'FORMAT parquet, COMPRESSION snappy',
): Promise<void> {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  const engine = await Engine.open({ spill: join(root, '.spill') })
  await engine.run(`COPY (${rows}) TO '${file}' (${options})`)
  engine.close()
  utimesSync(file, 1_700_100_000, 1_700_100_000)
}

const T = 1_700_000_000n // 2023-11-14T22:13:20Z
const NS = 1_000_000_000n

/** A tree with files of both versions. */
async function tree(root: string): Promise<void> {
  await old(
    root,
    'binance/trades/BTC-USDT/2023-11-14.parquet',
    `SELECT * FROM (VALUES (${T * NS}, 37000.01::DOUBLE, 0.00001::DOUBLE, 'buy', '9007199254740993'),
      (${T * NS + 5n}, 37000.5, 0.5, NULL, '9007199254740994'), (NULL, 1, 1, 'buy', '3')) t(TS, price, amount, side, tid)`,
    `FORMAT parquet, KV_METADATA {'dccd.provenance': '{"source": "binance:ws", "derived_from": null}'}`,
  )
  await old(
    root,
    'kraken/ohlc/BTC-USD/1h/2023.parquet',
    `SELECT * FROM (VALUES (${T}, 1.5, 2.5, 0.5, 2.0, 10.0, 33.3, 1.9), (${T + 3600n}, 2, 'nan'::DOUBLE, 1, 2, 3, 4, 5),
      (${T + 98_000n}, 2, 3, 1, 2, 3, 4, 5)) t(TS, open, high, low, close, volume, "quoteVolume", "weightedAverage")`,
  )
  await old(
    root,
    'binance/ohlc/ETH-USDT_PERP/60s/2023.csv',
    `SELECT * FROM (VALUES (${T * NS}, '2000.10', '2000.2', '2000', '2000.1', '1.50', '3000.15', 7)) t(TS, open, high, low, close, volume, quote_volume, trades)`,
    'FORMAT csv, HEADER',
  )
  await old(
    root,
    'okx/orderbook/BTC-USDT/2023-11-14.parquet',
    `SELECT * FROM (VALUES (${T * NS}, 'ask', 101.0, 1.0, 1, true), (${T * NS}, 'bid', 99.0, 2.0, 1, true), (${T * NS}, 'bid', 100.0, 3.0, 1, true),
      (${(T + 60n) * NS}, 'ask', 99.0, 1.0, 1, true), (${(T + 60n) * NS}, 'bid', 100.0, 1.0, 1, true), (${(T + 61n) * NS}, 'bid', 100.0, 1.0, 1, false))
      t(TS, side, price, amount, count, is_snapshot)`,
  )
  await old(
    root,
    'bybit/funding/BTC-USDT_PERP/2023.parquet',
    `SELECT ${T * NS} AS TS, 0.0001 AS rate, 37000.0 AS mark_price`,
  )
  writeFileSync(join(root, 'notes.txt'), 'mine')
  mkdirSync(join(root, 'binance/trades/ETH-USDT'), { recursive: true })
  writeFileSync(join(root, 'binance/trades/ETH-USDT/2023-11-14.parquet'), 'not Parquet')
}

const run = (data: string, from: string, dry = false) => importPredecessor(data, from, dry, systemClock(), () => {})

describe('import of a data tree of dccd 2 or 3', () => {
  it('takes what was stored, to the digit, and makes up nothing', () =>
    withFolder((root) =>
      withFolder(async (data) => {
        await tree(root)
        const report = await run(data, root)
        expect(
          report.files.map(({ dataset, taken, rows, left, origin }) => [dataset, taken, rows, left, origin]),
        ).toEqual([
          ['binance_usdm ohlc ETH/USDT:perp 1m', 1, 1, {}, null],
          ['binance trades BTC/USDT', 2, 3, { 'without a time': 1 }, 'binance:ws'],
          ['bybit funding BTC/USDT:perp', 1, 1, {}, null],
          ['kraken ohlc BTC/USD 1h', 1, 3, { 'candles without a price': 1, 'candles that had not ended': 1 }, null],
          ['okx book_snapshots BTC/USDT', 5, 6, { 'changes of books': 1 }, null],
        ])
        expect(report.skipped.map(({ path }) => path)).toEqual([
          'notes.txt',
          'binance/trades/ETH-USDT/2023-11-14.parquet',
        ])

        const trades = await readDataset(data, 'binance', 'trades', 'BTC/USDT')
        expect(trades).toMatchObject([
          {
            exchange_time: T * NS,
            price: 37_000.01,
            amount: 0.00001,
            taker_side: 'buy',
            trade_id: '9007199254740993',
            source: 'import',
          },
          { exchange_time: T * NS + 5n, amount: 0.5, trade_id: '9007199254740994' },
        ])
        // No time of ours, no frame of ours.
        expect(trades.every(({ receive_time, frame }) => receive_time == null && BigInt(String(frame)) < 0n)).toBe(true)
        const [candle] = await readDataset(data, 'kraken', 'ohlc', 'BTC/USD')
        expect(candle).toMatchObject({ open_time: T * NS, open: 1.5, close: 2, volume: 10 })
        // dccd 2 computed these where the exchange gave none.
        expect([candle?.quote_volume ?? null, candle?.vwap ?? null]).toEqual([null, null])
        const [perp] = await collect(
          read(data, { exchange: 'binance_usdm', kind: 'ohlc', pair: 'ETH/USDT:perp', interval: '1m' }),
        )
        expect(perp).toMatchObject({ open: '2000.1', volume: '1.5', quote_volume: '3000.15', trades: 7n })
        const books = await readDataset(data, 'okx', 'book_snapshots', 'BTC/USDT')
        expect(books.map(({ side, level, price, proof }) => [side, level, price, proof])).toEqual([
          ['bid', 0, 100, 'unverifiable'],
          ['bid', 1, 99, 'unverifiable'],
          ['ask', 0, 101, 'unverifiable'],
          ['bid', 0, 100, 'suspect'],
          ['ask', 0, 99, 'suspect'],
        ])
        expect(await collect(read(data, { exchange: 'bybit', kind: 'funding', pair: 'BTC/USDT:perp' }))).toMatchObject([
          { rate: '0.0001', settled: true, next_funding_time: null },
        ])
      }),
    ))

  it('a second time takes nothing and changes no file; from a copy of the tree the same bytes come', () =>
    withFolder((root) =>
      withFolder(async (data) => {
        await tree(root)
        await run(data, root)
        const before = visibleFiles(data).map((path) => readFileSync(path))
        const again = await run(data, root)
        expect([again.files.length, again.already, again.rows]).toEqual([0, 5, 0])
        expect(visibleFiles(data).map((path) => readFileSync(path))).toEqual(before)
        await withFolder(async (other) => {
          await run(other, root)
          expect(visibleFiles(other).map((path) => readFileSync(path))).toEqual(before)
        })
      }),
    ))

  it('dry, it says the same and writes nothing; beside a daemon it is refused', () =>
    withFolder((root) =>
      withFolder(async (data) => {
        await tree(root)
        const dry = await run(data, root, true)
        expect([dry.dry_run, dry.rows, visibleFiles(data)]).toEqual([true, 10, []])
        const lock = await DataLock.acquire(data)
        await expect(run(data, root)).rejects.toMatchObject({ code: 'DATA_LOCKED' })
        lock.release()
        await expect(run(data, join(root, 'absent'))).rejects.toMatchObject({ code: 'USAGE' })
        await expect(run(data, join(root, '.spill'))).rejects.toMatchObject({ code: 'USAGE' })
      }),
    ))

  it.each([
    ['Binance/Data/Clean_Data/x.xlsx', 'Excel'],
    ['binance/trades/BTC-USDT_QUARTER/2023-11-14.parquet', 'QUARTER'],
    ['binance/ohlc/BTC-USDT/7m/2023.parquet', '7m is no interval'],
    ['binance/trades/BTCUSDT/2023-11-14.parquet', 'BTCUSDT is no pair'],
    ['binance/trades/BTC-USDT/1m/2023-11-14.parquet', 'not where'],
  ])('%s is left alone, with the reason', (path, reason) => {
    expect(classify(path)).toContain(reason)
  })
})
