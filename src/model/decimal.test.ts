import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalDecimal, plainNumber, toDouble } from './decimal.js'

describe('toDouble', () => {
  const decimal = fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      fc.stringMatching(/^\d{1,25}$/),
      fc.option(fc.stringMatching(/^\d{0,25}$/), { nil: undefined }),
      fc.option(fc.integer({ min: -340, max: 320 }), { nil: undefined }),
    )
    .map(([sign, whole, fraction, exponent]) =>
      [sign, whole, fraction === undefined ? '' : `.${fraction}`, exponent === undefined ? '' : `e${exponent}`].join(
        '',
      ),
    )

  it('loses no digit of any decimal: the double, or the text beside it, names the same number', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        const { value, text: exact } = toDouble(text)
        expect(exact ?? canonicalDecimal(String(value))).toBe(canonicalDecimal(text))
      }),
      { numRuns: 2000 },
    )
  })

  it.each(['1e-400', '1234567e-330', '9007199254740993', '0.30000000000000000001'])('keeps the text of %s', (text) => {
    expect(toDouble(text).text).toBe(canonicalDecimal(text))
  })

  it.each(['0', '65000.10', '0.1', '123456789012345', '1e-7', '-0.0'])('needs no text for %s', (text) => {
    expect(toDouble(text)).toEqual({ value: Number(text), text: undefined })
  })
})

describe('plainNumber', () => {
  it('is the double that Number gives, for every number of at most fifteen digits', () => {
    const plain = fc.tuple(fc.stringMatching(/^\d{1,15}$/), fc.nat({ max: 15 })).map(([digits, at]) => {
      const point = Math.min(digits.length, at)
      return point === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`
    })
    fc.assert(
      fc.property(plain, (text) => {
        expect(plainNumber(text)).toBe(Number(text))
      }),
      { numRuns: 5000 },
    )
  })

  it.each(['', '.', '.5', '1.2.3', '-1', '+1', '1e5', ' 1', '0x10', 'NaN', '1234567890123456', '0.123456789012345'])(
    'leaves %j to others',
    (text) => {
      expect(plainNumber(text)).toBeNaN()
    },
  )
})
