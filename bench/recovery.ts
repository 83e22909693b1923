import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SECOND } from '../src/model/time.js'
import { makeLongJournal } from '../testkit/long-journal.js'
import { type Figure, figure } from './figure.js'

const NOON = 1_795_435_200n * SECOND
const MB = 1024 * 1024
const [SMALL, LARGE] = [100, 1024]

interface Recovery {
  readonly seconds: number
  readonly rows: number
  readonly held: number
  readonly peakMb: number
}

async function recover(megabytes: number): Promise<Recovery> {
  const folder = await mkdtemp(join(tmpdir(), 'dccd-bench-'))
  try {
    await makeLongJournal(folder, megabytes * MB, NOON)
    const child = join(import.meta.dirname, 'recovery-child.js')
    return JSON.parse(spawnSync(process.execPath, [child, folder], { encoding: 'utf8' }).stdout) as Recovery // what it prints
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A start after a kill, with a tail of the journal that no commit had reached: how long until its rows are safe, and whether memory follows its size. */
export async function benchRecovery(): Promise<Figure[]> {
  const [small, large] = [await recover(SMALL), await recover(LARGE)]
  if (small.held < 8 || large.rows < small.rows * 8) throw new Error('the tail was not derived whole')
  return [
    figure(
      `recovery of ${LARGE} MB of journal, ${Math.round(large.rows / 1e6)} M rows, vs bound`,
      's',
      large.seconds,
      60,
    ),
    figure(`  peak memory of it vs of ${SMALL} MB`, 'MB', large.peakMb, small.peakMb),
  ]
}
