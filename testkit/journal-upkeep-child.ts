import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { serveJournal } from '../src/journal/journal-thread.js'
import { systemClock } from '../src/lib/clock.js'
import type { JournalRecord } from '../src/model/record.js'
import { exitAt } from './exit-at.js'

/** Bytes after which a journal file of these tests is left. */
export const ROLL_BYTES = 3000
/** The lane that an earlier process left, and the one that records now. */
export const [OLD, NEW] = [1, 2]

export function upkeepRecord(lane: number, n: number): JournalRecord {
  if (n % 10 === 0) return { type: 'state', wall: 1n, body: '{}' }
  return { type: 'in', connection: lane, n, wall: 1n, mono: 1n, frame: Buffer.alloc(400, n) }
}

/**
 * journal-upkeep-child.js FOLDER N kill|power: a journal that is written, compressed and deleted as its rule says, and ends before its N-th file operation. Prints each position
 * of the new lane that is safe, and at the end how many operations there were.
 */
async function main(folder: string, n: number, ending: string | undefined): Promise<void> {
  const count = exitAt(n, ending === 'power' ? 'power' : 'kill', folder)
  const journal = await serveJournal({
    dir: join(folder, 'journal'),
    clock: systemClock(),
    syncMs: 1,
    rollBytes: ROLL_BYTES,
  })
  const lane = journal.lane(NEW)
  let next = 0
  const record = async (until: number) => {
    while (lane.durable < until) {
      for (let n = 0; n < 3; n++) lane.append(upkeepRecord(NEW, next++))
      await lane.whenDurable(next - 1)
      writeSync(1, `durable ${lane.durable}\n`)
    }
  }
  await record(5)
  const progress = new Map([
    [OLD, { committed: 22, done: false }],
    [NEW, { committed: -1, done: false }],
  ])
  // Kept, and one more compressed with each call; then more than there may be.
  for (let call = 0; call < 2; call++) await journal.release(progress, { keepMs: 'forever' })
  await journal.release(progress, { keepMs: 1e12, maxBytes: 5 * ROLL_BYTES })
  await record(8)
  await journal.release(progress, { keepMs: 0 })
  await journal.close()
  writeSync(1, `operations ${count()}\n`)
}

const [, script = '', folder = '', n = '0', ending] = argv
if (script.endsWith('journal-upkeep-child.js')) await main(folder, Number(n), ending)
