import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Fault, PowerLossFiles } from '../../testkit/power-loss-files.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { JournalRecord } from '../model/record.js'
import { BLOCK_HEADER } from './block.js'
import { recordSize, writeRecord } from './codec.js'
import { type JournalServer, serveJournal } from './journal-thread.js'
import { type JournalState, JournalWriter, type LaneChunk } from './journal-writer.js'
import { readLane, scanJournal } from './recover.js'

/** The machine's clock, with every wait cut to a moment. */
const hasty: Clock = { ...systemClock(), after: (_ms, callback) => systemClock().after(1, callback) }

const recordAt = (lane: number, position: number, bytes = 30): JournalRecord => ({
  type: 'in',
  connection: lane,
  n: position,
  wall: 1n,
  mono: 1n,
  frame: Buffer.alloc(bytes, lane * 31 + position),
})

/** The positions of a lane that a disk holds, their content checked; fails on any damage. */
async function positionsOn(files: PowerLossFiles, lane: number): Promise<number[]> {
  const onDamage = (damage: object) => expect.fail(`reported as damage: ${JSON.stringify(damage)}`)
  const scan = await scanJournal('/j', { files, onDamage })
  const positions: number[] = []
  for await (const { position, record } of readLane(scan, lane, 0, { files, onDamage })) {
    const bytes = record.type === 'in' ? record.frame.length : 0
    expect(record).toEqual(recordAt(lane, position, bytes))
    positions.push(position)
  }
  return positions
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

interface Rig {
  readonly files: PowerLossFiles
  readonly states: JournalState[]
  readonly journal: JournalServer
}

/** A journal on a disk whose operations meet `faults` by name, each once, in order. */
async function rig(faults: Record<string, Fault[]>): Promise<Rig> {
  const states: JournalState[] = []
  let armed = false
  const files = new PowerLossFiles((operation) => (armed ? (faults[operation]?.shift() ?? 'none') : 'none'))
  const journal = await serveJournal({ dir: '/j', clock: hasty, files, onState: (state) => states.push(state) })
  armed = true
  return { files, states, journal }
}

test('a write that takes only a part is followed by the rest', async () => {
  const { journal, files } = await rig({ write: ['short', 'short', 'none', 'short'] })
  const lane = journal.lane(1)
  for (let n = 0; n < 4; n++) await lane.whenDurable(lane.append(recordAt(1, n)))
  await journal.close()
  expect(await positionsOn(files, 1)).toEqual(upTo(4))
})

test('after a failed sync nothing is acknowledged from that file: the same records go to a new one', async () => {
  const { journal, files, states } = await rig({ datasync: ['none', 'none', 'EIO'] })
  const lane = journal.lane(1)
  for (let n = 0; n < 6; n++) await lane.whenDurable(lane.append(recordAt(1, n)))
  expect(states).toEqual([])
  await journal.close()
  expect(await positionsOn(files, 1)).toEqual(upTo(6)) // the disk as it looks: some records twice in it, read once
  expect(
    await positionsOn(
      files.afterPowerLoss(() => 0),
      1,
    ),
  ).toEqual(upTo(6)) // the disk as it is
})

test('records that came while a sync failed stay behind those that it was for', async () => {
  let syncs = 0
  const meanwhile = (): Fault => {
    if (++syncs !== 3) return 'none' // the first two are for files made ahead
    writer.append(chunkAt(1))
    return 'EIO'
  }
  const files = new PowerLossFiles((operation) => (operation === 'datasync' ? meanwhile() : 'none'))
  let durable = -1
  const onDurable = (_lane: number, position: number) => {
    durable = position
  }
  const writer = new JournalWriter({ dir: '/j', clock: hasty, files, onDurable })
  await writer.open()
  writer.append(chunkAt(0))
  await expect.poll(() => durable).toBe(1)
  await writer.close()
  expect(
    await positionsOn(
      files.afterPowerLoss(() => 0),
      1,
    ),
  ).toEqual([0, 1])
})

function chunkAt(position: number): LaneChunk {
  const record = recordAt(1, position)
  const size = recordSize(record)
  const block = Buffer.alloc(BLOCK_HEADER + size)
  writeRecord(block, BLOCK_HEADER, record, size)
  return { lane: 1, first: position, count: 1, states: [], ended: false, block }
}

test('two failed syncs in a row: the journal gives up, says so, and takes no more', async () => {
  const { journal, states } = await rig({ datasync: ['none', 'none', 'EIO', 'EIO', 'EIO'] })
  const lane = journal.lane(1)
  const failed = (async () => {
    for (let n = 0; n < 9; n++) await lane.whenDurable(lane.append(recordAt(1, n)))
  })()
  await expect(failed).rejects.toMatchObject({ code: 'STORE_FAILED' })
  expect(() => lane.append(recordAt(1, 9))).toThrow(/EIO/)
  expect(states.map(({ state }) => state)).toEqual(['failed'])
  await expect(journal.close()).rejects.toMatchObject({ code: 'STORE_FAILED' })
})

test('a full disk, met in writing, syncing or making a file, delays and loses nothing', async () => {
  const { journal, files, states } = await rig({
    write: ['none', 'none', 'ENOSPC', 'short', 'ENOSPC', 'ENOSPC', 'ENOSPC'],
    datasync: ['none', 'none', 'none', 'ENOSPC'],
    create: ['none', 'ENOSPC', 'ENOSPC'],
  })
  const lane = journal.lane(1)
  for (let n = 0; n < 8; n++) await lane.whenDurable(lane.append(recordAt(1, n)))
  expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['disk_full', 'ok']))
  expect(states.at(-1)).toEqual({ state: 'ok' })
  await journal.close()
  expect(
    await positionsOn(
      files.afterPowerLoss(() => 0),
      1,
    ),
  ).toEqual(upTo(8))
})

