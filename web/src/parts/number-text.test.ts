import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesText, evenDecimals, shareText } from './number-text.js'

const decimals = fc
  .tuple(fc.nat(99_999), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 10 }))
  .map(([whole, digits]) => (digits.length ? `${whole}.${digits.join('')}` : String(whole)))

describe('numbers as text', () => {
  it('of one column have equally many decimals and the same value', () => {
    fc.assert(
      fc.property(fc.array(decimals), (texts) => {
        const even = evenDecimals(texts)
        expect(even.map(Number)).toEqual(texts.map(Number))
        expect(new Set(even.map((text) => text.split('.')[1]?.length ?? 0)).size).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('never call a share whole that is not', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (share) => {
        expect(shareText(share)).not.toMatch(/^100/)
      }),
    )
    expect(shareText(1)).toBe('100 %')
  })

  it('are bytes in the nearest unit', () => {
    expect([0, 999, 1000, 1_234_567, 5e12].map(bytesText)).toEqual(['0 B', '999 B', '1.0 kB', '1.2 MB', '5.0 TB'])
  })
})
