import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
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
  const log = new ConnectionLog({ path: '/nowhere/connections.json', clock: new FakeClock(), onError: () => {} })
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

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dccd-connections-'))
  try {
    await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// Who looks in the morning why there was a gap, after a restart in the night, finds what happened before it.
it('the newest lines of each stream outlive a restart, and new ones follow them', () =>
  withFolder(async (folder) => {
    const options = {
      path: join(folder, 'connections.json'),
      clock: new FakeClock(),
      onError: (error: Error) => expect.fail(error.message),
    }
    const log = new ConnectionLog(options)
    await log.open()
    for (let n = 0; n < 50; n++) log.take(['a', 'b'], event(n))
    log.take(['b'], { ...event(50), what: 'closed', code: 'CONNECTION_LOST', detail: 'x'.repeat(5000) })
    await log.flush()
    const later = new ConnectionLog(options)
    await later.open()
    expect(later.of('a').map(({ connection }) => connection)).toEqual(Array.from({ length: 20 }, (_, n) => 30 + n))
    expect(later.of('b').at(-1)).toEqual({
      ...event(50),
      what: 'closed',
      code: 'CONNECTION_LOST',
      detail: 'x'.repeat(300),
    })
    later.take(['a'], event(51))
    expect(later.of('a').at(-1)?.connection).toBe(51)
    // Both streams name the events that they share.
    expect((await readFile(options.path, 'utf8')).match(/"what"/g)).toHaveLength(21)
  }))

it('a file that cannot be read is told and set aside, and the log goes on', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'connections.json')
    const told: string[] = []
    await writeFile(path, '{"version":1,"events":[{"what":"danced"}]')
    const log = new ConnectionLog({ path, clock: new FakeClock(), onError: ({ code }) => told.push(code) })
    await log.open()
    expect(told).toEqual(['STORE_FAILED'])
    expect(await readdir(folder)).toEqual(['connections.json.bad'])
    log.take(['a'], event(1))
    expect(log.of('a')).toHaveLength(1)
  }))
