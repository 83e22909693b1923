import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Level } from '../model/event.js'
import { Book } from './book.js'

const level = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 3 }))
  .map(([price, amount]): Level => [(price / 10).toFixed(2), amount.toFixed(1)])
const levels = fc.array(level, { maxLength: 30 })
/** As venues write numbers, and as they do not: exponents, more digits than a double holds, zeros before and after, a bare point. */
const spelling = fc.oneof(
  fc.tuple(fc.bigInt(1n, 10n ** 22n), fc.integer({ min: 1, max: 20 })).map(([units, places]) => {
    const digits = String(units).padStart(places + 1, '0')
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`
  }),
  fc.bigInt(1n, 10n ** 22n).map(String),
  fc.double({ min: 1e-9, max: 1e9, noNaN: true }).map(String),
  fc.constantFrom(
    '1e-7',
    '1.5E3',
    '007',
    '00.5',
    '5.',
    '.5',
    '+3',
    '1.50000000',
    '0.10',
    '9007199254740993',
    '12345678.00000000',
  ),
)

/** The same book, kept the slow way. */
function model(changes: readonly Level[][], side: 'bid' | 'ask'): Level[] {
  const held = new Map<number, Level>()
  for (const change of changes) for (const each of change) held.set(Number(each[0]), each)
  const sorted = [...held.values()].filter((each) => Number(each[1]) !== 0).sort((a, b) => Number(a[0]) - Number(b[0]))
  return side === 'bid' ? sorted.reverse() : sorted
}

it('equals a sorted map under any load and changes, best level first, texts kept', () => {
  fc.assert(
    fc.property(levels, levels, fc.array(fc.tuple(levels, levels), { maxLength: 20 }), (bids, asks, changes) => {
      const book = new Book()
      book.load(bids, asks)
      for (const [b, a] of changes) book.apply(b, a)
      expect(book.view().bids).toEqual(model([bids, ...changes.map(([b]) => b)], 'bid'))
      expect(book.view().asks).toEqual(model([asks, ...changes.map(([, a]) => a)], 'ask'))
      expect(book.view(3).bids).toEqual(book.view().bids.slice(0, 3))
    }),
  )
})

it('gives every text back as it was written, whatever a double makes of it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spelling, spelling, fc.boolean()), { minLength: 1, maxLength: 60 }), (all) => {
      const book = new Book()
      const held = new Map<number, Level>()
      for (const [price, amount, goes] of all) {
        book.apply([[price, goes ? '0.000' : amount]], [])
        book.view(5)
        if (goes) held.delete(Number(price))
        else held.set(Number(price), [price, amount])
      }
      const sorted = [...held].sort(([a], [b]) => b - a).map(([, each]) => each)
      expect(book.view().bids).toEqual(sorted)
      expect(book.view(5).bids).toEqual(sorted.slice(0, 5))
      const again = new Book()
      again.load([], book.view().bids)
      expect(again.view().asks).toEqual(sorted.toReversed())
    }),
    { numRuns: 500 },
  )
})

it('cuts the worst levels of both sides', () => {
  fc.assert(
    fc.property(levels, levels, fc.integer({ min: 0, max: 10 }), (bids, asks, depth) => {
      const book = new Book()
      book.load(bids, asks)
      const whole = book.view()
      const gone = book.cut(depth)
      expect(new Set(gone.bids)).toEqual(new Set(whole.bids.slice(depth)))
      expect(new Set(gone.asks)).toEqual(new Set(whole.asks.slice(depth)))
      expect(book.view()).toEqual({ bids: whole.bids.slice(0, depth), asks: whole.asks.slice(0, depth) })
    }),
  )
})

it('is crossed when the best bid reaches the best ask, and not when a side is empty', () => {
  const book = new Book()
  book.load([['10', '1']], [])
  expect(book.crossed).toBe(false)
  book.apply([], [['10.0', '1']])
  expect(book.crossed).toBe(true)
  book.apply([['10', '0']], [])
  expect(book.crossed).toBe(false)
})
