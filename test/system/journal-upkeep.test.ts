import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { serveJournal } from '../../src/journal/journal-thread.js'
import { readLane, scanJournal } from '../../src/journal/recover.js'
import { systemClock } from '../../src/lib/clock.js'
import { NEW, OLD, ROLL_BYTES, upkeepRecord } from '../../testkit/journal-upkeep-child.js'

const CHILD = join(import.meta.dirname, '../../dist/testkit/journal-upkeep-child.js')
const root = mkdtempSync(join(tmpdir(), 'dccd-upkeep-'))
const base = join(root, 'base')
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What an earlier process left: thirty records in several files, a state with each tenth. */
async function prepare(): Promise<void> {
  const dir = join(base, 'journal')
  const journal = await serveJournal({ dir, clock: systemClock(), syncMs: 1, rollBytes: ROLL_BYTES })
  const lane = journal.lane(OLD)
  for (let n = 0; n < 30; n++) await lane.whenDurable(lane.append(upkeepRecord(OLD, n)))
  await journal.close()
}

/** The positions of a lane from one on, each checked. */
async function positions(dir: string, lane: number, from: number, where: string): Promise<number[]> {
  const onDamage = (damage: object) => expect.fail(`${where}: reported as damage: ${JSON.stringify(damage)}`)
  const scan = await scanJournal(dir, { onDamage })
  const found: number[] = []
  for await (const { position, record } of readLane(scan, lane, from, { onDamage })) {
    expect(record, where).toEqual(upkeepRecord(lane, position))
    found.push(position)
  }
  return found
}

const stretch = (from: number, until: number) => Array.from({ length: until - from }, (_, n) => from + n)

/** Whether it ended before its n-th operation; how many there are depends on which of them share a sync. */
async function endAt(n: number, ending: string): Promise<boolean> {
  const where = `${ending} at operation ${n}`
  const folder = join(root, `${ending}-${n}`)
  cpSync(base, folder, { recursive: true })
  const child = spawn(process.execPath, [CHILD, folder, String(n), ending], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  const end = await new Promise((resolve) => child.on('close', (code, by) => resolve(by ?? code)))
  const done = stdout.includes('operations')
  expect(end, where).toBe(done ? 0 : 'SIGKILL')
  const told = Number([...stdout.matchAll(/durable (\d+)/g)].at(-1)?.[1] ?? -1)
  const dir = join(folder, 'journal')
  // Recovery of the old lane begins at its state 20.
  expect(await positions(dir, OLD, 20, where), where).toEqual(stretch(20, 30))
  const mine = await positions(dir, NEW, 0, where)
  expect(mine, where).toEqual(stretch(0, mine.length))
  expect(mine.length, where).toBeGreaterThan(told)
  rmSync(folder, { recursive: true })
  return !done
}

test('a journal that is written, compressed and deleted, ended by kill and by loss of power before each single file operation: nothing that a recovery needs is missing or damaged', async () => {
  await prepare()
  const whole = join(root, 'whole')
  cpSync(base, whole, { recursive: true })
  const before = readdirSync(join(whole, 'journal')).length
  const output = execFileSync(process.execPath, [CHILD, whole, '0', 'kill'], { encoding: 'utf8' })
  const operations = Number(/operations (\d+)/.exec(output)?.[1])
  expect(operations).toBeGreaterThan(50)
  expect(before).toBeGreaterThan(4)
  let ends = 0
  for (let n = 1; ; n++) {
    const ended = await Promise.all(['kill', 'power'].map((ending) => endAt(n, ending)))
    ends += ended.filter(Boolean).length
    if (!ended.includes(true)) break
  }
  expect(ends).toBeGreaterThan(100)
})
