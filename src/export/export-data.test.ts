import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC as tableFromBytes } from '@uwdata/flechette'
import { tableFromIPC } from 'apache-arrow'
import { unzipSync } from 'fflate'
import readXlsxFile from 'read-excel-file/node'
import initSqlJs from 'sql.js'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readParquet } from '../../testkit/parquet.js'
import { delta, TEN, TRADES, trade, withFolder } from '../../testkit/store-rows.js'
import { SECOND } from '../model/time.js'
import { ColumnBuilder } from '../store/columns.js'
import { ReadOnlyData } from '../store/reader.js'
import { Store } from '../store/store.js'
import { type ExportFormat, type ExportRequest, exportData } from './export-data.js'

const DATASET = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' } as const
/** A price that no double holds, and an id beyond 2^53. */
const EXACT = '65000.123456789012345'
const BIG_ID = '9007199254740993'

/** Trades 0 and 1 published, trade 2 only committed; a whole book and a change. */
async function fill(dataPath: string): Promise<void> {
  const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
  const lane = await store.allocateLane()
  const builder = new ColumnBuilder()
  builder.row('trades', TRADES, trade(0))
  builder.row('trades', TRADES, trade(1, { price: EXACT, trade_id: BIG_ID, taker_side: null }))
  const book = 'binance book_deltas BTC/USDT'
  builder.row('book_deltas', book, delta(0, { is_snapshot: true, side: 'bid', price: '100', amount: '2' }))
  builder.row('book_deltas', book, delta(0, { is_snapshot: true, side: 'ask', price: '101', amount: '3', row: 1 }))
  builder.row('book_deltas', book, delta(1, { side: 'ask', price: '101', amount: '0' }))
  builder.fact({ fact: 'wanted', dataset: TRADES, from: TEN, until: TEN + 9n * SECOND })
  await store.submit(lane, 1, builder.take())
  await store.commit()
  await store.publish({ all: true })
  builder.row('trades', TRADES, trade(2, { taker_side: 'sell' }))
  await store.submit(lane, 2, builder.take())
  await store.commit()
  await store.saveInstruments('binance', [])
  await store.close()
}

async function exported(
  dataPath: string,
  format: ExportFormat,
  more: Partial<ExportRequest> = {},
  symbol: string | undefined = 'BTCUSDT',
) {
  const data = await ReadOnlyData.open(dataPath)
  const { reader } = data
  try {
    return await exportData(
      {
        scan: (...args) => reader.scan(...args),
        parquet: (...args) => reader.copy(...args),
        symbol: () => symbol,
        ledger: () => reader.ledger(),
      },
      {
        dataset: DATASET,
        from: 0n,
        until: 2n ** 62n,
        format,
        output: join(dataPath, `out.${format}`),
        overwrite: false,
        depth: 2,
        ...more,
      },
    )
  } finally {
    await data.close()
  }
}

async function duckdb(sql: string) {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(sql)).getRowsJson()
  connection.closeSync()
  instance.closeSync()
  return rows
}

