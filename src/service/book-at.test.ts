import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { delta, TEN, withFolder } from '../../testkit/store-rows.js'
import type { LedgerFact } from '../model/ledger.js'
import type { BookDeltaRow } from '../model/row.js'
import { DAY, dayOf, isoFromNanos, SECOND } from '../model/time.js'
import { ColumnBuilder } from '../store/columns.js'
import { Store } from '../store/store.js'
import { openStoredData } from '../store/stored-data.js'
import { bookAt } from './book-at.js'

const BOOK = 'binance book_deltas BTC/USDT'
const at = (second: number) => TEN + BigInt(second) * SECOND

/** A level as a row: of a whole book, or a change. */
function level(
  second: number,
  row: number,
  side: 'bid' | 'ask',
  price: string,
  amount: string,
  whole = false,
): BookDeltaRow {
  const exchange_time = at(second)
  return delta(second, { row, side, price, amount, is_snapshot: whole, exchange_time, day: dayOf(exchange_time) })
}

const ROWS = [
  level(0, 0, 'bid', '10', '1', true),
  level(0, 1, 'bid', '9', '2', true),
  level(0, 2, 'ask', '11', '3', true),
  level(5, 0, 'bid', '10', '0'),
  level(6, 0, 'ask', '10.5', '4'),
  level(20, 0, 'bid', '8', '7', true),
  level(20, 1, 'ask', '12', '7', true),
]
const held = (from: number, until: number): LedgerFact => ({
  fact: 'held',
  dataset: BOOK,
  run: BigInt(from),
  from: at(from),
  until: at(until),
  proof: 'observed',
  before: null,
  last: null,
})
const FACTS: LedgerFact[] = [{ fact: 'wanted', dataset: BOOK, from: at(0), until: null }, held(0, 7), held(20, 30)]

async function asked(rows: readonly BookDeltaRow[], time: bigint | undefined, depth = 10) {
  let found: Awaited<ReturnType<typeof bookAt>> | undefined
  await withFolder(async (path) => {
    const store = await Store.open({ dataPath: path, clock: new FakeClock(TEN), threads: 1 })
    const builder = new ColumnBuilder()
    for (const row of rows) builder.row('book_deltas', BOOK, row)
    for (const fact of FACTS) builder.fact(fact)
    await store.submit(await store.allocateLane(), 0, builder.take())
    await store.commit()
    await store.publish({ all: true })
    await store.close()
    const data = await openStoredData(path)
    try {
      found = await bookAt(data, 'binance', 'BTC/USDT', time, depth)
    } finally {
      await data.close()
    }
  })
  return found
}

describe('a book at an instant', () => {
  it('is the whole book with every change up to then, and none after', async () => {
    const first = {
      bids: [
        ['10', '1'],
        ['9', '2'],
      ],
      asks: [['11', '3']],
    }
    expect(await asked(ROWS, at(4))).toMatchObject({ ...first, proof: 'verified', time: isoFromNanos(at(0)) })
    expect(await asked(ROWS, at(5) - 1n)).toMatchObject(first)
    expect(await asked(ROWS, at(5))).toMatchObject({
      bids: [['9', '2']],
      asks: [['11', '3']],
      time: isoFromNanos(at(5)),
    })
    expect(await asked(ROWS, at(7))).toMatchObject({
      bids: [['9', '2']],
      asks: [
        ['10.5', '4'],
        ['11', '3'],
      ],
    })
  })

  it('begins anew with a later whole book, whatever stood before it', async () => {
    expect(await asked(ROWS, at(25))).toMatchObject({ bids: [['8', '7']], asks: [['12', '7']], proof: 'verified' })
  })

  it('says that it is in a gap, or not proven yet', async () => {
    expect(await asked(ROWS, at(12))).toMatchObject({ bids: [['9', '2']], proof: 'missing' })
    expect(await asked(ROWS, at(31))).toMatchObject({ proof: 'pending' })
  })

  it('without an instant it is the newest that is held, and proven', async () => {
    expect(await asked(ROWS, undefined)).toMatchObject({
      bids: [['8', '7']],
      at: isoFromNanos(at(30)),
      proof: 'verified',
    })
  })

  it('shows the best levels asked for', async () => {
    expect(await asked(ROWS, at(7), 1)).toMatchObject({ bids: [['9', '2']], asks: [['10.5', '4']] })
  })

  it('is found in the partition of the day before, where the new one has no whole book yet', async () => {
    const late = ROWS.slice(0, 3).map((row) => ({
      ...row,
      exchange_time: at(0) - DAY / 2n,
      day: dayOf(at(0) - DAY / 2n),
    }))
    expect(await asked(late, at(3))).toMatchObject({
      bids: [
        ['10', '1'],
        ['9', '2'],
      ],
    })
  })

  it('is refused where there is none', async () => {
    await expect(asked(ROWS, at(-5))).rejects.toMatchObject({ code: 'NO_BOOK' })
  })
})
