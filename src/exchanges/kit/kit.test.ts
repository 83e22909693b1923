import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLossless } from './lossless-json.js'
import { batches, planOnPath } from './plan.js'
import { counter, decimal, integer, levels, unsignedDecimal, WireError } from './wire.js'

const numbersAsText = (value: unknown): unknown => {
  if (typeof value === 'number') return String(Object.is(value, -0) ? 0 : value)
  if (Array.isArray(value)) return value.map(numbersAsText)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, numbersAsText(each)]))
  }
  return value
}

describe('lossless JSON', () => {
  it('keeps the spelling of every number, so that no digit of a price is lost', () => {
    expect(readLossless('{"p":1.10,"q":-0.000000000000000000012345,"id":12345678901234567890,"e":1E-7}')).toEqual({
      p: '1.10',
      q: '-0.000000000000000000012345',
      id: '12345678901234567890',
      e: '1E-7',
    })
  })

  it('leaves numbers inside texts and keys alone', () => {
    expect(readLossless('{"a1":"x 1.0, \\"2\\" \\\\","3":[true,null,"4"]}')).toEqual({
      a1: 'x 1.0, "2" \\',
      '3': [true, null, '4'],
    })
  })

  it('reads any JSON as JSON.parse does, but for the numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readLossless(JSON.stringify(value))).toEqual(numbersAsText(JSON.parse(JSON.stringify(value))))
      }),
    )
  })

  it('reads text that is nearly JSON exactly as JSON.parse does, or refuses it', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '1',
      '-',
      '.5',
      'e',
      '0',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
      '"__proto__"',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('')
        let wanted: unknown
        try {
          wanted = JSON.parse(text)
        } catch {
          expect(() => readLossless(text)).toThrow(WireError)
          return
        }
        if (!/\d/.test(text)) expect(readLossless(text)).toEqual(wanted)
        else expect(() => readLossless(text)).not.toThrow()
      }),
      { numRuns: 2000 },
    )
    expect(() => readLossless('['.repeat(100_000))).toThrow(WireError)
    expect(readLossless(`${'['.repeat(200)}1.0${']'.repeat(200)}`)).toBeDefined()
  })

  it.each(['', '{', '1.', '[1,]', '"a', '01', '1e', '-', 'NaN', '"\\1'])('refuses %j', (text) => {
    expect(() => readLossless(text)).toThrow(WireError)
  })
})

describe('wire fields', () => {
  it('refuse what the protocol does not allow, with the name of the field', () => {
    expect(() => decimal(1.5, 'p')).toThrow('p should be a decimal number as text, is 1.5')
    expect(() => decimal('', 'p')).toThrow(WireError)
    expect(() => unsignedDecimal('-1', 'q')).toThrow(WireError)
    expect(() => integer(1.5, 'E')).toThrow(WireError)
    expect(() => integer(2 ** 53, 'E')).toThrow(WireError)
    expect(() => counter(-1, 't')).toThrow(WireError)
    expect(() => counter(2 ** 53, 't')).toThrow(WireError)
    expect(() => levels([['1', '2'], ['3']], 'b')).toThrow(WireError)
    expect(() => levels({}, 'b')).toThrow(WireError)
  })

  it('read ids beyond 2^53 from text exactly', () => {
    expect(counter('12345678901234567890', 'id')).toBe(12345678901234567890n)
  })

  it('drop what stands behind price and amount of a level', () => {
    expect(levels([['1.0', '2', '0', '4']], 'b')).toEqual([['1.0', '2']])
  })
})

describe('plans', () => {
  it('lose nothing, invent nothing and keep the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 7 }), (symbols, limit) => {
        const subscriptions = symbols.map((symbol, n) => ({
          id: `${n}`,
          channel: 'trades' as const,
          symbol,
          pair: 'A/B',
        }))
        const plans = planOnPath('/ws', limit, subscriptions)
        expect(plans.flatMap((plan) => plan.subscriptions)).toEqual(subscriptions)
        for (const plan of plans) expect(plan.subscriptions.length).toBeLessThanOrEqual(limit)
      }),
    )
    expect(batches([], 3)).toEqual([])
  })
})
