import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CollectorError } from '../model/error.js'
import type { TaskReport } from '../model/task.js'
import { LogFile } from './log-file.js'
import { RunLog } from './run-log.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dccd-log-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('a large file is set aside, and the oldest goes: the log never takes more than it may', async () => {
  const log = new LogFile({ path: join(folder, 'logs', 'x.log'), maxBytes: 100, keep: 2 })
  for (let n = 0; n < 50; n++) {
    log.write(`${String(n).padStart(29, '0')}\n`)
    await log.flush()
  }
  expect((await readdir(join(folder, 'logs'))).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2'])
  const parts = await Promise.all(['.2', '.1', ''].map((end) => readFile(join(folder, 'logs', `x.log${end}`), 'utf8')))
  expect(parts.join('').trim().split('\n').map(Number)).toEqual([42, 43, 44, 45, 46, 47, 48, 49])
  expect((await stat(join(folder, 'logs', 'x.log'))).size).toBeLessThanOrEqual(100)
  expect(log.dropped).toBe(0)
})

it('a log that cannot be written costs nothing but its lines, which are counted', async () => {
  await writeFile(join(folder, 'logs'), '')
  const log = new LogFile({ path: join(folder, 'logs', 'x.log') })
  log.write('a\n')
  log.write('b\n')
  await log.flush()
  expect(log.dropped).toBe(2)
})

it('writes errors with code and remedy, and each change of a stream once; a secret never stands in it', async () => {
  const path = join(folder, 'dccd.log')
  const log = new RunLog(path, ['hunter2-secret'])
  const report: TaskReport = {
    key: 'a',
    instance: 1,
    state: 'live',
    lastFrame: undefined,
    lastEvent: undefined,
    rate: 0,
    lagMs: undefined,
    lagP99Ms: undefined,
    reconnects: 0,
    gaps: 0,
    rows: 0,
    error: undefined,
  }
  log.report(report)
  log.report({ ...report, rows: 5 })
  log.report({ ...report, state: 'waiting', error: { code: 'CONNECTION_LOST', message: 'gone', remedy: '' } })
  log.error(new CollectorError('DISK_FULL', 'https://x/hunter2-secret did not answer'))
  await log.flush()
  const text = await readFile(path, 'utf8')
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [30, 'a is live'],
    [40, 'a is waiting: gone'],
    [50, 'https://x/*** did not answer'],
  ])
  expect(lines[2]).toMatchObject({ code: 'DISK_FULL', remedy: expect.any(String) })
  expect(text).not.toContain('hunter2')
})

it('a secret that a changed config brings is hidden too, from the file and from who follows', async () => {
  const path = join(folder, 'dccd.log')
  const log = new RunLog(path, ['first-secret'])
  const heard: string[] = []
  const stop = log.follow((line) => heard.push(line))
  log.hide(['quoted "second" secret'])
  log.info('first-secret and quoted "second" secret', { remote: 'quoted "second" secret' })
  stop()
  log.info('nobody listens')
  await log.flush()
  expect(heard.map((line) => JSON.parse(line))).toMatchObject([{ msg: '*** and ***', remote: '***' }])
  expect((await readFile(path, 'utf8')).split('\n')[0]).toBe(heard[0]?.trim())
})
