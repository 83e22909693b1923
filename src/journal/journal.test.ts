import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../lib/clock.js'
import type { JournalRecord, PlacedRecord } from '../model/record.js'
import { serveJournal } from './journal-thread.js'
import { type JournalDamage, type JournalScan, readLane, scanJournal } from './recover.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dccd-journal-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const clock = systemClock()
const frame = (n: number, bytes = 40): JournalRecord => ({
  type: 'in',
  connection: 7,
  n,
  wall: BigInt(n),
  mono: BigInt(n),
  frame: Buffer.alloc(bytes, n),
})

async function collect(
  scan: JournalScan,
  lane: number,
  from = 0,
): Promise<{ read: PlacedRecord[]; damage: JournalDamage[] }> {
  const damage: JournalDamage[] = []
  const read: PlacedRecord[] = []
  for await (const placed of readLane(scan, lane, from, { onDamage: (d) => damage.push(d) })) read.push(placed)
  return { read, damage }
}

async function scanned(): Promise<{ scan: JournalScan; damage: JournalDamage[] }> {
  const damage: JournalDamage[] = []
  return { scan: await scanJournal(dir, { onDamage: (d) => damage.push(d) }), damage }
}

test('buffers that came back from the journal hold what is written next, and nothing of what they held before', async () => {
  const journal = await serveJournal({ dir, clock, syncMs: 1 })
  const lane = journal.lane(3)
  const sizes = [200_000, 10, 270_000, 90_000, 20]
  for (const [n, bytes] of sizes.entries()) await lane.whenDurable(lane.append(frame(n, bytes)))
  await lane.whenDurable(lane.append({ type: 'end', wall: 9n }))
  await journal.close()
  const { scan } = await scanned()
  const { read, damage } = await collect(scan, 3)
  expect(damage).toEqual([])
  expect(read.slice(0, -1).map(({ record }) => record)).toEqual(sizes.map((bytes, n) => frame(n, bytes)))
})

test('what two lanes wrote, interleaved and over many files, comes back in order, each record once', async () => {
  const journal = await serveJournal({ dir, clock, syncMs: 5, rollBytes: 20_000 })
  const lanes = [journal.lane(3), journal.lane(4)]
  for (let n = 0; n < 600; n++) {
    for (const lane of lanes)
      expect(lane.append(n % 100 === 50 ? { type: 'state', wall: 1n, body: `{"n":${n}}` } : frame(n))).toBe(n)
    if (n % 50 === 0) await lanes[0]?.whenDurable(n)
  }
  for (const lane of lanes) await lane.whenDurable(lane.append({ type: 'end', wall: 9n }))
  expect(lanes.map((lane) => [lane.durable, lane.pendingBytes])).toEqual([
    [600, 0],
    [600, 0],
  ])
  await journal.close()

  const { scan, damage } = await scanned()
  expect(damage).toEqual([])
  expect(scan.files.length).toBeGreaterThan(2)
  for (const lane of [3, 4]) {
    expect(scan.lanes.get(lane)).toMatchObject({
      first: 0,
      last: 600,
      ended: true,
      states: [50, 150, 250, 350, 450, 550],
    })
    const { read, damage } = await collect(scan, lane)
    expect(damage).toEqual([])
    expect(read.map(({ position }) => position)).toEqual(Array.from({ length: 601 }, (_, n) => n))
    expect(read[77]?.record).toEqual(frame(77))
    expect((await collect(scan, lane, 590)).read.map(({ position }) => position)[0]).toBe(590)
  }
})

test('an empty folder, an empty file and a foreign file are an empty journal, and the next writer goes on after them', async () => {
  expect((await scanJournal(join(dir, 'none'), { onDamage: () => {} })).files).toEqual([])
  await writeFile(join(dir, '00000003.dj'), '')
  await writeFile(
    join(dir, '00000005.dj'),
    'not a journal, but long enough to look for blocks in it: DJB1 DJB1 '.repeat(9),
  )
  await writeFile(join(dir, 'notes.txt'), 'x')
  const { scan, damage } = await scanned()
  expect(scan.files.map(({ number, foreign, lanes }) => [number, foreign, lanes.length])).toEqual([
    [3, false, 0],
    [5, true, 0],
  ])
  expect(damage).toEqual([])
  const journal = await serveJournal({ dir, clock, syncMs: 1 })
  const lane = journal.lane(1)
  await lane.whenDurable(lane.append(frame(1)))
  await journal.close()
  // The seventh was made ahead; left empty, so that numbers only rise.
  expect((await readdir(dir)).sort()).toEqual(['00000003.dj', '00000005.dj', '00000006.dj', '00000007.dj', 'notes.txt'])
  expect((await collect((await scanned()).scan, 1)).read).toHaveLength(1)
})