test('closing on a disk that stays full ends, and names it', async () => {
  let full = false
  const files = new PowerLossFiles((operation) => (full && operation === 'write' ? 'ENOSPC' : 'none'))
  const states: JournalState[] = []
  const journal = await serveJournal({ dir: '/j', clock: hasty, files, onState: (state) => states.push(state) })
  const lane = journal.lane(1)
  await lane.whenDurable(lane.append(recordAt(1, 0)))
  full = true
  const waiting = lane.whenDurable(lane.append(recordAt(1, 1)))
  const rejected = expect(waiting).rejects.toMatchObject({ code: 'DISK_FULL' })
  await expect.poll(() => states.length).toBe(1)
  await expect(journal.close()).rejects.toMatchObject({ code: 'DISK_FULL' })
  await rejected
})

test('whatever fails and whenever the power goes: what was acknowledged is there, in order, once, and nothing looks damaged', async () => {
  const fault = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Fault>('none') },
    { weight: 3, arbitrary: fc.constant<Fault>('short') },
    { weight: 2, arbitrary: fc.constantFrom<Fault>('ENOSPC', 'EIO') },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 60 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 400 }), fc.boolean()), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 3, max: 80 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
      async (faults, records, offAt, chances) => {
        let operations = -1
        const files = new PowerLossFiles(() => {
          operations++
          if (operations >= offAt) return 'off'
          return operations < 5 ? 'none' : (faults[operations - 5] ?? 'none')
        })
        let journal: JournalServer
        try {
          journal = await serveJournal({ dir: '/j', clock: hasty, files, rollBytes: 2500 })
        } catch {
          return // the power went before the first file was there
        }
        const lanes = [journal.lane(1), journal.lane(2)]
        const counts = [0, 0]
        try {
          for (const [second, bytes, wait] of records) {
            const which = second ? 1 : 0
            const position = lanes[which]?.append(recordAt(which + 1, counts[which] ?? 0, bytes)) ?? 0
            counts[which] = position + 1
            if (wait) await lanes[which]?.whenDurable(position)
          }
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/STORE_FAILED|DISK_FULL/) })
        }
        await journal.close().catch(() => {})
        const found = files.afterPowerLoss(() => chances.next().value)
        for (const [index, lane] of lanes.entries()) {
          const positions = await positionsOn(found, index + 1)
          expect(positions).toEqual(upTo(positions.length))
          expect(positions.length).toBeGreaterThanOrEqual(lane.durable + 1)
          expect(positions.length).toBeLessThanOrEqual(counts[index] ?? 0)
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('an hour after its first block a file is left, however small it is', async () => {
  let mono = 0n
  let durable = -1
  const files = new PowerLossFiles()
  const onDurable = (_lane: number, position: number) => {
    durable = position
  }
  const writer = new JournalWriter({ dir: '/j', clock: { ...hasty, mono: () => mono }, files, onDurable })
  await writer.open()
  for (const [position, minutes] of [0, 59, 60, 61].entries()) {
    mono = BigInt(minutes) * 60_000_000_000n
    writer.append(chunkAt(position))
    await expect.poll(() => durable).toBe(position)
  }
  expect(writer.takeFinished().map(({ number, lanes }) => [number, lanes[0]?.last])).toEqual([[1, 1]])
  await writer.close()
  expect(await positionsOn(files, 1)).toEqual(upTo(4))
})
