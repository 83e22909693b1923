import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FileSummary, LaneSummary } from './file-summary.js'
import { filesToRelease, fileToCompress, type KeepRule, type LaneProgress } from './retention.js'

const NOW = 1_000_000n * 1_000_000n
const part = (lane: number, first: number, last: number, states: number[] = [], ended = false): LaneSummary => ({
  lane,
  first,
  last,
  states,
  ended,
})
const file = (number: number, lanes: LaneSummary[], more: Partial<FileSummary> = {}): FileSummary => ({
  number,
  bytes: 100,
  until: 0n,
  lanes,
  compressed: false,
  damaged: false,
  foreign: false,
  ...more,
})
const release = (files: FileSummary[], progress: Record<number, LaneProgress>, rule: KeepRule = { keepMs: 0 }) =>
  filesToRelease(files, new Map(Object.entries(progress).map(([lane, p]) => [Number(lane), p])), rule, NOW).map(
    ({ number }) => number,
  )
const at = (committed: number, done = false): LaneProgress => ({ committed, done })

const FILES = [
  file(1, [part(1, 0, 9, [0])]),
  file(2, [part(1, 10, 19, [12]), part(2, 0, 4, [0])]),
  file(3, [part(1, 20, 29, [25]), part(2, 5, 9, [], true)]),
]

test('a file goes only when every lane in it has a newer state at or before its committed position', () => {
  expect(release(FILES, {})).toEqual([])
  expect(release(FILES, { 1: at(11) })).toEqual([]) // the state at 12 is not committed: recovery starts at 0
  expect(release(FILES, { 1: at(12) })).toEqual([1])
  expect(release(FILES, { 1: at(29) })).toEqual([1]) // lane 2 holds the second
  expect(release(FILES, { 1: at(29), 2: at(9) })).toEqual([1, 2]) // lane 2 ended and is committed; lane 1 needs its state at 25
  expect(release(FILES, { 1: at(29, true), 2: at(9) })).toEqual([1, 2, 3])
})

test('keep by age, for ever, and by size, oldest first', () => {
  const files = [
    file(1, [part(1, 0, 9, [0])], { until: NOW - 5_000n * 1_000_000n }),
    file(2, [part(1, 10, 19, [10])], { until: NOW - 4_000n * 1_000_000n }),
    file(3, [part(1, 20, 29, [20])], { until: NOW }),
  ]
  const done = { 1: at(29, true) }
  expect(release(files, done, { keepMs: 4_500 })).toEqual([1])
  expect(release(files, done, { keepMs: 'forever', maxBytes: 1 })).toEqual([])
  expect(release(files, done, { keepMs: 1e9, maxBytes: 200 })).toEqual([1])
  expect(release(files, done, { keepMs: 1e9, maxBytes: 50 })).toEqual([1, 2, 3])
  expect(release(files, { 1: at(9) }, { keepMs: 0, maxBytes: 1 })).toEqual([])
})

test('a file without a record goes, one that is not ours stays', () => {
  expect(release([file(1, []), file(2, [], { foreign: true })], {}, { keepMs: 'forever' })).toEqual([1])
})

test('whatever was committed, what recovery would read stays', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1, max: 29 }), fc.integer({ min: -1, max: 9 }), (one, two) => {
      const gone = new Set(release(FILES, { 1: at(one), 2: at(two) }))
      for (const [lane, committed] of [
        [1, one],
        [2, two],
      ]) {
        const states = FILES.flatMap(({ lanes }) => lanes.filter((l) => l.lane === lane).flatMap((l) => l.states))
        const start = states.findLast((position) => position <= (committed ?? -1)) ?? 0
        if (lane === 2 && committed === 9) continue
        for (const { number, lanes } of FILES)
          if (lanes.some((l) => l.lane === lane && l.last >= start)) expect(gone.has(number)).toBe(false)
      }
    }),
  )
})

test('a kept file is compressed once no recovery will read it, the oldest first, each once', () => {
  const done = new Map([
    [1, at(29, true)],
    [2, at(9)],
  ])
  expect(fileToCompress(FILES, new Map())).toBe(undefined)
  expect(fileToCompress(FILES, done)?.number).toBe(1)
  const first = FILES.map((each) => (each.number === 1 ? { ...each, compressed: true } : each))
  expect(fileToCompress(first, done)?.number).toBe(2)
  expect(fileToCompress([file(1, [part(1, 0, 9, [0])], { damaged: true })], done)).toBe(undefined)
})