test('a file of another format is refused, not read as an empty one', async () => {
  const journal = await serveJournal({ dir, clock })
  const lane = journal.lane(1)
  lane.append(frame(1))
  await lane.whenDurable(0)
  await journal.close()
  const path = join(dir, '00000001.dj')
  const bytes = await readFile(path)
  const { crc32 } = await import('node:zlib')
  bytes.writeUInt32LE(2, 8)
  const about = bytes.readUInt32LE(24)
  bytes.writeUInt32LE(crc32(bytes.subarray(32, 32 + about), crc32(bytes.subarray(0, 28))), 28)
  await writeFile(path, bytes.subarray(0, 32 + about))
  await expect(scanned()).rejects.toMatchObject({ code: 'DATA_FOREIGN' })
})

test('files that nothing needs are deleted, those of earlier runs too; what recovery would read stays', async () => {
  const first = await serveJournal({ dir, clock, syncMs: 1, rollBytes: 2000 })
  const crashed = first.lane(1)
  for (let n = 0; n < 20; n++)
    await crashed.whenDurable(crashed.append(n % 10 ? frame(n, 400) : { type: 'state', wall: 1n, body: '{}' }))
  await first.close()
  const journal = await serveJournal({ dir, clock, syncMs: 1, rollBytes: 2000 })
  const lane = journal.lane(2)
  for (let n = 0; n < 20; n++) await lane.whenDurable(lane.append(frame(n, 400)))
  expect(await journal.release(new Map([[1, { committed: 15, done: false }]]), { keepMs: 0 })).not.toEqual([])
  const afterFirst = await scanned()
  expect((await collect(afterFirst.scan, 1, 10)).damage).toEqual([]) // from the state at 10 on, nothing is missing
  expect(afterFirst.scan.lanes.get(1)?.first).toBeGreaterThan(0)
  const done = new Map([
    [1, { committed: 19, done: true }],
    [2, { committed: 19, done: true }],
  ])
  expect(await journal.release(done, { keepMs: 'forever' })).toEqual([])
  await journal.release(done, { keepMs: 0 })
  await lane.whenDurable(lane.append(frame(20)))
  const { scan } = await scanned()
  expect(scan.lanes.has(1)).toBe(false)
  expect(scan.lanes.get(2)?.last).toBe(20)
  await journal.close()
})

test('a lane counts what is not yet safe, refuses what no block can hold, and fails when its journal is gone', async () => {
  const journal = await serveJournal({ dir, clock, syncMs: 1 })
  const lane = journal.lane(1)
  lane.append(frame(0, 1000))
  expect(lane.pendingBytes).toBeGreaterThan(1000)
  lane.append(frame(1, 3_000_000)) // larger than a buffer
  await lane.whenDurable(1)
  expect([lane.pendingBytes, lane.durable]).toEqual([0, 1])
  expect(() => lane.append({ type: 'out', connection: 1, wall: 1n, frame: Buffer.alloc(128 * 1024 * 1024) })).toThrow(
    /larger/,
  )
  await journal.close()
  await expect(lane.whenDurable(2)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await expect
    .poll(() => {
      try {
        lane.append(frame(2))
        return 'taken'
      } catch (error) {
        return error
      }
    })
    .toMatchObject({ code: 'STORE_FAILED' })
  expect((await collect((await scanned()).scan, 1)).read).toHaveLength(2)
})

test('a lane that is closed hands over what it holds', async () => {
  const journal = await serveJournal({ dir, clock })
  const lane = journal.lane(1)
  const safe = lane.whenDurable(lane.append(frame(0)))
  const rejected = expect(safe).rejects.toMatchObject({ code: 'STORE_FAILED' })
  lane.close()
  await rejected
  const other = journal.lane(2)
  await other.whenDurable(other.append(frame(0))) // posted later, so the first has arrived
  await journal.close()
  expect((await collect((await scanned()).scan, 1)).read).toHaveLength(1)
})

test('a folder that cannot be written is named before anything is recorded', async () => {
  await writeFile(join(dir, 'file'), '')
  await expect(serveJournal({ dir: join(dir, 'file', 'journal'), clock })).rejects.toMatchObject({
    code: 'DATA_NOT_WRITABLE',
    message: expect.stringContaining('journal'),
  })
})
