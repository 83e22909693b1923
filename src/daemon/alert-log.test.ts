import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { CollectorError } from '../model/error.js'
import { AlertLog } from './alert-log.js'
import { HealthMonitor } from './health-monitor.js'

let folder: string
let clock: FakeClock
let errors: CollectorError[]
let told: string[]
const kept: { flush(): Promise<void> }[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dccd-alerts-'))
  clock = new FakeClock(1_764_000_000_000_000_000n)
  errors = []
  told = []
})
afterEach(async () => {
  // What a timer began to write is written before the folder goes.
  for (const each of kept.splice(0)) await each.flush()
  await rm(folder, { recursive: true, force: true })
})

const onError = (error: CollectorError) => errors.push(error)
const LOST = { code: 'CONNECTION_LOST', message: 'the connection ended' }

/** A log as a daemon has it, with what earlier ones wrote. */
async function opened() {
  const log = new AlertLog({
    path: join(folder, 'alerts.json'),
    clock,
    onError,
    onChange: (what, { key }) => told.push(`${what} ${key}`),
  })
  await log.open()
  const health = new HealthMonitor({
    path: join(folder, 'metrics.json'),
    clock,
    onError,
    onAlert: (alert) => log.take(alert),
  })
  for (const key of log.activeKeys()) health.recall(key)
  kept.push(log, health)
  await health.open()
  return { log, health }
}

function fail(health: HealthMonitor, key: string, times: number) {
  for (let n = 0; n < times; n++) {
    health.recordFailure(key, LOST)
    clock.advance(1000)
  }
}

describe('AlertLog', () => {
  it('has one alert for a row of failures, which counts on, until it works again', async () => {
    const { log, health } = await opened()
    fail(health, 'a', 2)
    expect(log.list()).toEqual([])
    fail(health, 'a', 3)
    expect(log.list()).toMatchObject([
      {
        id: 1,
        key: 'a',
        active: true,
        severity: 'warning',
        code: 'CONNECTION_LOST',
        scope: 'connection',
        remedy: 'None needed: it reconnects by itself.',
        count: 5,
        since: '2025-11-24T16:00:02.000000000Z',
        last_at: '2025-11-24T16:00:04.000000000Z',
        resolved_at: null,
      },
    ])
    health.recordSuccess('a')
    expect(log.list()).toMatchObject([{ active: false, resolved_at: '2025-11-24T16:00:05.000000000Z', count: 5 }])
    fail(health, 'a', 3)
    expect(log.list()).toMatchObject([
      { id: 2, active: true, count: 3 },
      { id: 1, active: false },
    ])
    expect(told).toEqual(['failing a', 'resolved a', 'failing a'])
  })

  it('what has given up, and what concerns a whole exchange or the daemon, is critical', async () => {
    const { log, health } = await opened()
    health.recordFailure('a', { code: 'UNKNOWN_INSTRUMENT', message: 'binance does not list XX/YY' }, { final: true })
    for (let n = 0; n < 3; n++) health.recordFailure('b', { code: 'BANNED', message: '418' })
    fail(health, 'c', 3)
    expect(log.list().map(({ key, severity }) => `${key} ${severity}`)).toEqual([
      'c warning',
      'b critical',
      'a critical',
    ])
  })

  it('survives a restart: an active alert is resolved by the next success, and an acknowledged one stays so', async () => {
    const first = await opened()
    fail(first.health, 'a', 3)
    fail(first.health, 'b', 3)
    first.log.acknowledge(1)
    const at = first.log.list()[1]?.acknowledged_at
    clock.advance(60_000)
    first.log.acknowledge(1)
    await first.log.flush()
    // The daemon was killed before the record of its tasks was written.
    const second = await opened()
    expect(second.log.list()).toMatchObject([
      { id: 2, key: 'b', active: true, acknowledged_at: null },
      { id: 1, key: 'a', active: true, acknowledged_at: at },
    ])
    second.health.recordSuccess('a')
    fail(second.health, 'b', 1)
    expect(second.log.list()).toMatchObject([
      { id: 2, active: true },
      { id: 1, active: false, acknowledged_at: at },
    ])
    expect(told).toEqual(['failing a', 'failing b', 'acknowledged a', 'resolved a'])
    expect(() => second.log.acknowledge(3)).toThrow('there is no alert 3')
  })

  it('what nobody wants any more is over, and its next row of failures is a new alert', async () => {
    const { log, health } = await opened()
    fail(health, 'a', 3)
    health.drop('a')
    health.drop('a')
    expect(log.list()).toMatchObject([{ active: false }])
    expect(health.snapshot().a).toMatchObject({ consecutive_failures: 0, successes: 0 })
    fail(health, 'a', 2)
    expect(log.activeKeys()).toEqual([])
  })

  it('keeps a bounded number, and lets go of what is over before what fails', async () => {
    const { log, health } = await opened()
    fail(health, 'first', 3)
    for (let n = 0; n < 600; n++) {
      fail(health, 'a', 3)
      health.recordSuccess('a')
    }
    expect(log.list()).toHaveLength(500)
    expect(log.activeKeys()).toEqual(['first'])
    for (let n = 0; n < 600; n++) fail(health, `b${n}`, 3)
    expect(log.list()).toHaveLength(500)
    expect(log.list()[0]?.key).toBe('b599')
  })

  it.each(['', '{"version":1,"next":1,"alerts":[{"id":', '{"version":2}'])(
    'a corrupt file is set aside: %s',
    async (text) => {
      await writeFile(join(folder, 'alerts.json'), text)
      const { log, health } = await opened()
      expect(errors).toMatchObject([{ code: 'STORE_FAILED' }])
      expect(await readFile(join(folder, 'alerts.json.bad'), 'utf8')).toBe(text)
      fail(health, 'a', 3)
      await log.flush()
      expect((await opened()).log.list()).toHaveLength(1)
    },
  )
})
