import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { candle, collect, delta, TEN, trade, withFolder } from '../../testkit/store-rows.js'
import type { Dataset } from '../model/dataset.js'
import type { BookDeltaRow, OhlcRow, TradeRow } from '../model/row.js'
import { DAY, dayOf, SECOND } from '../model/time.js'
import { ColumnBuilder } from './columns.js'
import type { PagePlace } from './page-place.js'
import { type DataReader, ReadOnlyData, type StoredRow } from './reader.js'
import { Store } from './store.js'

const PAIR = { exchange: 'binance', pair: 'BTC/USDT' } as const
const DATASETS: readonly Dataset[] = [
  { ...PAIR, kind: 'trades' },
  { ...PAIR, kind: 'book_deltas' },
  { ...PAIR, kind: 'ohlc', interval: '1m' },
]
const ALL = [0n, 2n ** 62n] as const

/** Every page after another, each from where the one before ended. */
async function paged(
  reader: DataReader,
  dataset: Dataset,
  limit: number,
  [from, until]: readonly [bigint, bigint] = ALL,
): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  let after: PagePlace | undefined
  do {
    const page = await reader.page(dataset, { from, until, limit, after })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    if (page.next) expect(page.rows.length).toBe(limit)
    rows.push(...page.rows)
    after = page.next
  } while (after)
  return rows
}

/** A second of a row, whether it has a time of the exchange, and how often and when it came. */
const row = fc.record({
  second: fc.integer({ min: 0, max: 60 }),
  timed: fc.boolean(),
  again: fc.boolean(),
  day: fc.integer({ min: 0, max: 1 }),
})
const batches = fc.array(fc.record({ rows: fc.array(row, { maxLength: 12 }), publish: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
})

describe('pages', () => {
  // Published, not yet published, both, and the same row twice: whatever a page meets, together they are what a scan gives.
  it('are together what a scan gives: no row twice, none left out, whatever is published', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 9 }), async (parts, limit) => {
        await withFolder(async (path) => {
          const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
          const lane = await store.allocateLane()
          const made: { trade: TradeRow; delta: BookDeltaRow; candle: OhlcRow }[] = []
          for (const [at, part] of parts.entries()) {
            const builder = new ColumnBuilder()
            for (const { second, timed, again, day } of part.rows) {
              const number = made.length
              const time = TEN + BigInt(day) * DAY + BigInt(second) * SECOND
              const place = { exchange_time: timed ? time : null, receive_time: time + 5n, day: dayOf(time) }
              const fresh = {
                trade: trade(number, { ...place, trade_id: timed ? String(number) : null }),
                delta: delta(number, place),
                candle: candle(second),
              }
              // Derived again after a crash, a row is the same to the last digit.
              const each = (again && made[second % made.length]) || fresh
              if (each === fresh) made.push(fresh)
              builder.row('trades', 'binance trades BTC/USDT', each.trade)
              builder.row('book_deltas', 'binance book_deltas BTC/USDT', each.delta)
              builder.row('ohlc', 'binance ohlc BTC/USDT 1m', each.candle)
            }
            await store.submit(lane, at, builder.take())
            await store.commit()
            if (part.publish) await store.publish({ all: true })
          }
          await store.close()
          const data = await ReadOnlyData.open(path)
          try {
            for (const dataset of DATASETS) {
              const whole = await collect(data.reader.scan(dataset, ...ALL))
              expect(await paged(data.reader, dataset, limit)).toEqual(whole)
              const range = [TEN + 20n * SECOND, TEN + DAY + 40n * SECOND] as const
              expect(await paged(data.reader, dataset, limit, range)).toEqual(
                await collect(data.reader.scan(dataset, ...range)),
              )
            }
          } finally {
            await data.close()
          }
        })
      }),
      { numRuns: 12 },
    )
  })

  it('a place of another kind, and one that nobody gave, is refused and never becomes SQL', () =>
    withFolder(async (path) => {
      const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
      const builder = new ColumnBuilder()
      for (let n = 0; n < 5; n++) builder.row('trades', 'binance trades BTC/USDT', trade(n))
      await store.submit(await store.allocateLane(), 0, builder.take())
      await store.commit()
      await store.close()
      const data = await ReadOnlyData.open(path)
      const [dataset] = DATASETS
      const from = (keys: readonly (string | null)[]) =>
        data.reader.page(dataset as Dataset, { from: 0n, until: 2n ** 62n, limit: 1, after: { part: 0, keys } })
      try {
        expect((await from(['1', null, null, '1', '1'])).rows).toHaveLength(1)
        expect((await from(['1', '1', "x'); DROP TABLE x; --", '1', '1'])).rows).toHaveLength(1)
        for (const keys of [
          [],
          ['1', '1'],
          ['1', null, null, null, '1'],
          ['1 OR 1=1', null, null, '1', '1'],
          ['9'.repeat(19), null, null, '1', '1'],
          ['1', '1e9', null, '1', '1'],
          ['1', null, 'x'.repeat(300), '1', '1'],
        ])
          await expect(from(keys)).rejects.toMatchObject({ code: 'USAGE' })
      } finally {
        await data.close()
      }
    }))
})

// Whoever has gone away must not leave work behind that takes memory and time from others.
it('a scan, a page and a candle that nobody waits for any more are stopped', () =>
  withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
    const builder = new ColumnBuilder()
    for (let n = 0; n < 20_000; n++) builder.row('trades', 'binance trades BTC/USDT', trade(n))
    await store.submit(await store.allocateLane(), 0, builder.take())
    await store.commit()
    await store.close()
    const data = await ReadOnlyData.open(path)
    const [dataset] = DATASETS as [Dataset]
    const { reader } = data
    try {
      const gone = new AbortController()
      const scan = reader.scan(dataset, ...ALL, undefined, gone.signal)
      expect((await scan.next()).done).toBe(false)
      gone.abort()
      const rest = collect(scan)
      await expect(rest).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })
      const { signal } = gone
      const range = { from: 0n, until: 2n ** 62n, limit: 10 }
      await expect(reader.page(dataset, range, undefined, signal)).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })
      await expect(collect(reader.derivedCandles(dataset, '1m', ...ALL, signal))).rejects.toMatchObject({
        code: 'QUERY_TIMEOUT',
      })
      await expect(reader.eventRanges(signal)).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })
    } finally {
      await data.close()
    }
  }))
