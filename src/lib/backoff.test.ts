import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff } from './backoff.js'

describe('Backoff', () => {
  it('retries first within half a second, then doubles up to a minute', () => {
    const backoff = new Backoff({ random: () => 0.999_999 })
    const delays = Array.from({ length: 10 }, () => Math.ceil(backoff.next()))
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('spreads retries over the whole range so that many tasks do not come back together', () => {
    expect(new Backoff({ random: () => 0 }).next()).toBe(0)
  })

  it('starts again after a stable minute, and not after a shorter life', () => {
    const backoff = new Backoff({ random: () => 0.5 })
    for (let i = 0; i < 6; i++) backoff.next()
    expect(backoff.next(59_999)).toBe(16_000)
    expect(backoff.next(60_000)).toBe(250)
  })

  it('never leaves its bounds however long it fails', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 1, maxLength: 2000 }),
        (draws) => {
          let i = 0
          const backoff = new Backoff({ random: () => draws[i++ % draws.length] ?? 0 })
          for (let n = 0; n < 3000; n++) {
            const delay = backoff.next()
            if (!(delay >= 0 && delay <= 60_000)) return false
          }
          return true
        },
      ),
      { numRuns: 20 },
    )
  })
})
