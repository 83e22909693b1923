import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { HistoryJob } from '../config/history-jobs.js'
import { type LastRun, nextRun, Scheduler } from './scheduler.js'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-26T12:00:00Z')
const done = (created: number, failures = 0): LastRun => ({
  state: failures ? 'failed' : 'succeeded',
  created,
  ended: created + 1000,
  failures,
})
const interval = { trigger: { kind: 'interval', everyMs: HOUR } } as const
const cron = (expression: string, timezone: string) => ({ trigger: { kind: 'cron', expression, timezone } }) as const

describe('when a job is due', () => {
  it('an interval counts from the start of the last run; one that never ran is due at once', () => {
    expect(nextRun(interval, undefined, NOW)).toBe(NOW)
    expect(nextRun(interval, done(NOW - HOUR / 2), NOW)).toBe(NOW + HOUR / 2)
  })

  it('what was missed while nothing ran is made up for by one run', () => {
    expect(nextRun(interval, done(NOW - 50 * HOUR), NOW)).toBeLessThanOrEqual(NOW)
    expect(nextRun(cron('0 3 * * *', 'UTC'), done(NOW - 50 * HOUR), NOW)).toBeLessThanOrEqual(NOW)
  })

  it('a cron expression is a real one, in its time zone, also across a change of the clocks', () => {
    expect(nextRun(cron('0 3 * * *', 'UTC'), done(NOW), NOW)).toBe(Date.parse('2026-11-27T03:00:00Z'))
    expect(nextRun(cron('30 9 * * 1-5', 'Europe/Zurich'), done(NOW), NOW)).toBe(Date.parse('2026-11-27T08:30:00Z'))
    const spring = Date.parse('2026-03-28T12:00:00Z')
    expect(nextRun(cron('0 12 * * *', 'Europe/Zurich'), done(spring), spring)).toBe(Date.parse('2026-03-29T10:00:00Z'))
  })

  it('once is once, when it went well; manual is never', () => {
    const once = { trigger: { kind: 'once' } } as const
    expect(nextRun(once, undefined, NOW)).toBe(NOW)
    expect(nextRun(once, done(NOW), NOW)).toBeUndefined()
    expect(nextRun({ trigger: { kind: 'manual' } }, undefined, NOW)).toBeUndefined()
  })

  it('a permanent failure is not hammered: the wait doubles up to the pace of the job', () => {
    const waits = [1, 2, 3, 10].map((failures) => (nextRun(interval, done(NOW, failures), NOW) ?? 0) - NOW - 1000)
    expect(waits).toEqual([60_000, 120_000, 240_000, HOUR])
  })
})

describe('the scheduler', () => {
  const job: HistoryJob = {
    id: 'backfill:binance:BTC/USDT:ohlc:1m',
    exchange: 'binance',
    pair: 'BTC/USDT',
    channel: 'ohlc',
    interval: '1m',
    start: 'last',
    ...interval,
  }

  function make(own: HistoryJob = job, chance = 0) {
    const clock = new FakeClock()
    const state = { running: false, started: 0, last: undefined as LastRun | undefined }
    const scheduler = new Scheduler({
      clock,
      random: () => chance,
      jobs: () => [own],
      last: () => state.last,
      running: () => state.running,
      start: () => {
        state.started++
        state.running = true
        state.last = done(Number(clock.wall() / 1_000_000n))
      },
    })
    return { clock, state, scheduler }
  }

  it('starts what is due, and never a second run of a job while one is under way', () => {
    const { clock, state, scheduler } = make()
    scheduler.start()
    expect(state.started).toBe(1)
    clock.advance(5 * HOUR)
    expect(state.started).toBe(1)
    state.running = false
    clock.advance(HOUR)
    expect(state.started).toBe(2)
    scheduler.stop()
  })

  it.each([
    ['an interval', interval],
    ['once', { trigger: { kind: 'once' } }],
    ['a cron expression', { trigger: { kind: 'cron', expression: '*/10 * * * *', timezone: 'UTC' } }],
  ] as const)(
    'a job that never ran, with %s, is started: its first moment, spread by chance, does not go on before it',
    (_name, how) => {
      const { clock, state, scheduler } = make({ ...job, ...how }, 0.5)
      scheduler.start()
      expect(state.started).toBe(0)
      clock.advance(HOUR)
      expect(state.started).toBe(1)
      scheduler.stop()
    },
  )

  it('starts nothing while paused, and makes up for it afterwards', () => {
    const { clock, state, scheduler } = make()
    scheduler.paused = true
    scheduler.start()
    clock.advance(5 * HOUR)
    expect(state.started).toBe(0)
    scheduler.paused = false
    scheduler.look()
    expect(state.started).toBe(1)
    scheduler.stop()
  })
})
