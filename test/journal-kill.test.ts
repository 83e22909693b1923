import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLane, scanJournal } from '../src/journal/recover.js'

const child = join(import.meta.dirname, '../dist/testkit/journal-child.js')
const ROUNDS = 5

test.skipIf(!existsSync(child))(
  'a process killed while it writes leaves every acknowledged record, in order, once; the next one goes on beside it (needs `npm run build`)',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'dccd-journal-'))
    const dir = join(root, 'journal')
    const acks = join(root, 'acks')
    await mkdir(acks)
    const lanes: number[] = []
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const mine = [2 * round + 1, 2 * round + 2]
        lanes.push(...mine)
        const writer = spawn(process.execPath, [child, dir, acks, ...mine.map(String)], { stdio: 'inherit' })
        const exit = once(writer, 'exit')
        const enough = 1 + Math.floor(Math.random() * 8000)
        await expect
          .poll(
            async () => {
              expect(writer.exitCode).toBe(null)
              return Math.min(...(await Promise.all(mine.map((lane) => acknowledged(acks, lane)))))
            },
            { timeout: 15_000, interval: 5 },
          )
          .toBeGreaterThan(enough)
        writer.kill('SIGKILL')
        await exit

        const onDamage = (damage: object) => expect.fail(`reported as damage: ${JSON.stringify(damage)}`)
        const scan = await scanJournal(dir, { onDamage })
        for (const lane of lanes) {
          let next = 0
          for await (const { position, record } of readLane(scan, lane, 0, { onDamage })) {
            if (record.type !== 'in') return expect.fail(`a record of the type ${record.type}`)
            expect(position).toBe(next)
            expect(JSON.parse(Buffer.from(record.frame).toString())).toMatchObject({ lane, position })
            next++
          }
          expect(next).toBeGreaterThan(await acknowledged(acks, lane))
        }
      }
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  },
  60_000,
)

/** The highest position that a lane was told to be safe; -1 for none. */
async function acknowledged(acks: string, lane: number): Promise<number> {
  const text = await readFile(join(acks, String(lane)), 'utf8').catch(() => '')
  const told = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return Number(told.at(-2) ?? -1)
}
