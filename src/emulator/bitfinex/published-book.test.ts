import fc from 'fast-check'
import { expect, it } from 'vitest'
import { COINS } from '../coins.js'
import { Market } from '../market.js'
import { bitfinexInstruments } from './listing.js'
import { PublishedBook } from './published-book.js'

const MS = 1_000_000n

it('each entry has a millisecond of its own, windows never grow, and the state told is that of the market', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...COINS), fc.constantFrom(1, 25, 250), (seed, coin, length) => {
      const specs = bitfinexInstruments([coin])
      const market = new Market(specs, { seed, rate: 2000, stepNs: MS, start: 0n })
      const [instrument] = market.instruments
      if (!instrument) throw new Error('no instrument')
      const book = new PublishedBook(instrument, 0n)
      const held = { bid: new Map<number, string>(), ask: new Map<number, string>() }
      const read = (text: string) => {
        for (const [price, count, amount] of JSON.parse(text)) {
          const side = held[amount > 0 ? 'bid' : 'ask']
          if (count > 0) side.set(price, `${count} ${amount}`)
          else expect(side.delete(price), 'only levels that were told are deleted').toBe(true)
          expect(Math.max(held.bid.size, held.ask.size)).toBeLessThanOrEqual(length)
        }
      }
      read(book.snapshot(length))
      let moves = 0
      for (let now = 0n; now < 1500n * MS; now += 20n * MS) {
        market.advance(now, () => {})
        const before = book.time
        if (!book.advance(now)) continue
        moves++
        expect(book.time).toBe(now)
        expect(now - before).toBeGreaterThanOrEqual(BigInt(book.batch(250).length) * MS)
        read(`[${book.batch(length).join(',')}]`)
        const told = new Map<string, string>()
        for (const [price, count, amount] of JSON.parse(book.snapshot(length)))
          told.set(`${amount > 0 ? 'bid' : 'ask'} ${price}`, `${count} ${amount}`)
        const kept = (['bid', 'ask'] as const).flatMap((side) =>
          [...held[side]].map(([price, rest]) => [`${side} ${price}`, rest] as const),
        )
        expect(new Map(kept)).toEqual(told)
        // No price needs a sixth digit: then checksums would round.
        for (const [name] of kept) expect(name.replace(/\D|0+$/g, '').replace(/^0+/, '').length).toBeLessThanOrEqual(5)
      }
      expect(moves).toBeGreaterThan(2)
    }),
    { numRuns: 15 },
  )
})
