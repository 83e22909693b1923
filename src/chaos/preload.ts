import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseControl, QUIET } from './control.js'

// Loaded into the program under test before itself, in every thread of it, by `dccd chaos` alone: what a machine does to a program that nobody
// can do to a machine without rights. A disk that takes its time, one that is full, a clock that is set.

interface FileMethods {
  datasync(): Promise<void>
  sync(): Promise<void>
  write(...args: unknown[]): Promise<unknown>
  writeFile(...args: unknown[]): Promise<void>
}

async function possess(path: string): Promise<void> {
  let control = QUIET
  const look = () => {
    try {
      control = parseControl(readFileSync(path, 'utf8'))
    } catch {
      // Just being replaced.
    }
  }
  look()
  setInterval(look, 50).unref()

  const realNow = Date.now
  Date.now = () => realNow() + control.clock_ms

  const handle = await open(process.execPath, 'r')
  const files: FileMethods = Object.getPrototypeOf(handle)
  await handle.close()
  const { datasync, sync, write, writeFile } = files
  const refuseWhenFull = () => {
    if (!control.full) return
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 })
  }
  Object.assign(files, {
    async datasync(this: FileMethods) {
      await sleep(control.sync_ms)
      await datasync.call(this)
    },
    async sync(this: FileMethods) {
      await sleep(control.sync_ms)
      await sync.call(this)
    },
    async write(this: FileMethods, ...args: unknown[]) {
      refuseWhenFull()
      return await write.apply(this, args)
    },
    async writeFile(this: FileMethods, ...args: unknown[]) {
      refuseWhenFull()
      await writeFile.apply(this, args)
    },
  } satisfies FileMethods)
}

await possess(process.env.DCCD_CHAOS_CONTROL ?? '')
