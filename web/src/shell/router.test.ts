import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parsePlace, placeHref } from './router.js'

it('a place is read back from its address, whatever is searched for', () => {
  fc.assert(
    fc.property(fc.constantFrom('streams', 'data', 'logs'), fc.string({ minLength: 1 }), (page, search) => {
      expect(parsePlace(placeHref(page, { search, none: undefined }))).toEqual({ page, rest: [], query: { search } })
    }),
  )
})

it('an empty address is the overview', () => {
  expect(parsePlace('')).toEqual({ page: 'overview', rest: [], query: {} })
  expect(parsePlace('#/data/dataset?pair=BTC%2FUSDT')).toEqual({
    page: 'data',
    rest: ['dataset'],
    query: { pair: 'BTC/USDT' },
  })
})
