import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { readDataset } from '../../testkit/parquet.js'
import { TEN, withFolder } from '../../testkit/store-rows.js'
import { datasetKey, KINDS, type Kind } from '../model/dataset.js'
import { type ColumnType, SCHEMA } from '../model/row.js'
import { dayOf, SECOND } from '../model/time.js'
import type { Cell } from './column-buffer.js'
import { ColumnBuilder } from './columns.js'
import { Store } from './store.js'

/** No double holds it. */
const EXACT = '12345678901234567890.123456789'
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  source: ['stream', 'backfill', 'archive'],
  side: ['bid', 'ask', 'bid'],
  taker_side: ['buy', 'sell', 'buy'],
  proof: ['verified', 'unverifiable', 'suspect'],
}

interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
}

const columnsOf = (kind: Kind): readonly Column[] => SCHEMA[kind].columns

/** The n-th cell of a column: in the second row numbers that no double holds, in the third null where it may be. */
function cell({ name, type, nullable }: Column, n: number): Cell {
  const time = TEN + BigInt(n) * 60n * SECOND
  if (name === 'row') return 0
  if (name === 'frame') return (7n << 36n) + BigInt(n)
  if (nullable && n === 2 && name !== 'exchange_time') return null
  if (type === 'time') return time + (name === 'receive_time' ? 1_234_567n : 0n)
  if (type === 'number') return n === 1 ? EXACT : `${n}.25`
  if (type === 'int64') return 2n ** 60n + BigInt(n)
  if (type === 'int32') return n - 1
  if (type === 'bool') return n % 2 === 0
  return TEXTS[name]?.[n] ?? `${name} ${n}, "ä"`
}

const cells = (kind: Kind, n: number) =>
  Object.fromEntries(columnsOf(kind).map((column) => [column.name, cell(column, n)]))

/** What a reader who knows nothing of us must see. */
function seen(kind: Kind, n: number): Record<string, unknown> {
  return Object.fromEntries(
    columnsOf(kind).flatMap((column): [string, unknown][] => {
      const value = cell(column, n)
      if (column.type !== 'number') return [[column.name, value]]
      const text = value === EXACT ? EXACT : null
      return [
        [column.name, value === null ? null : Number(value)],
        [`${column.name}_text`, text],
      ]
    }),
  )
}

it.each(KINDS)('%s: a DuckDB of its own and a reader that is not DuckDB, see every column of every row', (kind) =>
  withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
    const builder = new ColumnBuilder()
    const interval = kind === 'ohlc' ? ({ interval: '1m' } as const) : {}
    const key = datasetKey({ exchange: 'binance', kind, pair: 'BTC/USDT', ...interval })
    for (const n of [2, 0, 1]) builder.cells(kind, key, dayOf(TEN), cells(kind, n))
    await store.submit(await store.allocateLane(), 0, builder.take())
    await store.commit()
    await store.publish()
    await store.close()
    const wanted = [0, 1, 2].map((n) => seen(kind, n))
    expect(await readDataset(path, 'binance', kind, 'BTC/USDT')).toEqual(wanted)

    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const fields = Object.keys(wanted[0] ?? {}).map((name) =>
      columnsOf(kind).some((column) => column.name === name && column.type === 'time')
        ? `epoch_ns(${name}) AS ${name}`
        : name,
    )
    const glob = `${path}/exchange=*/kind=${kind}/**/*.parquet`
    const rows = await connection.runAndReadAll(
      `SELECT ${fields.join(', ')} FROM read_parquet('${glob}', hive_partitioning = true) WHERE pair = 'BTC-USDT'`,
    )
    expect(rows.getRowObjects()).toEqual(wanted)
    connection.closeSync()
    instance.closeSync()
  }),
)
