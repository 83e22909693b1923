import { expect, it } from 'vitest'
import { Numbers } from './numbers.js'

it('subscriptions that share a block do not see one another, and nothing is something else than zero', () => {
  const all = Numbers.make(6)
  const [first, second] = [all.from(0), all.from(3)]
  first.set(2, 7n)
  second.set(0, 0n)
  second.set(1, -1n)
  expect([0, 1, 2].map((place) => first.get(place))).toEqual([undefined, undefined, 7n])
  expect([0, 1, 2].map((place) => second.get(place))).toEqual([0n, -1n, undefined])
  second.set(1, null)
  first.set(2, undefined)
  expect(second.get(1)).toBeUndefined()
  expect(first.get(2)).toBeUndefined()
})
