import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Deriver } from '../src/capture/deriver.js'
import { recoverLane } from '../src/capture/recover-lane.js'
import { adapterOf } from '../src/exchanges/index.js'
import { readLane, scanJournal } from '../src/journal/recover.js'
import type { PlacedRecord } from '../src/model/record.js'
import { DAY, SECOND } from '../src/model/time.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { Store, type StoreOptions } from '../src/store/store.js'
import { FakeClock } from '../testkit/fake-clock.js'
import { makeLongJournal } from '../testkit/long-journal.js'
import { visibleFiles } from '../testkit/parquet.js'

/** Seconds before midnight: books move to the new day in the middle of it. */
const START = 1_795_478_400n * SECOND - 12n * SECOND
const BYTES = 1_300_000
/** Files of every hour, not of a day alone. */
const SPLIT_ROWS = 1000

const root = mkdtempSync(join(tmpdir(), 'dccd-bytes-'))
const journalled = join(root, 'journalled')
const records: PlacedRecord[] = []
let live: string[] = []

afterAll(() => rmSync(root, { recursive: true, force: true }))

const open = (dataPath: string, more: Partial<StoreOptions> = {}) =>
  Store.open({ dataPath, clock: new FakeClock(START + DAY), threads: 1, memoryLimit: '256MB', ...more })

/** Every visible file with its hash. */
function fingerprint(folder: string): string[] {
  return visibleFiles(folder).map((path) => {
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
    return `${relative(folder, path)} ${hash}`
  })
}

async function* from(list: readonly PlacedRecord[]): AsyncGenerator<PlacedRecord> {
  yield* list
}

interface Way {
  /** Records between two commits, one after the other. */
  readonly every: readonly number[]
  readonly threads?: number
  /** The process dies after so many records: what was not committed goes, and a new one recovers. */
  readonly kills?: readonly number[]
}

/** Derives the whole lane into a folder of its own. */
async function derive(name: string, { every, threads = 1, kills = [] }: Way): Promise<string[]> {
  const folder = join(root, name)
  let store = await open(folder, { threads })
  await store.adoptLayout(join(root, 'live'))
  const lane = await store.allocateLane()
  for (const kill of [...kills, records.length]) {
    const committed = (await store.laneState())[0]?.committed ?? -1
    const builder = new ColumnBuilder()
    let commits = 0
    let due = committed + (every[0] ?? 1)
    const last = await recoverLane(from(records.slice(0, kill)), adapterOf, builder, {
      committed,
      onRecord: async (position, isOpen) => {
        if (!isOpen || position < due) return
        due = position + (every[++commits % every.length] ?? 1)
        await store.submit(lane, position, builder.take())
        await store.commit()
        if (commits % 2 === 0) await store.publish({ all: true })
      },
    })
    if (kill < records.length) {
      // Rows that no commit reached are gone with the process; so is the store, without being closed in order.
      store = await open(folder, { threads })
      continue
    }
    await store.submit(lane, last, builder.take())
    await store.commit()
  }
  await store.publish({ all: true })
  await store.close()
  return fingerprint(folder)
}

beforeAll(async () => {
  await makeLongJournal(journalled, BYTES, START)
  const onDamage = (damage: unknown) => expect.fail(JSON.stringify(damage))
  const scan = await scanJournal(join(journalled, '.dccd', 'journal'), { onDamage })
  for await (const record of readLane(scan, 1, 0, { onDamage })) records.push(record)

  // As it happens: each record is derived when it comes, commits and files keep to the clock.
  const clock = new FakeClock(START)
  const store = await open(join(root, 'live'), { clock, splitRows: SPLIT_ROWS })
  const lane = await store.allocateLane()
  const builder = new ColumnBuilder()
  const deriver = new Deriver(adapterOf, builder)
  let seconds = 0
  for (const { position, record } of records) {
    deriver.process(record)
    if (record.type !== 'tick' || ++seconds % 7 !== 0) continue
    clock.advance(7000)
    await store.submit(lane, position, builder.take())
    await store.commit()
    await store.publish()
  }
  deriver.crashed()
  deriver.flush()
  await store.submit(lane, records.length - 1, builder.take())
  await store.commit()
  await store.publish({ all: true })
  await store.close()
  live = fingerprint(join(root, 'live'))
})

it('what was recorded as it happened has files of days and of hours, and the ledger', () => {
  const kinds = new Set(live.map((line) => /kind=(\w+)/.exec(line)?.[1]))
  expect([...kinds].sort()).toEqual(['book_deltas', 'book_snapshots', 'coverage', 'trades'])
  for (const name of ['date=2026-11-23', 'date=2026-11-24', 'T00.parquet'])
    expect(live.filter((line) => line.includes(name)).length, name).toBeGreaterThanOrEqual(4)
})

it.each([
  ['in one commit', { every: [1e9] }],
  ['with commits at other moments', { every: [997, 13, 4001] }],
  ['with four threads', { every: [2500], threads: 4 }],
  ['killed three times and recovered', { every: [600, 50], kills: [1000, 1001, 4321] }],
] as const)('derived again %s it is the same bytes', async (name, way) => {
  expect(await derive(name.replaceAll(' ', '-'), way)).toEqual(live)
})
