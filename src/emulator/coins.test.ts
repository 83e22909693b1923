import { expect, it } from 'vitest'
import { isPair } from '../model/instrument.js'
import { COINS, coins, MOST_COINS } from './coins.js'
import { VENUES } from './emulate.js'

it('gives every venue a thousand instruments, each with names of its own', () => {
  expect(coins(3)).toEqual(COINS.slice(0, 3))
  const all = coins(MOST_COINS)
  expect(new Set(all.map(({ base }) => base)).size).toBe(MOST_COINS)
  for (const { exchange, instruments } of VENUES) {
    const specs = instruments(all)
    expect(new Set(specs.map(({ symbol }) => symbol)).size, exchange).toBe(specs.length)
    expect(specs.length, exchange).toBeGreaterThanOrEqual(MOST_COINS)
    for (const { pair } of specs) expect(isPair(pair), pair).toBe(true)
  }
})
