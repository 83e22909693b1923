import { expect, it } from 'vitest'
import { RateHistory } from './rate-history.js'

it('keeps the last samples of each stream in their order, and forgets a stream that is gone', () => {
  const history = new RateHistory()
  for (let second = 0; second < 100; second++)
    history.note(
      second < 95
        ? [{ key: 'a', rate: second }]
        : [
            { key: 'a', rate: second },
            { key: 'b', rate: 7.25 },
          ],
    )
  expect(history.of('a')).toEqual(Array.from({ length: 90 }, (_, index) => index + 10))
  expect(history.of('b')).toEqual([7.3, 7.3, 7.3, 7.3, 7.3])
  history.note([{ key: 'b', rate: 1 }])
  expect(history.of('a')).toEqual([])
  expect(history.of('b')).toEqual([7.3, 7.3, 7.3, 7.3, 7.3, 1])
})
