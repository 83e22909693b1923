import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { ListSink } from '../../testkit/lane-script.js'
import { toyExchange } from '../../testkit/toy-exchange.js'
import { type FileLayer, nodeFiles } from '../journal/file-layer.js'
import { serveJournal } from '../journal/journal-thread.js'
import { systemClock } from '../lib/clock.js'
import type { Wish } from './derived-connection.js'
import { Deriver } from './deriver.js'
import { Lane } from './lane.js'
import { Shedding } from './shedding.js'

const MB = 1024 * 1024
const SECOND = 1_000_000_000n
const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each()
})

it('never lets more wait than the bound, however many connections are equally heavy', () => {
  const shedding = new Shedding(64 * MB)
  let pending = 0
  for (let n = 0; n < 100_000; n++) if (!shedding.discards(n % 40, 10_000, pending, 0n)) pending += 10_000
  expect(pending).toBeGreaterThan(48 * MB)
  expect(pending).toBeLessThanOrEqual(64 * MB)
})

it('takes the heaviest first, and the next only when that does not help', () => {
  const shedding = new Shedding(64 * MB)
  const weights = [10, 1000, 100]
  for (const [connection, bytes] of weights.entries()) shedding.discards(connection, bytes, 0, 0n)
  const all = (pending: number) => weights.map((_, connection) => shedding.discards(connection, 1, pending, 0n))
  expect(all(47 * MB)).toEqual([false, false, false])
  expect(all(49 * MB)).toEqual([false, true, false])
  expect(all(55 * MB)).toEqual([false, true, false])
  expect(all(57 * MB)).toEqual([false, true, true])
  expect(all(61 * MB)).toEqual([true, true, true])
})

it('what was heavy an hour ago is not what is shed now', () => {
  const shedding = new Shedding(64 * MB)
  shedding.discards(1, 30 * MB, 0, 0n)
  for (let second = 0; second < 60; second++) shedding.tick(0, BigInt(second) * SECOND)
  shedding.discards(2, 1000, 0, 60n * SECOND)
  expect([1, 2].map((connection) => shedding.discards(connection, 1, 49 * MB, 60n * SECOND))).toEqual([false, true])
})

it('takes all again after ten calm seconds, not after a calm moment; closes what was shed for half a minute, once', () => {
  const shedding = new Shedding(64 * MB)
  shedding.discards(7, 5, 50 * MB, 0n)
  for (let second = 1n; second < 30n; second++)
    expect(shedding.tick(second === 15n ? 1 : 20 * MB, second * SECOND)).toEqual({ over: [], closing: [] })
  expect(shedding.tick(20 * MB, 30n * SECOND)).toEqual({ over: [], closing: [7] })
  for (let second = 31n; second < 41n; second++)
    expect(shedding.tick(1, second * SECOND)).toEqual({ over: [], closing: [] })
  expect(shedding.tick(1, 41n * SECOND)).toEqual({ over: [[7, { frames: 1, bytes: 5 }]], closing: [] })
  expect(shedding.discards(7, 5, 0, 42n * SECOND)).toBe(false)
})

/** A disk whose syncs take as long as it is told to. */
function slowDisk(): { files: FileLayer; hold(): void; release(): void } {
  const real = nodeFiles()
  let gate = Promise.resolve()
  let open = () => {}
  return {
    files: {
      ...real,
      create: async (path) => {
        const file = await real.create(path)
        return {
          write: (bytes, position) => file.write(bytes, position),
          read: (target, position) => file.read(target, position),
          size: () => file.size(),
          close: () => file.close(),
          datasync: async () => {
            await gate
            await file.datasync()
          },
        }
      },
    },
    hold() {
      gate = new Promise((resolve) => {
        open = resolve
      })
    },
    release: () => open(),
  }
}

