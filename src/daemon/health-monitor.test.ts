import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { CollectorError } from '../model/error.js'
import { HealthMonitor } from './health-monitor.js'
import type { TaskReport } from './task.js'
import { recordReport } from './task-health.js'

let folder: string
let path: string
let clock: FakeClock
let errors: CollectorError[]

const monitor = (at = path) => new HealthMonitor({ path: at, clock, onError: (error) => errors.push(error) })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dccd-health-'))
  path = join(folder, '.dccd', 'metrics.json')
  clock = new FakeClock(1_764_000_000_000_000_000n)
  errors = []
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('HealthMonitor', () => {
  it('counts, and a restart forgets nothing, also of what was counted before the file was read', async () => {
    const first = monitor()
    await first.open()
    first.recordFailure('a', { code: 'CONNECT_FAILED', message: 'refused' })
    first.recordFailure('a', { code: 'CONNECT_FAILED', message: 'refused' })
    first.recordRows('a', 10)
    await first.flush()
    const second = monitor()
    second.recordFailure('a', { code: 'BANNED', message: '418' })
    await second.open()
    await second.open()
    expect(second.snapshot()).toEqual({
      a: {
        successes: 0,
        failures: 3,
        consecutive_failures: 3,
        rows: 10,
        last_success_at: null,
        last_failure_at: '2025-11-24T16:00:00.000000000Z',
        last_error: { code: 'BANNED', message: '418' },
        alerted: false,
      },
    })
    second.recordSuccess('a')
    expect(second.snapshot().a).toMatchObject({ successes: 1, failures: 3, consecutive_failures: 0 })
    expect(errors).toEqual([])
  })

  it('writes by itself a while after a change, many changes at once, and leaves no half file', async () => {
    const health = monitor()
    for (let i = 0; i < 1000; i++) health.recordRows('a', 1)
    expect(clock.pending).toBe(1)
    clock.advance(5000)
    await health.flush()
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ version: 1, tasks: { a: { rows: 1000 } } })
    expect(await readdir(join(folder, '.dccd'))).toEqual(['metrics.json'])
    expect(clock.pending).toBe(0)
  })

  it.each(['', '{"version":1,"tasks":{"a":{"succ', '{"version":2}', '[]'])(
    'sets a corrupt file aside: %s',
    async (text) => {
      await monitor().flush()
      const health = monitor()
      health.recordSuccess('a')
      await health.flush()
      await writeFile(path, text)
      const next = monitor()
      await next.open()
      next.recordSuccess('b')
      await next.flush()
      expect(errors).toMatchObject([{ code: 'STORE_FAILED' }])
      expect(await readFile(`${path}.bad`, 'utf8')).toBe(text)
      expect(Object.keys(next.snapshot())).toEqual(['b'])
    },
  )

  it('a folder that cannot be written is told, and recording goes on', async () => {
    await writeFile(join(folder, 'file'), '')
    const health = monitor(join(folder, 'file', 'metrics.json'))
    health.recordSuccess('a')
    await health.flush()
    await health.flush()
    expect(errors.length).toBe(2)
    expect(health.snapshot().a?.successes).toBe(1)
  })

  it('a snapshot does not change afterwards', () => {
    const health = monitor()
    health.recordSuccess('a')
    const before = health.snapshot()
    health.recordSuccess('a')
    expect(before.a?.successes).toBe(1)
  })
})

describe('recordReport', () => {
  const report = (fields: Partial<TaskReport>): TaskReport => ({
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
    ...fields,
  })
  const run = (...reports: Partial<TaskReport>[]) => {
    const health = monitor()
    let previous: TaskReport | undefined
    for (const fields of reports) {
      const next = report(fields)
      recordReport(health, previous, next)
      previous = next
    }
    return health.snapshot().a
  }

  it('a success is being live (defect: recorded only when a stream ended), counted once while it stays so', () => {
    expect(run({ state: 'connecting' }, { state: 'subscribing' }, {}, {}, {})).toMatchObject({
      successes: 1,
      failures: 0,
    })
  })

  it('a reconnect is a failure and a new success (defect: every reconnect was a success)', () => {
    const lost = { code: 'CONNECTION_LOST' as const, message: 'code 1006', remedy: '' }
    expect(run({}, { state: 'connecting', error: lost }, { reconnects: 1 })).toMatchObject({
      successes: 2,
      failures: 2,
    })
    expect(run({}, { reconnects: 1 })).toMatchObject({
      successes: 2,
      failures: 1,
      consecutive_failures: 0,
      last_error: { code: 'CONNECTION_LOST' },
    })
  })

  it('an error that stays is one failure, each new one another', () => {
    const error = (message: string) => ({ code: 'CONNECT_FAILED' as const, message, remedy: '' })
    const waiting = (message: string) => ({ state: 'waiting' as const, error: error(message) })
    expect(run(waiting('refused'), waiting('refused'), waiting('timeout'))).toMatchObject({
      failures: 2,
      consecutive_failures: 2,
      successes: 0,
    })
  })

  it('rows are counted (defect: always 0), also across instances that begin again at 0', () => {
    expect(run({ rows: 5 }, { rows: 9 })?.rows).toBe(9)
  })
})
