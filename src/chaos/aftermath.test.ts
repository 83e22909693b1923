import { expect, it } from 'vitest'
import { Aftermath } from './aftermath.js'

/** A program whose streams come back when the test says so, in a time that goes from look to look. */
function scene() {
  const state = { ms: 0, waiting: new Set<string>(['a', 'b']), at: new Map<number, () => void>() }
  const aftermath = new Aftermath(['a', 'b'], {
    waiting: async () => new Set(state.waiting),
    wall: () => BigInt(state.ms),
    nowMs: () => state.ms,
    async sleep(ms) {
      state.ms += ms
      state.at.get(state.ms)?.()
    },
  })
  return { state, aftermath }
}

// What was done to one exchange ended what had been done to all: the minute in which the book of another waited for its snapshot had no cause any more.
it('lasts for each exchange until it is live again, whatever is done to another one meanwhile', async () => {
  const { state, aftermath } = scene()
  const ending = new AbortController()
  aftermath.begins('all')
  aftermath.done()
  state.at.set(2000, () => {
    aftermath.begins('a')
    aftermath.done()
  })
  state.at.set(3000, () => state.waiting.delete('a'))
  state.at.set(60_000, () => state.waiting.delete('b'))
  state.at.set(70_000, () => ending.abort())
  await aftermath.watch(ending.signal)
  expect(aftermath.disturbances).toEqual([
    { exchange: 'a', from: 0n, until: 2000n },
    { exchange: 'b', from: 0n, until: 60_000n },
    // Not at 3000: until then the status may tell of the time before.
    { exchange: 'a', from: 2000n, until: 3600n },
  ])
})

it('lasts at least as long as it is being done, and ends with the run', async () => {
  const { state, aftermath } = scene()
  const ending = new AbortController()
  state.waiting.clear()
  aftermath.begins('a')
  state.at.set(10_000, () => aftermath.done())
  state.at.set(20_000, () => aftermath.begins('b'))
  state.at.set(21_000, () => ending.abort())
  await aftermath.watch(ending.signal)
  expect(aftermath.disturbances).toEqual([
    { exchange: 'a', from: 0n, until: 11_600n },
    { exchange: 'b', from: 20_000n, until: 21_000n },
  ])
})
