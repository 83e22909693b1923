import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Engine } from './engine.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

// A day of five million trades from an archive did not fit the usual limit: it was never published.
it('a large file gets the memory that its sort takes, and nothing keeps it afterwards, also after a failure', async () => {
  const spill = mkdtempSync(join(tmpdir(), 'dccd-engine-'))
  folders.push(spill)
  const engine = await Engine.open({ spill, memoryLimit: '128MB' })
  const limit = async () => String((await engine.rows("SELECT current_setting('memory_limit')"))[0]?.[0])
  const usual = await limit()
  expect(await engine.withRoomFor(1_000_000, limit)).toBe(usual)
  expect(await engine.withRoomFor(5_000_000, limit)).not.toBe(usual)
  expect(await limit()).toBe(usual)
  await expect(engine.withRoomFor(5_000_000, () => engine.rows('SELECT nothing'))).rejects.toThrow('nothing')
  expect(await limit()).toBe(usual)
  engine.close()
})
