import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { streamRow } from '../../testkit/fake-ports.js'
import { datasetKey } from '../model/dataset.js'
import { GapCounts } from './gap-counts.js'

const BOOK = { ...streamRow, key: 'book', channels: ['trades', 'book', 'ohlc:1h'] }

/** A ledger in memory that tells what was asked, and how long that takes. */
function ledger(clock: FakeClock, ms: number) {
  const asked: string[] = []
  const gaps = new Map<string, number>()
  const counts = new GapCounts(clock, (dataset) => {
    asked.push(datasetKey(dataset))
    clock.advance(ms)
    return gaps.get(datasetKey(dataset)) ?? 0
  })
  return { asked, gaps, counts }
}

it('counts the gaps of everything that a stream writes, and knows none before it counted', () => {
  const { counts, gaps } = ledger(new FakeClock(), 0)
  gaps.set('binance trades BTC/USDT', 2)
  gaps.set('binance book_snapshots BTC/USDT', 1)
  gaps.set('binance ohlc BTC/USDT 1h', 4)
  gaps.set('binance quotes BTC/USDT', 8)
  expect(counts.of(BOOK)).toBeUndefined()
  counts.look([BOOK])
  expect(counts.of(BOOK)).toBe(7)
})

// A cut is in the ledger once it is proven where the stream goes on: later than the stream says that it is live.
it('looks again for a while after a stream changed, and after a history ran; then once a minute', () => {
  const clock = new FakeClock()
  const { counts, asked } = ledger(clock, 0)
  const looks = (row: typeof streamRow, seconds: number) => {
    asked.length = 0
    for (let second = 0; second < seconds; second++) {
      counts.look([row])
      clock.advance(1000)
    }
    return asked.length
  }
  expect(looks(streamRow, 30)).toBe(30)
  expect(looks(streamRow, 130)).toBe(2)
  const cut = { ...streamRow, reconnects: 1 }
  expect(looks(cut, 30)).toBe(30)
  expect(looks(cut, 10)).toBe(0)
  counts.disturbed()
  expect(looks(cut, 10)).toBe(10)
})

// 100,000 intervals take a second to look through: the thread that answers the API has no second.
it('takes no more of the thread than its share, and comes to every stream all the same', () => {
  const clock = new FakeClock()
  const { counts, asked } = ledger(clock, 15)
  const rows = Array.from({ length: 40 }, (_, n) => ({ ...streamRow, key: `${n}`, pair: `C${n}/USDT` }))
  for (let look = 0; look < 40; look++) {
    asked.length = 0
    counts.look(rows)
    expect(asked.length).toBeLessThanOrEqual(2)
    clock.advance(1000)
  }
  expect(rows.map((row) => counts.of(row))).toEqual(rows.map(() => 0))
})
