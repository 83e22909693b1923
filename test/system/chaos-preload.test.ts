import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { type Control, QUIET } from '../../src/chaos/control.js'

const PRELOAD = pathToFileURL(resolve(import.meta.dirname, '../../dist/src/chaos/preload.js')).href
const folder = mkdtempSync(join(tmpdir(), 'dccd-preload-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Writes and syncs as the journal does, in a worker thread as well as here.
const VICTIM = `
import { open } from 'node:fs/promises'
import { Worker, isMainThread } from 'node:worker_threads'
if (isMainThread) new Worker(new URL(import.meta.url), { argv: [process.argv[2]] })
const file = await open(process.argv[2] + (isMainThread ? '.main' : '.worker'), 'w')
const from = performance.now()
const wrote = await file.write('x').then(() => 'written', ({ code }) => code)
await file.datasync()
const said = { thread: isMainThread ? 'main' : 'worker', wrote, slow: performance.now() - from > 1500, off: Math.round((Date.now() - performance.timeOrigin - performance.now()) / 3600000) }
await file.close()
console.log(JSON.stringify(said))
`

async function said(control: Partial<Control>): Promise<unknown[]> {
  const machine = join(folder, 'machine.json')
  const script = join(folder, 'victim.mjs')
  writeFileSync(machine, JSON.stringify({ ...QUIET, ...control }))
  writeFileSync(script, VICTIM)
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', PRELOAD, script, join(folder, 'file')], {
    env: { ...process.env, DCCD_CHAOS_CONTROL: machine },
  })
  return stdout
    .trim()
    .split('\n')
    .sort()
    .map((line) => JSON.parse(line))
}

it('a full disk, a slow one and a clock that is set are there in every thread of the program, and nothing else is', async () => {
  const quiet = { wrote: 'written', slow: false, off: 0 }
  const threads = (each: object) => [
    { thread: 'main', ...quiet, ...each },
    { thread: 'worker', ...quiet, ...each },
  ]
  expect(await said({})).toEqual(threads({}))
  expect(await said({ full: true })).toEqual(threads({ wrote: 'ENOSPC' }))
  expect(await said({ sync_ms: 2000 })).toEqual(threads({ slow: true }))
  expect(await said({ clock_ms: -7_200_000 })).toEqual(threads({ off: -2 }))
})
