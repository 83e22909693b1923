import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../../testkit/fake-clock.js'
import { type CollectorConfig, configSchema } from '../config/schema.js'
import { systemClock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import { HealthMonitor } from './health-monitor.js'
import { rcloneCopy, withoutSecrets } from './remotes/rclone.js'
import { type SyncDependencies, SyncService } from './sync-service.js'

const hasRclone = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'rclone')))
const withRclone = hasRclone ? 'with rclone' : 'with rclone (skipped: the program rclone is not on PATH)'

let folder: string
let data: string
let errors: CollectorError[]
const closers: (() => unknown)[] = []

const config = (remotes: string[], sync_interval = 3600): CollectorConfig =>
  configSchema.parse({
    settings: { data_path: data },
    storage: { remotes: remotes.map((remote) => ({ provider: 'rclone', remote })), sync_interval },
  })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dccd-sync-'))
  data = join(folder, 'data')
  errors = []
  await mkdir(join(data, '.dccd', 'journal'), { recursive: true })
  await mkdir(join(data, 'exchange=binance', 'kind=trades'), { recursive: true })
  await writeFile(join(data, '.dccd', 'journal', 'lane'), 'private')
  await writeFile(join(data, 'exchange=binance', 'kind=trades', 'a b.parquet'), 'rows')
})

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await rm(folder, { recursive: true, force: true })
})

const lastSync = async () => JSON.parse(await readFile(join(data, '.dccd', 'last_sync.json'), 'utf8'))

describe('SyncService', () => {
  const service = (clock: FakeClock, of: CollectorConfig, copy: SyncDependencies['copy']) =>
    new SyncService(of, undefined, { clock, copy, onError: (error) => errors.push(error) })

  it('a failed copy is not recorded as a sync (defect: last_sync.json was written even when every push failed)', async () => {
    const clock = new FakeClock(1_764_000_000_000_000_000n)
    const health = new HealthMonitor({ path: join(data, '.dccd', 'metrics.json'), clock, onError: () => {} })
    let broken = false
    const sync = new SyncService(config(['one:', 'two:']), health, {
      clock,
      onError: (error) => errors.push(error),
      copy: async (_from, remote) => {
        if (broken && remote === 'two:') throw new CollectorError('REMOTE_FAILED', 'quota', { remedy: 'pay' })
      },
    })
    expect(await sync.syncNow()).toMatchObject({ last_sync_at: '2025-11-24T16:00:00.000000000Z' })
    broken = true
    clock.advance(60_000)
    await sync.syncNow()
    expect(await lastSync()).toEqual({
      last_sync_at: '2025-11-24T16:00:00.000000000Z',
      remotes: [
        { remote: 'one:', ok: true, at: '2025-11-24T16:01:00.000000000Z', error: null },
        {
          remote: 'two:',
          ok: false,
          at: '2025-11-24T16:01:00.000000000Z',
          error: { code: 'REMOTE_FAILED', message: 'quota', remedy: 'pay' },
        },
      ],
    })
    expect(errors).toHaveLength(1)
    expect(health.snapshot()['sync two:']).toMatchObject({ successes: 1, failures: 1 })
  })

  it('runs never overlap: a call during a run joins it, and the interval counts from its end', async () => {
    const clock = new FakeClock()
    let running = 0
    let runs = 0
    let release = () => {}
    const sync = service(clock, config(['one:'], 10), async () => {
      running += 1
      runs += 1
      expect(running).toBe(1)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      running -= 1
    })
    sync.start()
    await until(() => clock.pending === 1)
    clock.advance(10_000)
    const joined = [sync.syncNow(), sync.syncNow()]
    clock.advance(60_000)
    expect(runs).toBe(1)
    release()
    await Promise.all(joined)
    await until(() => clock.pending === 1)
    clock.advance(9_999)
    expect(runs).toBe(1)
    clock.advance(1)
    expect(runs).toBe(2)
    release()
    await sync.stop()
  })

  it('does nothing with interval 0 or without remotes, and begins when the config gets some', async () => {
    const clock = new FakeClock()
    let runs = 0
    const sync = service(clock, config(['one:'], 0), async () => {
      runs += 1
    })
    sync.start()
    await settle()
    expect(clock.pending).toBe(0)
    sync.configure(config([], 10))
    await settle()
    expect(clock.pending).toBe(0)
    sync.configure(config(['one:'], 10))
    await until(() => clock.pending === 1)
    clock.advance(10_000)
    await until(() => runs === 1)
    await sync.stop()
    expect(clock.pending).toBe(0)
  })

  it('a restart neither repeats a fresh sync nor waits a whole interval for a late one', async () => {
    const clock = new FakeClock()
    let runs = 0
    const copy = async () => {
      runs += 1
    }
    await service(clock, config(['one:'], 3600), copy).syncNow()
    const fresh = service(clock, config(['one:'], 3600), copy)
    clock.advance(600_000)
    fresh.start()
    await until(() => clock.pending === 1)
    clock.advance(2_999_000)
    expect(runs).toBe(1)
    clock.advance(1000)
    await until(() => runs === 2)
    await fresh.stop()
    clock.advance(7_200_000)
    const late = service(clock, config(['one:'], 3600), copy)
    late.start()
    await until(() => clock.pending === 1)
    clock.advance(60_000)
    await until(() => runs === 3)
    await late.stop()
  })

  it('stop ends a running copy, and the service can start again', async () => {
    const clock = new FakeClock()
    let aborts = 0
    const sync = service(clock, config(['one:']), (_from, _remote, signal) => {
      if (aborts > 0) return Promise.resolve()
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          aborts += 1
          reject(signal.reason)
        }),
      )
    })
    sync.start()
    const run = sync.syncNow()
    await sync.stop()
    expect(aborts).toBe(1)
    expect(await run).toMatchObject({ last_sync_at: null, remotes: [{ ok: false }] })
    expect(clock.pending).toBe(0)
    sync.start()
    expect(await sync.syncNow()).toMatchObject({ remotes: [{ ok: true }] })
    await sync.stop()
  })
})

