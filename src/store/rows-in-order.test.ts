import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import type { Dataset } from '../model/dataset.js'
import type { TradeRow } from '../model/row.js'
import { DAY, dayOf } from '../model/time.js'
import { copyTo, quoted } from './canonical.js'
import { Catalog } from './catalog.js'
import { DataFolder } from './data-folder.js'
import { hashFile } from './durable-file.js'
import { Engine } from './engine.js'
import { committedRows } from './publish.js'
import { rowsInOrder } from './rows-in-order.js'
import { sortedRows } from './sorted-rows.js'
import { Store } from './store.js'

const DATASET: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }
const MIDNIGHT = (TEN / DAY) * DAY
/** Trades of one day. */
const at = (n: number, more: Partial<TradeRow> = {}) => {
  const exchange_time = MIDNIGHT + BigInt(n) * 400_000n
  return trade(n, { exchange_time, receive_time: exchange_time + 1n, day: dayOf(exchange_time), ...more })
}
const stretch = (from: number, until: number) => Array.from({ length: until - from }, (_, index) => at(from + index))

/** Commits each list; `undefined` publishes what there is. What the file of the day shall be made of by then. */
async function committed(dataPath: string, lists: readonly (readonly TradeRow[] | undefined)[]) {
  const store = await Store.open({ dataPath, clock: new FakeClock(TEN), memoryLimit: '256MB' })
  const lane = await store.allocateLane()
  for (const [position, rows] of lists.entries()) {
    if (!rows) {
      await store.publish({ all: true })
      continue
    }
    await store.submit(lane, position, tradesBatch(rows))
    await store.commit()
  }
  await store.close()
  const folder = new DataFolder(dataPath)
  const catalog = Catalog.openReadOnly(folder.catalog)
  const [state] = catalog.parts()
  catalog.close()
  if (!state) throw new Error('nothing is committed')
  const engine = await Engine.open({ spill: join(dataPath, 'spill'), threads: 1, memoryLimit: '256MB' })
  return {
    folder,
    state,
    engine,
    ordered: await rowsInOrder(engine, folder, 'trades', state, join(dataPath, 'scratch')),
  }
}

async function hashOf(engine: Engine, query: string, path: string): Promise<string> {
  await engine.run(copyTo(query, path))
  return (await hashFile(path)).hash
}

// The sort of a year of candles took 300 MB more than the rest of a backfill.
it('files that follow one another are read so, from more than one row group, and make the bytes that sorting makes', () =>
  withFolder(async (path) => {
    const lists = [stretch(60_000, 90_001), undefined, stretch(90_001, 130_000), stretch(0, 60_000)]
    const { folder, state, engine, ordered } = await committed(path, lists)
    expect(state.piece?.rows).toBe(30_001)
    expect(ordered?.distinct).toBe(true)
    const sorted = await sortedRows(engine, 'trades', committedRows(folder, DATASET, state))
    const [ours, theirs] = [join(path, 'ordered'), join(path, 'sorted')]
    expect(await hashOf(engine, ordered?.query ?? '', ours)).toBe(await hashOf(engine, sorted, theirs))
    const groups = `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(${quoted(ours)}) ORDER BY ALL`
    expect((await engine.rows(groups)).map(([, rows]) => Number(rows))).toEqual([122_880, 7_120])
    engine.close()
  }))

// Sorting a date of five million trades for a hole of twenty thousand took more than a gigabyte.
it('a file with holes is read up to each and on after it, and what fills them stands between, in the bytes that sorting makes', () =>
  withFolder(async (path) => {
    // The hole begins within an instant: ids tell what comes first.
    const { exchange_time } = at(50_001)
    const past = [
      ...stretch(1000, 50_000),
      at(50_000, { exchange_time }),
      ...stretch(70_000, 125_000),
      ...stretch(130_000, 140_000),
    ]
    const lists = [past, undefined, stretch(125_000, 130_000), stretch(50_001, 70_000), stretch(0, 1000)]
    const { folder, state, engine, ordered } = await committed(path, lists)
    expect(state.piece?.rows).toBe(past.length)
    expect(ordered?.distinct).toBe(true)
    const sorted = await sortedRows(engine, 'trades', committedRows(folder, DATASET, state))
    const [ours, theirs] = [join(path, 'ordered'), join(path, 'sorted')]
    expect(await hashOf(engine, ordered?.query ?? '', ours)).toBe(await hashOf(engine, sorted, theirs))
    expect((await engine.rows(`SELECT count(*) FROM read_parquet(${quoted(ours)})`))[0]).toEqual([140_000n])
    engine.close()
  }))

it('trades without a time stay first in a file that has holes, and a hole that was no hole is sorted', () =>
  withFolder(async (path) => {
    const untimed = at(0, { exchange_time: null, day: dayOf(MIDNIGHT) })
    const filled = await committed(join(path, 'untimed'), [[untimed, at(1), at(3)], undefined, [at(2)]])
    const { engine, folder, state, ordered } = filled
    const sorted = await sortedRows(engine, 'trades', committedRows(folder, DATASET, state))
    const [ours, theirs] = [join(path, 'ordered'), join(path, 'sorted')]
    expect(await hashOf(engine, ordered?.query ?? '', ours)).toBe(await hashOf(engine, sorted, theirs))
    engine.close()
    const overlaps = await committed(join(path, 'overlaps'), [[at(1), at(3), at(5)], undefined, [at(2), at(4)]])
    expect(overlaps.ordered).toBeUndefined()
    overlaps.engine.close()
  }))

it('a file with more holes than it is worth to read around is sorted', () =>
  withFolder(async (path) => {
    const holes = Array.from({ length: 51 }, (_, index) => [at(2 * index + 1)])
    const even = Array.from({ length: 53 }, (_, index) => at(2 * index))
    const most = await committed(join(path, 'most'), [even, undefined, ...holes.slice(1)])
    expect(most.ordered?.distinct).toBe(true)
    most.engine.close()
    const more = await committed(join(path, 'more'), [even, undefined, ...holes])
    expect(more.ordered).toBeUndefined()
    more.engine.close()
  }))

it('files that overlap are not taken for rows in order, and equal trades in order not for different ones', () =>
  withFolder(async (path) => {
    const odd = await committed(join(path, 'overlap'), [[at(0), at(2)], [at(1)]])
    expect(odd.ordered).toBeUndefined()
    odd.engine.close()
    const twice = await committed(join(path, 'twice'), [[at(0), at(1)], [at(2, { trade_id: '1' })]])
    expect(twice.ordered).toMatchObject({ distinct: false })
    twice.engine.close()
    const same = await committed(join(path, 'same'), [[at(0), at(1)], [at(1)]])
    expect(same.ordered).toBeUndefined()
    same.engine.close()
  }))
