import { expect, it } from 'vitest'
import { either, listOf, object, oneOf, places, VALUE } from '../exchanges/kit/shape.js'
import { strangeIn } from './shape.js'

const trade = object('id price', { side: oneOf('buy', 'sell') })
const found = (value: unknown, shape = object('ts', { data: listOf(trade) })) =>
  strangeIn(value, shape).map(({ what, name }) => `${what} ${name}`)

it('fields, words and types that nobody documented are told with their place; missing ones and null are not', () => {
  expect(found({ ts: 1, data: [{ id: 1, price: '2', side: 'buy' }] })).toEqual([])
  expect(found({ data: [{ id: null, side: null }, {}] })).toEqual([])
  expect(found({ ts: 1, v: 2, data: [{ id: 1, fee: '0' }] })).toEqual(['field v', 'field data[].fee'])
  expect(found({ data: [{ side: 'short' }, { side: 'short' }] })).toEqual(['word data[].side = "short"'])
  expect(found({ ts: { seconds: 1 }, data: { id: 1 } })).toEqual(['type ts', 'type data'])
  expect(found([])).toEqual(['type '])
})

it('a list by places may be shorter, not longer', () => {
  const shape = places(1, listOf(places(2)), 1)
  expect(found([7, [[1, 2]]], shape)).toEqual([])
  expect(found([7, [[1, 2, 3]], 4, 5], shape)).toEqual(['field [1][][2]', 'field [3]'])
})

it('of several forms the one that explains a message best tells what is strange in it', () => {
  const shape = either(object('a b c'), object('x', { y: VALUE }))
  expect(found({ x: 1, y: 2, z: 3 }, shape)).toEqual(['field z'])
  expect(found({ a: 1 }, shape)).toEqual([])
})

it('a message of any size or depth is told in few and short lines', () => {
  const deep = `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`
  expect(found(JSON.parse(deep))).toEqual(['field a'])
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${'f'.repeat(200)}${n}`, n]))
  expect(found(wide).length).toBeLessThanOrEqual(20)
  expect(Math.max(...found(wide).map(({ length }) => length))).toBeLessThan(100)
})
