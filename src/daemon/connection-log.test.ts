import { expect, it } from 'vitest'
import type { ConnectionEvent } from '../model/connection-event.js'
import { ConnectionLog } from './connection-log.js'

const event = (connection: number): ConnectionEvent => ({
  what: 'opened',
  time: 1n,
  connection,
  channel: undefined,
  code: undefined,
  detail: undefined,
})

// A venue that is down for a night reconnects thousands of times, in hundreds of streams.
it('keeps the newest lines of each stream, and of the streams those that were told of last', () => {
  const log = new ConnectionLog()
  for (let n = 0; n < 250; n++) log.take(['a', 'b'], event(n))
  log.take(['b'], event(250))
  expect(log.of('a').map(({ connection }) => connection)).toEqual(Array.from({ length: 100 }, (_, n) => 150 + n))
  expect(log.of('b').at(-1)?.connection).toBe(250)
  for (let n = 0; n < 4999; n++) log.take([`key ${n}`], event(n))
  expect(log.of('a')).toEqual([])
  expect(log.of('b')).toHaveLength(100)
  log.take(['one more'], event(1))
  expect(log.of('b')).toEqual([])
  expect(log.of('key 0')).toHaveLength(1)
})
