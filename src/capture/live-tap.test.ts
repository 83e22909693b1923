import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { LiveBatch } from '../model/live.js'
import type { TradeRow } from '../model/row.js'
import { LiveTap } from './live-tap.js'

const TRADES = 'binance trades BTC/USDT'
const BOOK = 'binance book_deltas BTC/USDT'

function trade(n: number): TradeRow {
  const time = BigInt(n)
  return {
    exchange_time: time,
    receive_time: time,
    frame: time,
    row: 0,
    day: 0,
    trade_id: `${n}`,
    price: '1',
    amount: '1',
    taker_side: 'buy',
    source: 'stream',
  }
}

function tapped() {
  const clock = new FakeClock()
  const stored: string[] = []
  const sent: LiveBatch[] = []
  let bids: [string, string][] = [['10', '1']]
  const tap = new LiveTap(
    { row: (_kind, dataset) => void stored.push(dataset), fact: () => {} },
    {
      clock,
      send: (batch) => sent.push(batch),
      bookOf: (dataset, depth) =>
        dataset === BOOK
          ? { bids: bids.slice(0, depth), asks: [], sequence: 5n, exchangeTime: null, proof: 'verified' }
          : undefined,
    },
  )
  const setBids = (next: [string, string][]) => {
    bids = next
  }
  return { clock, stored, sent, tap, setBids }
}

describe('the live tap', () => {
  it('stores everything and hands out what is followed alone', () => {
    const { clock, stored, sent, tap } = tapped()
    tap.row('trades', TRADES, trade(1))
    tap.follow({ rows: [TRADES], books: [], whole: [] })
    tap.row('trades', TRADES, trade(2))
    tap.row('trades', 'kraken trades BTC/USD', trade(3))
    clock.advance(50)
    expect(stored.length).toBe(3)
    expect(sent).toMatchObject([{ items: [{ dataset: TRADES, row: { trade_id: '2' } }], missed: [] }])
    tap.follow({ rows: [], books: [], whole: [] })
    tap.row('trades', TRADES, trade(4))
    clock.advance(1000)
    expect([stored.length, sent.length]).toEqual([4, 1])
  })

  it('counts what a receiver that hangs does not take, keeps bounded, and goes on when it is back', () => {
    const { clock, sent, tap, stored } = tapped()
    tap.follow({ rows: [TRADES], books: [], whole: [] })
    for (let n = 0; n < 30_000; n++) {
      tap.row('trades', TRADES, trade(n))
      if (n % 100 === 99) clock.advance(50)
    }
    // Four batches under way, then only what is kept.
    expect(sent.length).toBe(4)
    for (let n = 0; n < 4; n++) tap.taken()
    clock.advance(50)
    const last = sent.at(-1)
    expect(last?.items.length).toBe(10_000)
    const taken = sent.reduce((sum, { items }) => sum + items.length, 0)
    expect(last?.missed).toEqual([[TRADES, 30_000 - taken]])
    expect(stored.length).toBe(30_000)
  })

  it('shows a book when it changed, five times a second at most, and gives the whole of it at once', () => {
    const { clock, sent, tap, setBids } = tapped()
    tap.follow({ rows: [BOOK], books: [BOOK, 'no book_deltas X/Y'], whole: [BOOK] })
    for (let n = 0; n < 20; n++) clock.advance(50)
    const books = () =>
      sent.flatMap(({ items }) => items).map((item) => (item.what === 'book' ? item.whole : undefined))
    expect(books()).toEqual([true, false])
    for (let n = 0; n < 20; n++) {
      setBids([['10', `${n}`]])
      tap.taken()
      clock.advance(50)
    }
    expect(books().length).toBe(7)
  })
})
