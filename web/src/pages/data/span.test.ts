import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aligned, cellOf, moved, type Span, ticksOf, zoomed } from './span.js'

const spans = fc
  .record({ from: fc.integer({ min: 0, max: 2e12 }), length: fc.integer({ min: 20_000, max: 3e11 }) })
  .map(({ from, length }): Span => ({ from, until: from + length }))

describe('a stretch of time that is looked at', () => {
  it('is cut into at most as many cells as fit, whatever its length', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 150, max: 400 }), (span, columns) => {
        const cell = cellOf(span, columns)
        const { from, until } = aligned(span, cell)
        expect((until - from) / cell).toBeLessThanOrEqual(columns + 2)
        expect(from).toBeLessThanOrEqual(span.from)
        expect(until).toBeGreaterThanOrEqual(span.until)
        expect(from % cell).toBe(0)
      }),
    )
  })

  it('keeps the moment in place about which it is zoomed, and never becomes shorter than can be seen', () => {
    fc.assert(
      fc.property(
        spans,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (span, factor, part) => {
          const about = span.from + (span.until - span.from) * part
          const next = zoomed(span, factor, about)
          expect(next.until - next.from).toBeGreaterThanOrEqual(19_999)
          expect(Math.abs(next.from + (next.until - next.from) * part - about)).toBeLessThanOrEqual(2)
        },
      ),
    )
  })

  it('is as long after a move', () => {
    fc.assert(
      fc.property(spans, (span) => {
        const next = moved(span, 0.5)
        expect(next.until - next.from).toBe(span.until - span.from)
      }),
    )
  })

  it('is marked at round moments inside it', () => {
    fc.assert(
      fc.property(spans, (span) => {
        const { step, at } = ticksOf(span, 10)
        expect(at.every((tick) => tick >= span.from && tick < span.until && tick % step === 0)).toBe(true)
        expect(at.length).toBeLessThanOrEqual(125)
      }),
    )
  })
})
