import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../../testkit/fake-clock.js'
import { CollectorError } from '../model/error.js'
import { PRIORITIES, RateBudget } from './rate-limit.js'

const rejectionOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('RateBudget', () => {
  it('never spends more than the budget in any window, and never lets a less urgent request go first', async () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 700 }),
      asks: fc.array(fc.record({ weight: fc.integer({ min: 1, max: 50 }), priority: fc.constantFrom(...PRIORITIES) }), {
        maxLength: 6,
      }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const clock = new FakeClock()
        const budget = new RateBudget({ weight: 50, perMs: 1000 }, clock)
        const granted: { mono: bigint; weight: number }[] = []
        const waiting = new Map<number, number>()
        const overtaken: [number, number][] = []
        let n = 0
        for (const { wait, asks } of steps) {
          for (const { weight, priority } of asks) {
            const id = n++
            const rank = PRIORITIES.indexOf(priority)
            waiting.set(id, rank)
            void budget.take(weight, priority).then(() => {
              waiting.delete(id)
              for (const [other, otherRank] of waiting)
                if (otherRank < rank || (otherRank === rank && other < id)) overtaken.push([other, id])
              granted.push({ mono: clock.mono(), weight })
            })
            await settle()
          }
          await clock.run(wait)
        }
        while (waiting.size > 0) await clock.run(1000)
        expect(granted.length).toBe(n)
        expect(overtaken).toEqual([])
        for (const { mono } of granted) {
          const window = granted.filter((grant) => grant.mono > mono - 1_000_000_000n && grant.mono <= mono)
          expect(window.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(50)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('does not let light requests overtake a heavy one, which would wait for ever', async () => {
    const clock = new FakeClock()
    const budget = new RateBudget({ weight: 10, perMs: 1000 }, clock)
    await budget.take(8, 'live')
    const order: string[] = []
    void budget.take(10, 'live').then(() => order.push('heavy'))
    void budget.take(1, 'live').then(() => order.push('light'))
    await clock.run(999)
    expect(order).toEqual([])
    await clock.run(1)
    expect(order).toEqual(['heavy'])
    await clock.run(1000)
    expect(order).toEqual(['heavy', 'light'])
  })

  it('grants nothing while blocked after 429, and a shorter block does not end a longer one', async () => {
    const clock = new FakeClock()
    const budget = new RateBudget({ weight: 10, perMs: 1000 }, clock)
    budget.blockUntil(30_000)
    budget.blockUntil(clock.mono() + 5_000_000_000n)
    let done = false
    void budget.take(1, 'resync').then(() => {
      done = true
    })
    await clock.run(29_999)
    expect(done).toBe(false)
    await clock.run(1)
    expect(done).toBe(true)
  })

  it('counts what others behind the same address spent, as the venue tells', async () => {
    const clock = new FakeClock()
    const budget = new RateBudget({ weight: 100, perMs: 60_000 }, clock)
    await budget.take(10, 'live')
    budget.used(95)
    budget.used(20)
    let done = false
    void budget.take(6, 'live').then(() => {
      done = true
    })
    await clock.run(59_000)
    expect(done).toBe(false)
    await clock.run(1000)
    expect(done).toBe(true)
  })

  it('refuses the least urgent when the queue is full, and what can never fit', async () => {
    const clock = new FakeClock()
    const budget = new RateBudget({ weight: 1, perMs: 1000, maxWaiting: 2 }, clock)
    await budget.take(1, 'live')
    const backfill = rejectionOf(budget.take(1, 'backfill'))
    const live = budget.take(1, 'live')
    const resync = budget.take(1, 'resync')
    expect(await backfill).toMatchObject({ code: 'RATE_LIMITED', retry: 'backoff' })
    expect(await rejectionOf(budget.take(2, 'resync'))).toMatchObject({ code: 'RATE_LIMITED', retry: 'never' })
    await clock.run(1000)
    await resync
    await clock.run(1000)
    await live
  })

  it('an aborted request leaves the queue, spends nothing and unblocks those behind it', async () => {
    const clock = new FakeClock()
    const budget = new RateBudget({ weight: 10, perMs: 1000 }, clock)
    await budget.take(5, 'live')
    const abort = new AbortController()
    const heavy = rejectionOf(budget.take(10, 'live', abort.signal))
    let light = false
    void budget.take(5, 'live').then(() => {
      light = true
    })
    await settle()
    expect(light).toBe(false)
    const reason = new CollectorError('UNSUBSCRIBED', 'gone')
    abort.abort(reason)
    expect(await heavy).toBe(reason)
    await settle()
    expect(light).toBe(true)
    expect(budget.waiting).toBe(0)
    expect(await rejectionOf(budget.take(1, 'live', abort.signal))).toBe(reason)
  })
})