describe('rcloneCopy', () => {
  const clock = systemClock()

  /** A program that stands in for rclone where the real one cannot be made to misbehave. */
  async function script(body: string): Promise<string> {
    const path = join(folder, 'rclone-double')
    await writeFile(path, `#!/bin/sh\n${body}\n`)
    await chmod(path, 0o755)
    return path
  }

  it('a missing program is told with its remedy', async () => {
    await expect(rcloneCopy(data, 'x:', { clock, command: 'no-such-program' })).rejects.toMatchObject({
      code: 'REMOTE_FAILED',
      message: expect.stringContaining('no-such-program'),
      remedy: expect.stringContaining('Install rclone'),
    })
  })

  it('gives rclone a chosen environment and no shell', async () => {
    const command = await script(`env > '${folder}/env'; printf '%s\\n' "$@" > '${folder}/args'`)
    const env = { PATH: process.env.PATH, AWS_CA_BUNDLE: '/x', RCLONE_CONFIG_A_TYPE: 'local', SECRET_OF_OTHERS: '1' }
    await rcloneCopy(data, '--config=$(touch x)', { clock, command, env })
    const seen = await readFile(join(folder, 'env'), 'utf8')
    expect(seen).toContain('RCLONE_CONFIG_A_TYPE=local')
    expect(seen).not.toMatch(/AWS_CA_BUNDLE|SECRET_OF_OTHERS/)
    const args = (await readFile(join(folder, 'args'), 'utf8')).trim().split('\n')
    expect(args.slice(-3)).toEqual(['--', data, '--config=$(touch x)'])
    expect(args).toContain('.dccd/**')
  })

  it('the error keeps the end of what rclone said, without secrets', async () => {
    const command = await script(
      `echo '{"level":"error","msg":"cannot reach https://me:hunter2@host/x: access_key=hunter2 denied"}' >&2; exit 3`,
    )
    const error: unknown = await rcloneCopy(data, ':sftp,pass=hunter2:x', { clock, command }).catch((cause) => cause)
    expect(error).toMatchObject({ code: 'REMOTE_FAILED', message: expect.stringContaining('rclone ended with 3') })
    expect(error).toMatchObject({ message: expect.stringContaining('denied') })
    expect(String(error)).not.toContain('hunter2')
    expect(withoutSecrets('Authorization: abc, key="a b" fine')).toBe('Authorization: ***, key=*** fine')
  })

  it('a copy that moves may take long, one that stands still is ended (defect: 300 s for any size)', async () => {
    const moving = await script(
      `for i in 1 2 3 4 5 6 7 8; do echo "{\\"stats\\":{\\"bytes\\":$i}}" >&2; sleep 0.2; done`,
    )
    await rcloneCopy(data, 'x:', { clock, command: moving, stalledAfterMs: 1200 })
    const standing = await script(`while true; do echo '{"stats":{"bytes":7},"msg":"still"}' >&2; sleep 0.05; done`)
    await expect(rcloneCopy(data, 'x:', { clock, command: standing, stalledAfterMs: 200 })).rejects.toMatchObject({
      message: expect.stringContaining('nothing moved for 0.2 s'),
    })
  })

  it('an abort ends the program and throws its reason', async () => {
    const command = await script(`echo $$ > '${folder}/pid'; exec sleep 60`)
    const abort = new AbortController()
    const run = rcloneCopy(data, 'x:', { clock, command }, abort.signal)
    const refused = expect(run).rejects.toThrow('enough')
    await until(() => existsSync(join(folder, 'pid')))
    abort.abort(new Error('enough'))
    await refused
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
    expect(() => process.kill(pid, 0)).toThrow()
  })
})

