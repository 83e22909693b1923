import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ERRORS, type ErrorCode } from '../model/error.js'
import type { JournalRecord } from '../model/record.js'
import { readRecord, recordEnd, recordSize, writeRecord } from './codec.js'

const time = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const connection = fc.nat({ max: 2 ** 32 - 1 })
const n = fc.nat({ max: 2 ** 36 })
const text = fc.string({ unit: 'binary', maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 300 })
const code = fc.constantFrom(...Object.keys(ERRORS)).filter((key): key is ErrorCode => Object.hasOwn(ERRORS, key))
const type = <const T extends string>(name: T) => fc.constant(name)

const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({ type: type('open'), connection, wall: time, mono: time, body: text }),
  fc.record({ type: type('close'), connection, wall: time, mono: time, code, detail: text }),
  fc.record({ type: type('in'), connection, n, wall: time, mono: time, frame: bytes }),
  fc.record({ type: type('out'), connection, wall: time, frame: bytes }),
  fc.record({
    type: type('rest'),
    connection,
    n,
    asked: time,
    wall: time,
    mono: time,
    purpose: text,
    url: text,
    status: fc.integer({ min: -1, max: 999 }),
    body: bytes,
  }),
  fc.record({ type: type('tick'), wall: time, mono: time }),
  fc.record({ type: type('wanted'), wall: time, mono: time, body: text }),
  fc.record({ type: type('decide'), connection, wall: time, mono: time, body: text }),
  fc.record({ type: type('state'), wall: time, body: text }),
  fc.record({ type: type('config'), wall: time, body: text }),
  fc.record({ type: type('end'), wall: time }),
)

test('a record comes back from its bytes as it was, at any offset, and takes exactly its size', () => {
  fc.assert(
    fc.property(record, fc.nat({ max: 20 }), (given, offset) => {
      const size = recordSize(given)
      const target = Buffer.alloc(offset + size + 3, 0xee)
      expect(writeRecord(target, offset, given, size)).toBe(offset + size)
      expect(recordEnd(target, offset)).toBe(offset + size)
      expect([...target.subarray(offset + size)]).toEqual([0xee, 0xee, 0xee])
      const read = readRecord(target, offset)
      expect(plain(read)).toEqual(plain(given))
    }),
    { numRuns: 500 },
  )
})

test('bytes that are no record are refused by name and never read past their end', () => {
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        readRecord(Buffer.from(given), 0)
      } catch (error) {
        expect(error).toMatchObject({ code: 'JOURNAL_DAMAGED' })
      }
    }),
    { numRuns: 500 },
  )
})

/** Buffers and plain byte arrays as the same thing. */
function plain(value: JournalRecord): object {
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, v instanceof Uint8Array ? [...v] : v]))
}
