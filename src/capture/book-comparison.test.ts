import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LaneScript } from '../../testkit/lane-script.js'
import { toyExchange } from '../../testkit/toy-exchange.js'
import type { Level } from '../model/event.js'
import { Book } from './book.js'
import { BookComparison, type Finding } from './book-comparison.js'

const S = 1_000_000_000n

type Change = readonly [side: 'bid' | 'ask', price: number, amount: number]
const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom('bid' as const, 'ask' as const),
  fc.integer({ min: 1, max: 8 }),
  fc.integer({ min: 0, max: 3 }),
)
/** Messages of the stream, several changes each. */
const messages = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 20 })

const sides = (changes: readonly Change[]) => {
  const of = (side: string) =>
    changes.filter(([each]) => each === side).map(([, price, amount]): Level => [String(price), String(amount)])
  return { bids: of('bid'), asks: of('ask') }
}

/** Runs one comparison: the book is kept from `told`, the venue's from `sent`; its snapshot is of the state after `taken` single changes. */
function compare(before: readonly Change[], told: readonly (readonly Change[])[], snapshot: Book): Finding | undefined {
  const ours = new Book()
  ours.apply(sides(before).bids, sides(before).asks)
  const comparison = new BookComparison(1000, 'book')
  const state = { view: () => ours.view(), exchangeTime: undefined }
  comparison.restart(0n)
  comparison.tick(S, state, null)
  for (const each of told) {
    const { bids, asks } = sides(each)
    ours.apply(bids, asks)
    comparison.change(bids, asks)
  }
  expect(comparison.tick(6n * S, state, null)).toEqual({ found: 'ask' })
  comparison.answered({ ...snapshot.view(), exchangeTime: undefined }, 7n * S)
  return comparison.tick(9n * S, state, null)
}

describe('a book that nothing proves, compared with a snapshot', () => {
  it('is never called different for a snapshot of any instant meanwhile, be it amid the changes of one message', () => {
    fc.assert(
      fc.property(fc.array(change), messages, fc.nat(), (before, told, at) => {
        const single = told.flat()
        const snapshot = new Book()
        for (const each of [...before, ...single.slice(0, at % (single.length + 1))]) {
          const { bids, asks } = sides([each])
          snapshot.apply(bids, asks)
        }
        expect(compare(before, told, snapshot)).toMatchObject({ found: 'equal' })
      }),
    )
  })

  it('is called different for every level that was wrong before and that nobody has touched since', () => {
    fc.assert(
      fc.property(fc.array(change), messages, change, (before, told, [side, price, amount]) => {
        fc.pre(!told.flat().some(([eachSide, eachPrice]) => eachSide === side && eachPrice === price))
        const snapshot = new Book()
        for (const each of [...before, ...told.flat()]) {
          const { bids, asks } = sides([each])
          snapshot.apply(bids, asks)
        }
        const { bids, asks } = snapshot.view()
        const was = (side === 'bid' ? bids : asks).find(([each]) => Number(each) === price)?.[1] ?? '0'
        fc.pre(Number(was) !== amount)
        const lost = sides([[side, price, amount]])
        snapshot.apply(lost.bids, lost.asks)
        expect(compare(before, told, snapshot)).toMatchObject({ found: 'different' })
      }),
    )
  })

  it('goes on after a restart where it was', () => {
    const ours = new Book()
    ours.apply([['1', '1']], [['2', '1']])
    const state = { view: () => ours.view(), exchangeTime: undefined }
    const first = new BookComparison(1000, 'book')
    first.restart(0n)
    first.tick(S, state, null)
    first.change([['1', '5']], [])
    ours.apply([['1', '5']], [])
    first.tick(6n * S, state, null)
    const second = new BookComparison(1000, 'book', first.save())
    second.answered({ bids: [['1', '1.0']], asks: [['2', '1.00']], exchangeTime: undefined }, 7n * S)
    const third = new BookComparison(1000, 'book', second.save())
    expect(third.tick(8n * S, state, null)).toBeUndefined()
    expect(third.tick(9n * S, state, null)).toMatchObject({ found: 'equal' })
  })

  it('leaves an answer alone that is older than the book was: it came out of a cache', () => {
    const ours = new Book()
    ours.apply([['1', '1']], [])
    const state = { view: () => ours.view(), exchangeTime: 100n * S }
    const comparison = new BookComparison(1000, 'book')
    comparison.restart(0n)
    comparison.tick(S, state, null)
    comparison.tick(6n * S, state, null)
    comparison.answered({ bids: [], asks: [], exchangeTime: 99n * S }, 7n * S)
    expect(comparison.tick(9n * S, state, null)).toBeUndefined()
    expect(comparison.tick(20n * S, state, null)).toBeUndefined()
  })
})

describe('the ledger of such a book', () => {
  const BOOK = 'toy book_deltas A/B'
  const B = 'book:10 AB'

  /** A book from second 0 on; `lose`: a change at second 30 that was sent and never came. Comparisons come every ten seconds or so. */
  function run(lose: boolean) {
    const script = new LaneScript(toyExchange({ refreshEveryMs: 10_000 }))
    script.open(-1, 1, ['book'])
    script.frame(-0.5, 1, { ack: [B] })
    script.frame(0, 1, { sub: B, whole: null, t: script.ms(0), b: [['10', '1']], a: [['11', '1']] })
    const truth = { b: [['10', '1']], a: [['11', '1']] }
    let answered = 0
    for (let second = 1; second <= 90; second++) {
      script.frame(second, 1, { sub: B, t: script.ms(second), b: [['9', String(second)]], a: [] })
      truth.b = [
        ['10', lose && second >= 30 ? '7' : '1'],
        ['9', String(second)],
      ]
      script.tick(second + 0.1)
      const asked = script.wishes.filter(({ wish }) => wish === 'compare').length
      if (asked > answered) {
        answered = asked
        script.rest(second + 0.2, 1, B, { whole: 1, ...truth }, 'compare')
      }
      if (second === 20) script.restart()
      if (script.wishes.some((each) => each.wish === 'send' && each.messages.join().includes('resync'))) break
    }
    script.deriver.flush()
    const [stretch] = script.sink.held(BOOK)
    const seconds = (time: bigint | undefined) => Number(((time ?? 0n) - script.at(0)) / 1000n) / 1e6
    return { script, from: seconds(stretch?.from), until: seconds(stretch?.until), proof: stretch?.proof, answered }
  }

  it('stays unverifiable where every snapshot is equal', () => {
    const { script, from, until, proof, answered } = run(false)
    expect(answered).toBeGreaterThan(2)
    expect(script.sink.breaks(BOOK)).toEqual([])
    expect([from, until, proof]).toEqual([0, 90, 'unverifiable'])
  })

  it('loses all since the last equal snapshot where one differs, and the book is taken anew', () => {
    const { script, until } = run(true)
    expect(script.sink.breaks(BOOK)).toMatchObject([{ code: 'BOOK_DIVERGED' }])
    expect(script.sink.breaks(BOOK)[0]?.detail).toContain('bid 10 (7, not 1)')
    // Held no further than to a comparison that was equal before the change was lost.
    expect(until).toBeGreaterThan(5)
    expect(until).toBeLessThan(30)
    expect(script.wishes.at(-1)).toMatchObject({ wish: 'send', messages: [expect.stringContaining('resync')] })
  })
})
