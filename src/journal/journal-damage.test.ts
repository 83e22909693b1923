import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../lib/clock.js'
import { BLOCK_HEADER } from './block.js'
import { serveJournal } from './journal-thread.js'
import { type JournalDamage, readLane, scanJournal } from './recover.js'

const LANE = 5
const BLOCKS = 4
let source: string
let dir: string
/** A file of `BLOCKS` blocks of one record each, every one synced before the next, not closed; and where the blocks start. */
let bytes: Buffer
const starts: number[] = []

beforeAll(async () => {
  source = await mkdtemp(join(tmpdir(), 'dccd-journal-'))
  dir = await mkdtemp(join(tmpdir(), 'dccd-journal-'))
  const journal = await serveJournal({ dir: source, clock: systemClock(), syncMs: 1, about: '{"run":1}' })
  const lane = journal.lane(LANE)
  for (let n = 0; n < BLOCKS; n++) {
    starts.push((await readFile(join(source, '00000001.dj'))).length)
    await lane.whenDurable(lane.append({ type: 'in', connection: 1, n, wall: 1n, mono: 1n, frame: Buffer.alloc(9, n) }))
  }
  bytes = await readFile(join(source, '00000001.dj'))
  await journal.close()
})
afterAll(async () => {
  await rm(source, { recursive: true, force: true })
  await rm(dir, { recursive: true, force: true })
})

/** Positions read and damage found when the file holds these bytes. */
async function recovered(content: Buffer): Promise<{ positions: number[]; damage: JournalDamage[]; marked: boolean }> {
  await writeFile(join(dir, '00000001.dj'), content)
  const damage: JournalDamage[] = []
  const scan = await scanJournal(dir, { onDamage: (d) => damage.push(d) })
  const positions: number[] = []
  for await (const { position, record } of readLane(scan, LANE, 0, {
    onDamage: (d) => d.what === 'records' && damage.push(d),
  })) {
    expect(record).toMatchObject({ type: 'in', n: position })
    positions.push(position)
  }
  return { positions, damage, marked: scan.files[0]?.damaged ?? false }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test('a file torn at any byte ends at the last whole block and is no damage', async () => {
  const last = starts[BLOCKS - 1] ?? 0
  for (let length = 0; length < bytes.length; length++) {
    const whole = starts.filter((_, block) => (starts[block + 1] ?? bytes.length) <= length).length
    const { positions, damage } = await recovered(bytes.subarray(0, length))
    expect([length, positions, damage]).toEqual([length, upTo(whole), []])
  }
  for (let torn = last; torn < bytes.length; torn++) {
    const stale = Buffer.from(bytes)
    bytes.copy(stale, torn, starts[0], (starts[0] ?? 0) + bytes.length - torn) // an older block where the end of this one should be
    if (stale.equals(bytes)) continue
    expect([torn, await recovered(stale)]).toEqual([torn, { positions: upTo(BLOCKS - 1), damage: [], marked: false }])
  }
})

test('a byte changed before the highest synced place is damage: reported with its place, and what follows is read', async () => {
  for (let block = 0; block < BLOCKS - 1; block++) {
    const from = starts[block] ?? 0
    const until = starts[block + 1] ?? 0
    for (let at = from; at < until; at++) {
      const { positions, damage, marked } = await recovered(flipped(at))
      expect([at, positions]).toEqual([at, upTo(BLOCKS).filter((n) => n !== block)])
      expect(damage).toEqual([
        { what: 'bytes', file: 1, offset: from, bytes: until - from },
        { what: 'records', lane: LANE, from: block, until: block + 1 },
      ])
      expect(marked).toBe(true)
    }
  }
})

test('a byte changed past the highest synced place is a torn end; one in the head of the file costs no record', async () => {
  for (let at = starts[BLOCKS - 1] ?? 0; at < bytes.length; at++)
    expect([at, await recovered(flipped(at))]).toEqual([at, { positions: upTo(BLOCKS - 1), damage: [], marked: false }])
  for (let at = 0; at < (starts[0] ?? 0); at++) {
    const { positions, damage } = await recovered(flipped(at))
    expect([at, positions]).toEqual([at, upTo(BLOCKS)])
    expect(damage).toEqual([{ what: 'bytes', file: 1, offset: 0, bytes: starts[0] }])
  }
})

test('a block of another file or place does not pass, though its checksum is right', async () => {
  const [first = 0, second = 0] = starts
  const moved = Buffer.from(bytes)
  bytes.copy(moved, second, first, second)
  const { positions, damage } = await recovered(moved)
  expect(positions).toEqual([0, 2, 3])
  expect(damage).toHaveLength(2)
  await writeFile(join(dir, '00000002.dj'), bytes)
  const { lanes } = (await scanJournal(dir, { onDamage: () => {} })).files[1] ?? {}
  expect(lanes).toEqual([])
  await rm(join(dir, '00000002.dj'))
})

test('a file closed in order is not read through, and a spoilt summary only costs that', async () => {
  const closed = await readFile(join(source, '00000001.dj'))
  expect(closed.length).toBeGreaterThan(bytes.length + BLOCK_HEADER)
  for (let at = bytes.length; at < closed.length; at++) {
    const spoilt = Buffer.from(closed)
    spoilt[at] = (spoilt[at] ?? 0) ^ 1
    expect([at, await recovered(spoilt)]).toEqual([at, { positions: upTo(BLOCKS), damage: [], marked: false }])
  }
  const lost = Buffer.from(closed)
  lost[(starts[3] ?? 0) + BLOCK_HEADER] = 0
  const { positions, damage } = await recovered(lost) // the summary stands; reading the lane tells what is missing
  expect(positions).toEqual([0, 1, 2])
  expect(damage).toEqual([{ what: 'records', lane: LANE, from: 3, until: 4 }])
})

function flipped(at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 0x10
  return changed
}
