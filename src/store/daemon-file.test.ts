import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readDaemonToken, writeDaemonToken } from './daemon-file.js'

const TOKEN = 'x'.repeat(43)

it.skipIf(process.platform === 'win32')('the token of the local user is readable for that user alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dccd-token-'))
  const path = join(folder, 'daemon.token')
  // One that another user could read, as somebody may have put it there before.
  await writeFile(path, 'old\n', { mode: 0o666 })
  await writeDaemonToken(path, TOKEN)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readDaemonToken(path)).toBe(TOKEN)
  await writeFile(path, 'short\n')
  expect(await readDaemonToken(path)).toBeUndefined()
  await rm(folder, { recursive: true })
  expect(await readDaemonToken(path)).toBeUndefined()
})
