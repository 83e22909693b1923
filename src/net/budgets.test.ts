import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { Budgets } from './budgets.js'
import { RateBudget } from './rate-limit.js'
import { spentWeight } from './spent-weight.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const LIMITS = { binance: { weight: 100, perMs: 60_000 } }
const fail = (error: unknown) => {
  throw error
}

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-budgets-'))
  folders.push(folder)
  return join(folder, 'budgets.json')
}

/** Whether a request is granted now. */
async function granted(asked: Promise<void>): Promise<boolean> {
  let done = false
  asked.then(
    () => {
      done = true
    },
    () => {},
  )
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return done
}

it('a process that starts in the middle of a window does not begin with an empty one', async () => {
  const path = file()
  const clock = new FakeClock()
  const first = new Budgets(path, LIMITS, clock, fail)
  await first.take('binance', 80, 'live')
  // The first process is killed here; nothing is written at the end.
  clock.advance(10_000)
  const second = new Budgets(path, LIMITS, clock, fail)
  expect(await granted(second.take('binance', 30, 'live'))).toBe(false)
  clock.advance(60_000)
  expect(await granted(second.take('binance', 30, 'live'))).toBe(true)
})

it('a full window that leaves within a minute does not arrive within less than one, though the last request is quicker than the first', async () => {
  const clock = new FakeClock()
  const budgets = new Budgets(file(), LIMITS, clock, fail)
  const [slowMs, quickMs] = [700, 20]
  await budgets.take('binance', 100, 'live')
  const arrived = clock.mono() + BigInt(slowMs) * 1_000_000n
  const next = budgets.take('binance', 1, 'live')
  clock.advance(60_000)
  while (!(await granted(next))) clock.advance(10)
  expect(clock.mono() + BigInt(quickMs) * 1_000_000n - arrived).toBeGreaterThanOrEqual(60_000_000_000n)
})

it('a ban is kept over a restart, and holds for every request', async () => {
  const path = file()
  const clock = new FakeClock()
  new Budgets(path, LIMITS, clock, fail).block('binance', 120_000)
  const second = new Budgets(path, LIMITS, clock, fail)
  const [resync, heal] = [second.take('binance', 1, 'resync'), second.take('binance', 1, 'heal')]
  clock.advance(119_000)
  expect([await granted(resync), await granted(heal)]).toEqual([false, false])
  clock.advance(1500)
  expect([await granted(resync), await granted(heal)]).toEqual([true, true])
})

it('what is granted is on disk before the request may leave', async () => {
  const path = file()
  const clock = new FakeClock()
  const budgets = new Budgets(path, LIMITS, clock, fail)
  const asked = budgets.take('binance', 50, 'backfill')
  expect(JSON.parse(readFileSync(path, 'utf8')).binance.spent).toBeGreaterThanOrEqual(50)
  await asked
})

it('a file that is no budgets is an empty window, not a failure', async () => {
  const path = file()
  writeFileSync(path, '{"binance": 7, "x"')
  expect(await granted(new Budgets(path, LIMITS, new FakeClock(), fail).take('binance', 100, 'live'))).toBe(true)
})

it('a thread that ends gives back what it waited for', async () => {
  const clock = new FakeClock()
  const budgets = new Budgets(file(), LIMITS, clock, fail)
  await budgets.take('binance', 100, 'live')
  const methods = budgets.methods('capture 1')
  const waiting = methods.takeWeight('binance', 100, 'live', '1')
  budgets.forget('capture 1')
  await expect(waiting).rejects.toMatchObject({ code: 'PROCESS_STOPPED' })
  clock.advance(61_000)
  expect(await granted(budgets.take('binance', 100, 'live'))).toBe(true)
})

it('histories leave a quarter of every window to live requests', async () => {
  const clock = new FakeClock()
  const budget = new RateBudget({ weight: 100, perMs: 60_000 }, clock)
  for (let spent = 0; spent < 75; spent += 25) expect(await granted(budget.take(25, 'backfill'))).toBe(true)
  expect(await granted(budget.take(25, 'backfill'))).toBe(false)
  expect(await granted(budget.take(25, 'resync'))).toBe(true)
})

it('reads what venues say was spent', () => {
  expect(spentWeight({ 'x-mbx-used-weight-1m': '1200' }, 6000)).toBe(1200)
  expect(spentWeight({ 'x-ratelimit-limit': '120', 'x-ratelimit-remaining': '30' }, 30)).toBe(22.5)
  expect(spentWeight({ 'x-ratelimit-remaining': 'soon' }, 30)).toBeUndefined()
})
