import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from './nearest.js'

describe('nearest', () => {
  it.each([
    ['chanels', ['channels', 'pairs'], 'channels'],
    ['timestep', ['time_step', 'depth'], 'time_step'],
    ['Trades', ['trades', 'book'], 'trades'],
    ['bok', ['trades', 'book'], 'book'],
    ['xyz', ['trades', 'book'], undefined],
    ['', ['trades'], undefined],
  ])('%s of %j', (text, candidates, found) => {
    expect(nearest(text, candidates)).toBe(found)
  })

  it('measures a distance: zero for equals, the same both ways, never more than the longer', () => {
    const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, a)).toBe(0)
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
  })
})