describe.skipIf(!hasRclone)(withRclone, () => {
  const clock = systemClock()
  const real = (remotes: string[]) =>
    new SyncService(config(remotes), undefined, {
      clock,
      copy: (from, remote, signal) => rcloneCopy(from, remote, { clock }, signal),
      onError: (error) => errors.push(error),
    })

  it('copies the visible tree to a local folder, nothing of .dccd, and deletes nothing there', async () => {
    const target = join(folder, 'copy')
    await mkdir(target)
    await writeFile(join(target, 'old.parquet'), 'kept')
    expect(await real([target]).syncNow()).toMatchObject({ remotes: [{ ok: true, error: null }] })
    expect((await readdir(target)).sort()).toEqual(['exchange=binance', 'old.parquet'])
    expect(await readFile(join(target, 'exchange=binance', 'kind=trades', 'a b.parquet'), 'utf8')).toBe('rows')
    expect((await lastSync()).last_sync_at).not.toBeNull()
  })

  it('one remote that does not exist fails by itself, with what rclone said', async () => {
    const target = join(folder, 'copy')
    const report = await real([target, 'no-such-remote:x']).syncNow()
    expect(report.last_sync_at).toBeNull()
    expect(report.remotes.map(({ ok }) => ok)).toEqual([true, false])
    expect(report.remotes[1]?.error?.message).toMatch(
      /^no-such-remote:x: rclone ended with 1: [^\n]*didn't find section/,
    )
    expect(existsSync(join(target, 'exchange=binance'))).toBe(true)
  })

  it('copies over WebDAV', async () => {
    const port = await freePort()
    const served = join(folder, 'served')
    await mkdir(served)
    const server = spawn('rclone', ['serve', 'webdav', served, '--addr', `127.0.0.1:${port}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    closers.push(async () => {
      const ended = once(server, 'close')
      server.kill('SIGKILL')
      await ended
    })
    let said = ''
    server.stderr.on('data', (chunk) => {
      said += chunk
    })
    await until(() => said.includes('WebDav Server started'))
    const report = await real([`:webdav,url="http://127.0.0.1:${port}/":archive`]).syncNow()
    expect(report.remotes[0]?.error).toBeNull()
    expect(await readFile(join(served, 'archive', 'exchange=binance', 'kind=trades', 'a b.parquet'), 'utf8')).toBe(
      'rows',
    )
    expect(existsSync(join(served, 'archive', '.dccd'))).toBe(false)
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
