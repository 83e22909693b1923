import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { BookRules } from '../exchanges/exchange.js'
import type { BookDelta, BookSnapshot, Level } from '../model/event.js'
import { Book } from './book.js'
import { BookKeeper } from './keeper.js'

const rules: BookRules = { firstSnapshot: 'stream', follows: () => 'apply', cutsToDepth: true }
const shared = { symbol: 'AB', exchangeTime: 1n, checksum: undefined }
const snapshot = (bids: Level[], asks: Level[]): BookSnapshot => ({
  kind: 'book_snapshot',
  ...shared,
  bids,
  asks,
  sequence: undefined,
})
const delta = (bids: Level[], asks: Level[]): BookDelta => ({
  kind: 'book_delta',
  ...shared,
  bids,
  asks,
  firstSequence: undefined,
  lastSequence: undefined,
})
const levels = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 3 }))
    .map(([price, amount]): Level => [String(price), String(amount)]),
  { maxLength: 12 },
)

it('what it stores rebuilds the book where the venue cuts to depth in silence', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      levels,
      levels,
      fc.array(fc.tuple(levels, levels), { maxLength: 20 }),
      (depth, bids, asks, changes) => {
        const keeper = new BookKeeper(rules, depth)
        const rebuilt = new Book()
        const first = keeper.snapshot(snapshot(bids, asks))
        if (first.outcome === 'snapshot') rebuilt.load(first.event.bids, first.event.asks)
        for (const [b, a] of changes) {
          const kept = keeper.delta(delta(b, a))
          if (kept.outcome === 'applied') rebuilt.apply(kept.event.bids, kept.event.asks)
          expect(rebuilt.view()).toEqual(keeper.view())
          expect(rebuilt.view().bids.length).toBeLessThanOrEqual(depth)
        }
      },
    ),
  )
})
