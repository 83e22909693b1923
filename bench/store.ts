import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/lib/clock.js'
import { KINDS } from '../src/model/dataset.js'
import { dayOf, type Nanos, SECOND } from '../src/model/time.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { ReadOnlyData } from '../src/store/reader.js'
import { Store } from '../src/store/store.js'
import { delta, trade } from '../testkit/store-rows.js'
import { type Figure, figure } from './figure.js'

const NOON: Nanos = 1_795_435_200n * SECOND
const DAY_OF_TRADES = 5_000_000
const PAIRS = 1000

/** One minute out of a day of five million trades, and a thousand pairs with several kinds each: what a commit, a publish and their bytes cost. */
export async function benchStore(): Promise<Figure[]> {
  return [...(await readMinute()), ...(await manyDatasets())]
}

async function withFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'dccd-bench-'))
  try {
    return await work(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

async function readMinute(): Promise<Figure[]> {
  return await withFolder(async (dataPath) => {
    const store = await Store.open({ dataPath, clock: systemClock() })
    const lane = await store.allocateLane()
    const builder = new ColumnBuilder()
    const begin = NOON - 43_200n * SECOND
    const step = (86_400n * SECOND) / BigInt(DAY_OF_TRADES)
    for (let n = 0; n < DAY_OF_TRADES; n++) {
      const exchange_time = begin + BigInt(n) * step
      const price = (65_000 + (n % 1000) / 10).toFixed(2)
      builder.row('trades', 'binance trades BTC/USDT', trade(n, { exchange_time, price, day: dayOf(exchange_time) }))
      if (n % 500_000 !== 499_999) continue
      await store.submit(lane, n, builder.take())
      await store.commit()
    }
    await store.publish({ all: true })
    await store.close()
    const times: number[] = []
    for (let run = 0; run < 5; run++) {
      const began = performance.now()
      const data = await ReadOnlyData.open(dataPath)
      let rows = 0
      const dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' } as const
      for await (const _ of data.reader.scan(dataset, NOON, NOON + 60n * SECOND)) rows++
      await data.close()
      if (rows < 3000) throw new Error(`${rows} rows in a minute`)
      times.push(performance.now() - began)
    }
    const median = times.sort((a, b) => a - b)[2] ?? 0
    return [figure('one minute of a day of 5 M trades, opening included, vs bound', 'ms', median, 200)]
  })
}

async function manyDatasets(): Promise<Figure[]> {
  return await withFolder(async (dataPath) => {
    const store = await Store.open({ dataPath, clock: systemClock() })
    const lane = await store.allocateLane()
    const builder = new ColumnBuilder()
    const commits: number[] = []
    const kinds = KINDS.length
    for (let commit = 0; commit < 4; commit++) {
      for (let pair = 0; pair < PAIRS; pair++) {
        const name = `C${pair}/USDT`
        for (let n = 0; n < 20; n++) {
          const at = commit * 20 + n
          builder.row('trades', `binance trades ${name}`, trade(at))
          builder.row('book_deltas', `binance book_deltas ${name}`, delta(at))
          builder.row('quotes', `binance quotes ${name}`, {
            ...trade(at),
            sequence: BigInt(at),
            bid_price: '1',
            bid_amount: '1',
            ask_price: '2',
            ask_amount: '1',
          })
          for (const kind of ['mark_price', 'index_price'] as const)
            builder.row(kind, `binance ${kind} ${name}`, trade(at))
        }
      }
      const began = performance.now()
      await store.submit(lane, commit, builder.take())
      await store.commit()
      commits.push(performance.now() - began)
    }
    const tail = (await readdir(join(dataPath, '.dccd/tail'))).length
    const began = performance.now()
    const files = await store.publish({ all: true })
    const publish = performance.now() - began
    const memory = process.memoryUsage().rss / 1e6
    await store.close()
    const data = await ReadOnlyData.open(dataPath)
    const { written, stored } = data.reader.writeAmplification()
    await data.close()
    return [
      figure(
        `commit of ${PAIRS} x 5 datasets, 100,000 rows (${tail} hidden files of ${kinds} kinds after 4)`,
        'ms',
        Math.max(...commits),
        5000,
      ),
      figure(`publish of ${files} files, each replaced whole`, 'ms', publish, 300_000),
      figure('bytes of Parquet written over bytes that stand, vs bound', 'times', written / stored, 5),
      figure('memory after it', 'MB', memory, 1500),
    ]
  })
}
