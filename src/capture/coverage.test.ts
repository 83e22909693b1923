import { expect, it } from 'vitest'
import { SECOND } from '../model/time.js'
import { Coverage } from './coverage.js'

it('a chain whose numbers begin anew goes on; a number that was seen is no event, and a hole is one', () => {
  const breaks: string[] = []
  const coverage = new Coverage('okx book_deltas A/B', 'chain', (fact) => {
    if (fact.fact === 'break') breaks.push(fact.detail)
  })
  let second = 0n
  const event = (before: bigint, last: bigint) => {
    second++
    return coverage.event({ time: second * SECOND, mono: second * SECOND }, second, { before, last })
  }
  event(100n, 100n)
  event(100n, 105n)
  // Nothing changed for a minute, then the venue counts from the beginning.
  event(105n, 105n)
  event(105n, 3n)
  event(3n, 7n)
  expect(coverage.state.run).toMatchObject({ from: SECOND + 1n, until: 5n * SECOND, before: 100n, last: 7n })
  event(5n, 6n)
  expect(coverage.state.run).toMatchObject({ until: 5n * SECOND, last: 7n })
  expect(breaks).toEqual([])
  expect(event(9n, 12n)).toBe(2n)
  expect(breaks).toEqual(['2 missing after 7'])
})