/** Two connections, one heavy, into a real journal on a disk that can be stopped. */
async function start() {
  const dir = await mkdtemp(join(tmpdir(), 'dccd-shedding-'))
  undo.push(() => rm(dir, { recursive: true, force: true }))
  const disk = slowDisk()
  const journal = await serveJournal({ dir, clock: systemClock(), syncMs: 5, files: disk.files })
  undo.push(() => journal.close())
  undo.push(async () => disk.release())
  const clock = new FakeClock()
  const sink = new ListSink()
  const wishes: Wish[] = []
  const writer = journal.lane(1)
  const adapter = toyExchange()
  const lane = new Lane(clock, writer, new Deriver(() => adapter, sink), (wish) => wishes.push(wish), 4 * MB)
  const ms = () => Number(clock.wall() / 1_000_000n)
  const n = new Map<number, number>()
  const send = (connection: number, message: unknown) => {
    const next = (n.get(connection) ?? 0) + 1
    n.set(connection, next)
    const data = Buffer.from(JSON.stringify(message))
    return lane.frame(connection, next, { data, wall: clock.wall(), mono: clock.mono() })
  }
  for (const [connection, symbol] of [
    [1, 'AB'],
    [2, 'CD'],
  ] as const) {
    const named = { time_step: 60, keep: 10, symbol, pair: symbol === 'AB' ? 'A/B' : 'C/D' }
    const subscriptions = [
      { id: `trades ${symbol}`, channel: 'trades', ...named },
      { id: `book:10 ${symbol}`, channel: 'book', depth: 10, ...named },
    ]
    const body = JSON.stringify({ exchange: 'toy', path: '/ws', subscriptions })
    lane.record({ type: 'open', connection, wall: clock.wall(), mono: clock.mono(), body })
    send(connection, { ack: subscriptions.map(({ id }) => id) })
    send(connection, { sub: `book:10 ${symbol}`, whole: 1, t: ms(), b: [['10', '1']], a: [['11', '1']] })
  }
  const trade = (symbol: string, id: number, amount = '1') => ({
    sub: `trades ${symbol}`,
    id,
    t: ms(),
    p: '10.5',
    q: amount,
  })
  return { lane, writer, clock, sink, wishes, disk, send, trade }
}

it('a disk that stands still costs the heavy stream a gap that says so, and the light one nothing', async () => {
  const { lane, writer, clock, sink, wishes, disk, send, trade } = await start()
  disk.hold()
  const heavy = `1.${'0'.repeat(4000)}`
  const taken = { heavy: 0, light: 0 }
  for (let id = 1; id <= 1000; id++) {
    if (send(1, trade('AB', id, heavy))) taken.heavy++
    if (id % 10 === 0 && send(2, trade('CD', id / 10))) taken.light++
    clock.advance(5)
    if (id % 200 === 0) lane.tick()
  }
  expect(taken).toEqual({ heavy: expect.any(Number), light: 100 })
  expect(taken.heavy).toBeLessThan(1000)
  expect(writer.pendingBytes).toBeLessThan(4 * MB)
  // Nothing is said before it is over: until then nothing grows either.
  expect(sink.breaks('toy trades A/B')).toEqual([])

  disk.release()
  await lane.durable()
  for (let second = 0; second <= 10; second++) {
    clock.advance(1000)
    lane.tick()
  }
  expect(sink.breaks('toy trades A/B')).toMatchObject([
    { code: 'BACKLOG_FULL', detail: `${1000 - taken.heavy} frames discarded` },
  ])
  expect(sink.breaks('toy book_deltas A/B')).toMatchObject([{ code: 'BACKLOG_FULL' }])
  expect([sink.breaks('toy trades C/D'), sink.breaks('toy book_deltas C/D')]).toEqual([[], []])
  expect(wishes).toContainEqual({ wish: 'send', connection: 1, messages: ['{"resync":"book:10 AB"}'] })
  expect(send(1, trade('AB', 1001))).toBe(true)
  lane.deriver.flush()
  const [before, after] = sink.held('toy trades A/B')
  expect([before?.last, after?.before]).toEqual([BigInt(taken.heavy), 1000n])
})

it('a connection that was shed for half a minute is closed; its record says what was discarded', async () => {
  const { lane, clock, sink, wishes, disk, send, trade } = await start()
  disk.hold()
  const heavy = `1.${'0'.repeat(40_000)}`
  for (let id = 1; id <= 100; id++) send(1, trade('AB', id, heavy))
  for (let second = 0; second < 31; second++) {
    clock.advance(1000)
    lane.tick()
  }
  const closing = wishes.filter(({ wish }) => wish === 'reconnect')
  expect(closing).toMatchObject([{ connection: 1, code: 'BACKLOG_FULL' }])
  const { code, detail } = { code: 'BACKLOG_FULL', detail: 'closed' } as const
  lane.record({ type: 'close', connection: 1, wall: clock.wall(), mono: clock.mono(), code, detail })
  expect(sink.breaks('toy trades A/B')).toMatchObject([
    { code: 'BACKLOG_FULL', detail: expect.stringMatching(/^\d+ frames discarded$/) },
    { detail: 'closed' },
  ])
})