describe('export, published rows and the tail, each read by the reader of its format', () => {
  it('csv: DuckDB reads every digit, times to the nanosecond and what is null', () =>
    withFolder(async (path) => {
      await fill(path)
      const { rows, output } = await exported(path, 'csv')
      expect(rows).toBe(3)
      expect(
        await duckdb(`SELECT trade_id, price, taker_side, receive_time FROM read_csv('${output}', all_varchar = true)`),
      ).toEqual([
        ['0', '65000.1', 'buy', '2026-11-23T10:00:00.005000001Z'],
        [BIG_ID, EXACT, null, '2026-11-23T10:00:01.005000001Z'],
        ['2', '65000.1', 'sell', '2026-11-23T10:00:02.005000001Z'],
      ])
    }))

  it('csv and ndjson are compressed where the name says so, and cells with commas, quotes and lines come back', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
      const builder = new ColumnBuilder()
      builder.row('trades', TRADES, trade(0, { trade_id: 'a,"b"\nc' }))
      await store.submit(await store.allocateLane(), 0, builder.take())
      await store.commit()
      await store.close()
      const { output } = await exported(path, 'csv', { output: join(path, 'x.csv.gz'), columns: ['trade_id', 'price'] })
      expect(gunzipSync(readFileSync(output)).toString()).toBe('trade_id,price\n"a,""b""\nc",65000.1\n')
      expect(await duckdb(`SELECT * FROM read_csv('${output}')`)).toEqual([['a,"b"\nc', 65_000.1]])
      const lines = await exported(path, 'ndjson', {
        output: join(path, 'x.ndjson.gz'),
        columns: ['trade_id', 'frame'],
      })
      expect(await duckdb(`SELECT * FROM read_json('${lines.output}')`)).toEqual([['a,"b"\nc', String(2n ** 36n)]])
    }))

  it('parquet: the columns and metadata of a published file, read by hyparquet', () =>
    withFolder(async (path) => {
      await fill(path)
      const { rows, output } = await exported(path, 'parquet')
      expect(rows).toBe(3)
      const read = await readParquet(output)
      expect(read.map(({ trade_id, price_text, exchange_time }) => [trade_id, price_text, exchange_time])).toEqual(
        [
          ['0', undefined, TEN],
          [BIG_ID, EXACT, TEN + SECOND],
          ['2', undefined, TEN + 2n * SECOND],
        ].map(([id, text, time]) => [id, text ?? null, time]),
      )
    }))

  it.each(['arrow', 'arrow-stream'] as const)(
    '%s: a reader that shares no code with the writer sees every value',
    (format) =>
      withFolder(async (path) => {
        await fill(path)
        const { output } = await exported(path, format)
        const table = tableFromBytes(readFileSync(output), { useBigInt: true })
        expect(table.numRows).toBe(3)
        const column = (name: string) => [...(table.getChild(name) ?? [])]
        expect(column('price')).toEqual([65_000.1, Number(EXACT), 65_000.1])
        expect(column('price_text')).toEqual([null, EXACT, null])
        expect(column('taker_side')).toEqual(['buy', null, 'sell'])
        expect(column('trade_id')).toEqual(['0', BIG_ID, '2'])
        expect(column('frame')).toEqual([0n, 1n, 2n].map((n) => (1n << 36n) + n))
      }),
  )

  it.each(['arrow', 'arrow-stream'] as const)('%s: apache-arrow reads types, nulls and exact texts', (format) =>
    withFolder(async (path) => {
      await fill(path)
      const { output } = await exported(path, format)
      const table = tableFromIPC(readFileSync(output))
      expect(table.numRows).toBe(3)
      expect(String(table.schema.fields.find(({ name }) => name === 'exchange_time')?.type)).toBe(
        'Timestamp<NANOSECOND>',
      )
      // What the column holds, not what the library makes of it: its getter gives milliseconds.
      expect([...(table.getChild('receive_time')?.data[0]?.values ?? [])]).toEqual(
        [0n, 1n, 2n].map((n) => TEN + n * SECOND + 5_000_001n),
      )
      expect(table.getChild('price')?.toArray()).toEqual(new Float64Array([65_000.1, Number(EXACT), 65_000.1]))
      expect([...(table.getChild('price_text') ?? [])]).toEqual([null, EXACT, null])
      expect([...(table.getChild('taker_side') ?? [])]).toEqual(['buy', null, 'sell'])
      expect(table.getChild('frame')?.get(2)).toBe((1n << 36n) + 2n)
    }),
  )

  it('arrow of nothing is a table without rows, not a broken file', () =>
    withFolder(async (path) => {
      await fill(path)
      const { output } = await exported(path, 'arrow', { until: 1n })
      expect(tableFromIPC(readFileSync(output)).schema.fields.length).toBeGreaterThan(8)
    }))

  it('xlsx: a reader of Excel files sees numbers as numbers and times as text', () =>
    withFolder(async (path) => {
      await fill(path)
      const { output } = await exported(path, 'xlsx', { columns: ['exchange_time', 'trade_id', 'price'] })
      const [sheet] = await readXlsxFile(output)
      expect(sheet?.data).toEqual([
        ['exchange_time', 'trade_id', 'price'],
        ['2026-11-23T10:00:00.000000000Z', '0', 65_000.1],
        ['2026-11-23T10:00:01.000000000Z', BIG_ID, Number(EXACT)],
        ['2026-11-23T10:00:02.000000000Z', '2', 65_000.1],
      ])
    }))

  it('sqlite: SQLite itself, not the fork that wrote it, reads one table, exact texts beside doubles', () =>
    withFolder(async (path) => {
      await fill(path)
      const { output } = await exported(path, 'sqlite')
      const { Database } = await initSqlJs()
      const db = new Database(readFileSync(output))
      const [found] = db.exec('SELECT CAST(exchange_time AS TEXT), trade_id, price, price_text FROM trades')
      expect(found?.values).toEqual([
        [String(TEN), '0', 65_000.1, null],
        [String(TEN + SECOND), BIG_ID, Number(EXACT), EXACT],
        [String(TEN + 2n * SECOND), '2', 65_000.1, null],
      ])
      expect(db.exec('PRAGMA integrity_check')[0]?.values).toEqual([['ok']])
      db.close()
    }))

  it('tardis: byte for byte what its documentation describes', () =>
    withFolder(async (path) => {
      await fill(path)
      const trades = await exported(path, 'tardis', { output: join(path, 't.csv') })
      expect(readFileSync(trades.output, 'utf8')).toBe(
        [
          'exchange,symbol,timestamp,local_timestamp,id,side,price,amount',
          'binance,BTCUSDT,1795428000000000,1795428000005000,0,buy,65000.1,0.5',
          `binance,BTCUSDT,1795428001000000,1795428001005000,${BIG_ID},unknown,${EXACT},0.5`,
          'binance,BTCUSDT,1795428002000000,1795428002005000,2,sell,65000.1,0.5\n',
        ].join('\n'),
      )
      const book = await exported(path, 'tardis', {
        dataset: { ...DATASET, kind: 'book_deltas' },
        output: join(path, 'b.csv'),
      })
      expect(readFileSync(book.output, 'utf8')).toBe(
        [
          'exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount',
          'binance,BTCUSDT,1795428000000000,1795428000000000,true,bid,100,2',
          'binance,BTCUSDT,1795428000000000,1795428000000000,true,ask,101,3',
          'binance,BTCUSDT,1795428001000000,1795428001000000,false,ask,101,0\n',
        ].join('\n'),
      )
    }))

  it('tardis: quotes, whole books, what perpetuals pay and liquidations, in its columns', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
      const builder = new ColumnBuilder()
      const { exchange_time, receive_time, frame, row, day, source } = trade(0)
      const origin = { exchange_time, receive_time, frame, row, day }
      const quote = { sequence: 1n, bid_price: '1', bid_amount: '2', ask_price: '3', ask_amount: '4' }
      builder.row('quotes', 'binance quotes BTC/USDT', { ...origin, ...quote })
      const level = { ...origin, last_sequence: 1n, level: 0, proof: 'verified' } as const
      const books = 'binance book_snapshots BTC/USDT'
      builder.row('book_snapshots', books, { ...level, side: 'bid', price: '99', amount: '1' })
      builder.row('book_snapshots', books, { ...level, side: 'ask', price: '100', amount: '2', row: 1 })
      const paid = { rate: '0.0001', predicted_rate: '0.0002', next_funding_time: TEN + 9n * SECOND }
      const period = { interval_seconds: 28_800n, settled: false }
      builder.row('funding', 'binance funding BTC/USDT', { ...origin, ...paid, ...period, source })
      const order = { order_id: 'x', price: '5', average_price: null, amount: '6' }
      builder.row('liquidations', 'binance liquidations BTC/USDT', { ...origin, ...order, side: 'sell', source })
      await store.submit(await store.allocateLane(), 0, builder.take())
      await store.commit()
      await store.close()
      const at = 'binance,BTCUSDT,1795428000000000,1795428000005000'
      const head = 'exchange,symbol,timestamp,local_timestamp'
      const golden = {
        quotes: `${head},ask_amount,ask_price,bid_price,bid_amount\n${at},4,3,1,2\n`,
        book_snapshots: `${head},asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\n${at},100,2,99,1,,,,\n`,
        funding: `${head},funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,index_price,mark_price\n${at},1795428009000000,0.0001,0.0002,,,,\n`,
        liquidations: `${head},id,side,price,amount\n${at},x,sell,5,6\n`,
      } as const
      for (const kind of ['quotes', 'book_snapshots', 'funding', 'liquidations'] as const) {
        const { output } = await exported(path, 'tardis', {
          dataset: { ...DATASET, kind },
          output: join(path, `${kind}.csv`),
        })
        expect(readFileSync(output, 'utf8')).toBe(golden[kind])
      }
    }))

  it('hftbacktest: an npz whose array has the records of its documentation, in both orders of time', () =>
    withFolder(async (path) => {
      await fill(path)
      const { output, rows, notes } = await exported(path, 'hftbacktest')
      const bytes = unzipSync(readFileSync(output))['data.npy'] ?? new Uint8Array()
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const start = 10 + view.getUint16(8, true)
      expect(start % 64).toBe(0)
      expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('\x93NUMPY\x01\x00')
      expect(Buffer.from(bytes.subarray(10, start)).toString().trim()).toBe(
        `{'descr': [('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8'), ('order_id', '<u8'), ('ival', '<i8'), ('fval', '<f8')], 'fortran_order': False, 'shape': (${rows},), }`,
      )
      const records = Array.from({ length: rows }, (_, at) => {
        const record = start + at * 64
        const ev = view.getBigUint64(record, true)
        const [exchange, local] = [view.getBigInt64(record + 8, true), view.getBigInt64(record + 16, true)]
        const [price, amount] = [view.getFloat64(record + 24, true), view.getFloat64(record + 32, true)]
        // Order id, ival and fval: not of this data.
        expect(Buffer.from(bytes.subarray(record + 40, record + 64))).toEqual(Buffer.alloc(24))
        return [ev >> 28n, ev & 0xfffffffn, exchange - TEN, local - TEN, price, amount]
      })
      expect(bytes.length).toBe(start + rows * 64)
      const both = 0b1100n
      const [buy, sell, here, there] = [0b10n, 0b1n, 0b0100n, 0b1000n]
      const [second, ms5] = [1_000_000_000n, 5_000_001n]
      // The book of second 0 reached us before the trade of second 0, which happened with it: the book stands twice. Read so by NumPy 2.4 (`np.load(file)['data']`).
      const opening = (who: bigint) => [
        [who | buy, 3n, 0n, 1n, 100, 0],
        [who | buy, 4n, 0n, 1n, 100, 2],
        [who | sell, 3n, 0n, 1n, 101, 0],
        [who | sell, 4n, 0n, 1n, 101, 3],
      ]
      expect(records).toEqual([
        ...opening(here),
        [both | buy, 2n, 0n, ms5, 65_000.1, 0.5],
        ...opening(there),
        [here | sell, 1n, second, second + 1n, 101, 0],
        [both, 2n, second, second + ms5, Number(EXACT), 0.5],
        [there | sell, 1n, second, second + 1n, 101, 0],
        [both | sell, 2n, 2n * second, 2n * second + ms5, 65_000.1, 0.5],
      ])
      expect(notes).toEqual([])
      for (const [flag, at] of [
        [there, 2],
        [here, 3],
      ] as const) {
        const times = records
          .filter(([ev]) => (BigInt(ev ?? 0) & flag) === flag)
          .map((record) => BigInt(record[at] ?? 0))
        expect(times.length).toBe(8)
        expect(times).toEqual([...times].sort((a, b) => Number(a - b)))
      }
    }))

  it('the ledger goes out like rows do', () =>
    withFolder(async (path) => {
      await fill(path)
      const { output } = await exported(path, 'csv', { dataset: 'coverage' })
      expect(readFileSync(output, 'utf8')).toBe(
        'exchange,pair,dataset_kind,interval,from_time,until_time,state,code,detail,missing\nbinance,BTC/USDT,trades,,2026-11-23T10:00:00.000000000Z,2026-11-23T10:00:09.000000000Z,lost,CONNECT_FAILED,nothing was received yet since it was wanted,\n',
      )
    }))
})

describe('export does no harm', () => {
  it('keeps a file that is there, and leaves nothing where it fails', () =>
    withFolder(async (path) => {
      await fill(path)
      const output = join(path, 'mine.csv')
      writeFileSync(output, 'mine')
      await expect(exported(path, 'csv', { output })).rejects.toMatchObject({ code: 'USAGE' })
      expect(readFileSync(output, 'utf8')).toBe('mine')
      mkdirSync(join(path, 'empty'))
      const fails = { output: join(path, 'empty', 'x'), dataset: { ...DATASET, kind: 'ohlc', interval: '1m' } } as const
      await expect(exported(path, 'tardis', fails)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      expect(readdirSync(join(path, 'empty'))).toEqual([])
      await expect(exported(path, 'csv', { output: join(path, 'absent', 'x') })).rejects.toMatchObject({
        code: 'USAGE',
      })
      await expect(exported(path, 'csv', { columns: ['colour'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    }))
})
