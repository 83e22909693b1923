import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { CollectorError } from '../model/error.js'
import { Budgets } from './budgets.js'
import { Neighbours } from './neighbours.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const BASE = 'https://user:secret@api.example.com'
const LIMITS = { bybit: { weight: 100, perMs: 5000 }, kraken: { weight: 1, perMs: 1000 } }

/** A machine, and daemons on it by their data folder. */
function machine() {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-neighbours-'))
  folders.push(folder)
  const clock = new FakeClock()
  const errors: CollectorError[] = []
  const shared = join(folder, 'shared')
  const daemon = (data: string, base = BASE) => {
    const onError = (error: CollectorError) => void errors.push(error)
    const neighbours = new Neighbours(shared, data, clock, onError)
    const budgets = new Budgets(join(folder, `${data}.json`), LIMITS, clock, onError, { neighbours, base: () => base })
    /** How many requests of weight 1 are granted within a time. */
    return async (exchange: string, asked: number, ms: number) => {
      let granted = 0
      const ending = new AbortController()
      for (let each = 0; each < asked; each++)
        budgets.take(exchange, 1, 'live', ending.signal).then(
          () => granted++,
          () => {},
        )
      await clock.run(ms)
      ending.abort()
      await clock.run(0)
      return granted
    }
  }
  return { clock, daemon, errors, shared }
}

it('a daemon that comes to another waits until that one knows of it, and until what it spent beyond its half is over: together they would be banned', async () => {
  const { daemon, clock } = machine()
  const [first, second] = [daemon('a'), daemon('b')]
  expect(await first('bybit', 200, 100)).toBe(100)
  expect(await second('bybit', 200, 4900)).toBe(0)
  await clock.run(2500)
  expect(await second('bybit', 200, 100)).toBe(50)
  expect(await first('bybit', 200, 100)).toBe(50)
})

it('one that begins beside a quiet one waits a second and no longer', async () => {
  const { daemon } = machine()
  const [first, second] = [daemon('a'), daemon('b')]
  expect(await first('bybit', 1, 100)).toBe(1)
  expect(await second('bybit', 200, 900)).toBe(0)
  expect(await second('bybit', 200, 200)).toBe(50)
})

it('a daemon that asks no more gives its part back, and comes anew when it asks again', async () => {
  const { daemon, clock } = machine()
  const [first, second] = [daemon('a'), daemon('b')]
  await first('bybit', 10, 2000)
  await second('bybit', 10, 2000)
  await clock.run(30_000)
  expect(await second('bybit', 200, 100)).toBe(100)
  expect(await first('bybit', 200, 4000)).toBe(0)
})

it('a restart is no second daemon: it does not wait for itself', async () => {
  const { daemon } = machine()
  await daemon('a')('kraken', 1, 3000)
  expect(await daemon('a')('kraken', 3, 2500)).toBe(3)
})

it('where half of a budget is less than a request, each waits twice as long', async () => {
  const { daemon, clock } = machine()
  const [first, second] = [daemon('a'), daemon('b')]
  await Promise.all([first('kraken', 5, 3000), second('kraken', 5, 0)])
  await clock.run(3000)
  const both = [first('kraken', 20, 10_000), second('kraken', 20, 0)]
  expect(await both[0]).toBeLessThanOrEqual(6)
  expect(await both[0]).toBeGreaterThanOrEqual(4)
})

it('who asks elsewhere is no neighbour, and names of files tell neither URL nor folder', async () => {
  const { daemon, shared } = machine()
  const [first, second] = [daemon('a'), daemon('b', 'http://127.0.0.1:8000')]
  expect(await first('bybit', 200, 100)).toBe(100)
  expect(await second('bybit', 200, 100)).toBe(100)
  expect(readdirSync(shared)).toHaveLength(2)
  for (const name of readdirSync(shared)) expect(name).toMatch(/^[0-9a-f]{16}-[0-9a-f]{16}$/)
})

it('a folder that cannot be kept is told once, and keeps no request back', async () => {
  const { daemon, errors, shared } = machine()
  writeFileSync(shared, 'a file')
  const ask = daemon('a')
  expect(await ask('bybit', 50, 2000)).toBe(50)
  expect(await ask('bybit', 50, 4000)).toBe(50)
  expect(errors.map(({ code }) => code)).toEqual(['STORE_FAILED'])
})

it('nothing is written through a link that another user has put in the place of the folder', async () => {
  const { daemon, errors, shared } = machine()
  const elsewhere = join(shared, '..', 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, shared)
  expect(await daemon('a')('bybit', 1, 100)).toBe(1)
  expect(readdirSync(elsewhere)).toEqual([])
  expect(errors).toHaveLength(1)
})

it('a file of a daemon that is gone for good is taken away, and one that is being written is none', async () => {
  const { daemon, shared, clock } = machine()
  await daemon('a')('bybit', 1, 100)
  writeFileSync(join(shared, `${readdirSync(shared)[0]}0.new`), '')
  clock.step(2 * 86_400_000)
  expect(await daemon('b')('bybit', 200, 100)).toBe(100)
  expect(readdirSync(shared)).toHaveLength(2)
})
