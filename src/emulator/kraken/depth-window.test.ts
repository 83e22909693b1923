import fc from 'fast-check'
import { expect, it } from 'vitest'
import { COINS } from '../coins.js'
import { Market } from '../market.js'
import { DepthWindow } from './depth-window.js'
import { krakenInstruments } from './listing.js'

it('whoever applies what a window tells, and cuts, holds the best levels of the market, also while it has fewer', () => {
  const quiet = COINS.filter(({ activity }) => activity <= 0.3)
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...quiet), fc.constantFrom(1, 10, 60, 75, 105), (seed, coin, depth) => {
      const market = new Market(krakenInstruments([coin]), { seed, rate: 1000, stepNs: 1000n, start: 0n })
      const [instrument] = market.instruments
      if (!instrument) throw new Error('no instrument')
      const window = new DepthWindow(instrument, depth)
      const held = { bids: new Map<number, number>(), asks: new Map<number, number>() }
      const cut = (side: 'bids' | 'asks') => {
        const sign = side === 'bids' ? -1 : 1
        const sorted = [...held[side]].sort((a, b) => sign * (a[0] - b[0])).slice(0, depth)
        held[side] = new Map(sorted)
        return sorted
      }
      for (const side of ['bids', 'asks'] as const)
        for (const { price, amount } of instrument[side].best(depth)) held[side].set(price, amount)
      market.advance(1_000_000_000n, (turn) => {
        const told = window.take(turn)
        for (const side of ['bids', 'asks'] as const) {
          for (const { price, amount } of told?.[side] ?? [])
            if (amount > 0) held[side].set(price, amount)
            else expect(held[side].delete(price), 'only levels that were told are deleted').toBe(true)
          expect(cut(side)).toEqual(instrument[side].best(depth).map(({ price, amount }) => [price, amount]))
        }
      })
    }),
    { numRuns: 10 },
  )
})
