import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readDataset, visibleFiles } from '../../testkit/parquet.js'
import { ROUNDS, storeScenario, TRADE_IDS } from '../../testkit/store-scenario.js'

const CHILD = resolve(import.meta.dirname, '../../dist/testkit/store-child.js')
const root = mkdtempSync(join(tmpdir(), 'dccd-store-kill-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Every visible file of a folder with its hash. */
function fingerprint(folder: string): string[] {
  return visibleFiles(folder).map((path) => {
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
    return `${relative(folder, path)} ${hash}`
  })
}

const rows = async (folder: string, kind: string) => await readDataset(folder, 'binance', kind, 'BTC/USDT')

let reference: string[] = []
let operations = 0
beforeAll(() => {
  const folder = join(root, 'reference')
  mkdirSync(folder)
  const output = execFileSync(process.execPath, [CHILD, folder, '0', 'kill'], { encoding: 'utf8' })
  operations = Number(/operations (\d+)/.exec(output)?.[1])
  reference = fingerprint(folder)
})

interface Ended {
  /** What was left, by how it ended. */
  readonly folders: { readonly kill: string; readonly power: string }
  readonly committed: number
}

/** Ends the scenario before its n-th operation. */
async function endAt(n: number): Promise<Ended> {
  const folder = join(root, String(n))
  mkdirSync(folder)
  const child = spawn(process.execPath, [CHILD, folder, String(n), 'both'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  const signal = await new Promise((resolve) => child.on('close', (_, by) => resolve(by)))
  expect(signal, `operation ${n}`).toBe('SIGKILL')
  const committed = [...stdout.matchAll(/committed (\d+)/g)].map((found) => Number(found[1])).at(-1) ?? -1
  return { folders: { kill: folder, power: `${folder}-power` }, committed }
}

/** By operation: both endings are those of one process. */
const ends = new Map<number, Promise<Ended>>()
function endedAt(n: number): Promise<Ended> {
  const ended = ends.get(n) ?? endAt(n)
  ends.set(n, ended)
  return ended
}

// The two endings side by side: each waits for a process most of the time.
it.concurrent.each(['kill', 'power'] as const)(
  'commit, publish and removal of spent files, ended by %s before each single file operation and SQL commit: what was committed is there, and going on gives the same bytes',
  {
    timeout: 900_000,
    // What was left was used up by the first try.
    retry: 0,
  },
  async (ending) => {
    expect(operations).toBeGreaterThan(50)
    // Trades and changes of a book, each the file of the day and one of the hour after it was split; the ledger.
    expect(reference.length).toBe(5)
    for (let n = 1; n <= operations; n++) {
      const { folders, committed } = await endedAt(n)
      const folder = folders[ending]
      // A reader from outside never sees a row twice.
      const seen = (await rows(folder, 'trades')).map((row) => String(row.trade_id))
      expect(new Set(seen).size, `operation ${n}`).toBe(seen.length)
      const position = await storeScenario(folder, () => {})
      expect(position, `operation ${n}`).toBeGreaterThanOrEqual(committed)
      expect(fingerprint(folder), `operation ${n}`).toEqual(reference)
      rmSync(folder, { recursive: true })
    }
  },
)

it('rows of the reference are whole', async () => {
  const folder = join(root, 'reference')
  expect((await rows(folder, 'trades')).map((row) => row.trade_id)).toEqual(TRADE_IDS)
  expect(await rows(folder, 'book_deltas')).toHaveLength(TRADE_IDS.length)
  // Twice the same changes nothing.
  const copy = join(root, 'copy')
  cpSync(folder, copy, { recursive: true })
  await storeScenario(copy, (position) => expect.fail(`position ${position} of ${ROUNDS} was committed again`))
  expect(fingerprint(copy)).toEqual(reference)
})
