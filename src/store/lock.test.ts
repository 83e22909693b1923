import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withFolder } from '../../testkit/store-rows.js'
import { readDaemonFile, removeDaemonFile, writeDaemonFile } from './daemon-file.js'
import { DataFolder } from './data-folder.js'
import { DataLock } from './lock.js'

describe('DataLock', () => {
  it('refuses a second holder and names the first', () =>
    withFolder(async (path) => {
      const lock = await DataLock.acquire(path)
      await writeDaemonFile(new DataFolder(path).daemon, { pid: 4711, host: '127.0.0.1', port: 1, started: 'now' })
      await expect(DataLock.acquire(path)).rejects.toMatchObject({
        code: 'DATA_LOCKED',
        message: expect.stringContaining('4711'),
      })
      lock.release()
      const next = await DataLock.acquire(path)
      next.release()
    }))

  it('refuses while another process holds it, and is free at once when that one is killed', () =>
    withFolder(async (path) => {
      await (await DataLock.acquire(path)).release()
      const code = `
        import Database from 'libsql'
        const db = new Database(process.argv[1], { timeout: 0 })
        db.exec('BEGIN EXCLUSIVE')
        console.log('held')
        setInterval(() => {}, 1000)`
      const child = spawn(process.execPath, ['--input-type=module', '-e', code, new DataFolder(path).lock], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      await expect(DataLock.acquire(path)).rejects.toMatchObject({ code: 'DATA_LOCKED' })
      child.kill('SIGKILL')
      await once(child, 'exit')
      const lock = await DataLock.acquire(path)
      lock.release()
    }))

  it('refuses a place where no folder can be', () =>
    withFolder(async (path) => {
      writeFileSync(join(path, 'file'), '')
      await expect(DataLock.acquire(join(path, 'file'))).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' })
    }))
})

describe('daemon.json', () => {
  it('is read back, and what cannot be read is no daemon', () =>
    withFolder(async (path) => {
      const file = join(path, 'daemon.json')
      const info = { pid: 1, host: '127.0.0.1', port: 8080, started: '2026-11-23T10:00:00Z' }
      await writeDaemonFile(file, info)
      expect(await readDaemonFile(file)).toEqual(info)
      writeFileSync(file, '{"pid": ')
      expect(await readDaemonFile(file)).toBeUndefined()
      writeFileSync(file, '{"pid": "x"}')
      expect(await readDaemonFile(file)).toBeUndefined()
      await removeDaemonFile(file)
      await removeDaemonFile(file)
      expect(existsSync(file)).toBe(false)
    }))
})
