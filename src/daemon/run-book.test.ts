import { expect, it } from 'vitest'
import { FakeClock, settle } from '../../testkit/fake-clock.js'
import type { PartProgress, RunOrder } from '../history/order.js'
import { CollectorError } from '../model/error.js'
import type { StoredRun } from '../store/catalog.js'
import type { RunHooks } from './history-client.js'
import type { HistoryRequest } from './jobs.js'
import type { LiveRun } from './live-run.js'
import { RunBook } from './run-book.js'

const REQUEST: HistoryRequest = { kind: 'backfill', exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades'] }
const TARGET = { exchange: 'kraken', pair: 'BTC/USD', channel: 'trades' } as const
const DAY_MS = 86_400_000

const PART: PartProgress = {
  dataset: 'kraken trades BTC/USD',
  from: '0',
  until: '10',
  wantedSeconds: 10,
  doneSeconds: 4,
  rows: 400,
  requests: 2,
  bytes: 9000,
  lost: [],
  error: null,
}
const DONE: PartProgress = { ...PART, doneSeconds: 10, rows: 1000, requests: 5 }

/** A run as the history thread was given it, until the test ends it. */
interface Given {
  readonly order: RunOrder
  readonly hooks: RunHooks
  done(parts?: readonly PartProgress[]): Promise<void>
  fail(error: Error): Promise<void>
}

/** A book over a catalog in memory and a history thread whose runs the test ends. `catalog`: what an earlier process left. */
function make({ catalog = [] as readonly StoredRun[] } = {}) {
  const clock = new FakeClock()
  const kept = new Map(catalog.map((run) => [run.id, run]))
  const given: Given[] = []
  const over: LiveRun[] = []
  const errors: CollectorError[] = []
  const calls: string[] = []
  /** What the next calls of this name do instead. */
  const instead = new Map<string, () => Promise<void>>()
  const called = async (name: string) => {
    calls.push(name)
    await instead.get(name)?.()
  }
  let ids = Math.max(0, ...kept.keys())
  const book = new RunBook(
    {
      clock,
      history: async () => ({
        run: (order: RunOrder, hooks: RunHooks) =>
          new Promise<readonly PartProgress[]>((resolve, reject) => {
            given.push({
              order,
              hooks,
              done: async (parts = [DONE]) => {
                resolve(parts)
                await settle()
              },
              fail: async (error) => {
                reject(error)
                await settle()
              },
            })
          }),
        // As the thread does it: the run ends at its next page.
        cancel: (run: number) =>
          void given
            .findLast(({ order }) => order.run === run)
            ?.fail(new CollectorError('PROCESS_STOPPED', 'cancelled')),
      }),
      store: async () => ({
        newRun: async () => {
          await called('newRun')
          return ++ids
        },
        saveRun: async (run) => {
          await called('saveRun')
          kept.set(run.id, run)
        },
        forgetRuns: async (before, states) => {
          for (const { id, state, ended } of [...kept.values()])
            if (states.includes(state) && ended !== null && ended < before) kept.delete(id)
        },
        publish: () => called('publish'),
      }),
      savedRuns: async ({ job, state, before = Number.POSITIVE_INFINITY, limit }) => {
        const found = [...kept.values()]
          .filter((run) => (job ?? run.job) === run.job && (state ?? run.state) === run.state && run.id < before)
          .sort((a, b) => b.id - a.id)
          .slice(0, limit)
        await instead.get('savedRuns')?.()
        return found
      },
      commit: () => called('commit'),
      onError: (error) => errors.push(error),
    },
    (run) => over.push(run),
  )
  const orderOf =
    (priority: RunOrder['priority']) =>
    (run: number): RunOrder => ({
      run,
      kind: 'backfill',
      targets: [TARGET],
      parallel: 4,
      first: 'oldest',
      archives: 'auto',
      priority,
    })
  return {
    clock,
    kept,
    given,
    over,
    errors,
    calls,
    instead,
    book,
    add: async (job: string | null = null, trigger: 'manual' | 'gap' = 'manual') => {
      const order = orderOf(trigger === 'gap' ? 'heal' : 'backfill')
      const run = await book.add({ job, request: REQUEST, trigger }, order, trigger === 'gap')
      await settle()
      return run.id
    },
    state: async (id: number) => (await book.run(id))?.state,
  }
}

const failing = async () => {
  throw new CollectorError('STORE_FAILED', 'the disk is full')
}

it('a run that went well keeps what it did, its log too: what a daemon fetched can be looked up after it ended', async () => {
  const { book, add, given, kept, over, calls, clock } = make()
  const id = await add('job of trades')
  given[0]?.hooks.onLog('a page came')
  clock.advance(2000)
  await given[0]?.done()
  expect(over.map((run) => [run.id, run.state])).toEqual([[id, 'succeeded']])
  // What live streams received is in the ledger before it is asked what is missing; what came is visible before the run is called done.
  expect(calls.filter((name) => name !== 'saveRun')).toEqual(['newRun', 'commit', 'publish'])
  expect(kept.get(id)).toMatchObject({ job: 'job of trades', state: 'succeeded' })
  // From the catalog alone: nothing of it is left in memory.
  const run = await book.run(id)
  expect(run).toMatchObject({ state: 'succeeded', rows: 1000, requests: 5, progress: 1, request: REQUEST, error: null })
  expect(run?.log.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'backfill of kraken BTC/USD trades',
    'a page came',
    'succeeded',
  ])
  expect(book.ofJob('job of trades')).toBeUndefined()
})

it('two runs go on at a time and the others wait in their order, so that an eager user does not load every exchange at once', async () => {
  const { add, given, state } = make()
  const ids = [await add(), await add(), await add(), await add()]
  expect(given.map(({ order }) => order.run)).toEqual(ids.slice(0, 2))
  expect(await Promise.all(ids.map(state))).toEqual(['running', 'running', 'queued', 'queued'])
  await given[1]?.done()
  expect(given.map(({ order }) => order.run)).toEqual(ids.slice(0, 3))
  // A run that fails makes room too.
  await given[0]?.fail(new CollectorError('CONNECT_FAILED', 'no answer'))
  expect(given.map(({ order }) => order.run)).toEqual(ids)
})

it('a gap of a live stream is healed at once, behind no long backfill: what the exchange serves for minutes only would be lost', async () => {
  const { add, given, calls } = make()
  await add()
  await add()
  const id = await add(null, 'gap')
  expect(given.at(-1)?.order.run).toBe(id)
  await given.at(-1)?.done()
  // Publishing everything for each small gap would rewrite files all the time.
  expect(calls).not.toContain('publish')
  // Nor does it take the place of one that waits.
  const waiting = await add()
  expect(given.map(({ order }) => order.run)).not.toContain(waiting)
})

it('progress is saved as it goes, so that a killed process leaves how far it came', async () => {
  const { add, given, kept, clock } = make()
  const id = await add()
  given[0]?.hooks.onParts([PART])
  await clock.run(5000)
  expect(JSON.parse(kept.get(id)?.body ?? '')).toMatchObject({ state: 'running', rows: 400, progress: 0.4 })
  await given[0]?.done()
  const before = kept.get(id)
  await clock.run(60_000)
  // A late save would call a finished run running.
  expect(kept.get(id)).toBe(before)
  expect(clock.pending).toBe(0)
})

it('cancelling ends a waiting run without a request and one under way at its page; both stay to be looked at', async () => {
  const { book, add, given, kept, errors } = make()
  const ids = [await add(), await add(), await add('waits'), await add()]
  expect(await book.cancel(ids[2] ?? 0)).toBe(true)
  given[0]?.hooks.onParts([PART])
  expect(await book.cancel(ids[0] ?? 0)).toBe(true)
  await settle()
  expect(given.map(({ order }) => order.run)).toEqual([ids[0], ids[1], ids[3]])
  expect(kept.get(ids[2] ?? 0)).toMatchObject({ state: 'cancelled' })
  expect(await book.run(ids[0] ?? 0)).toMatchObject({ state: 'cancelled', error: null, rows: 400, progress: 0.4 })
  // What is over, or never was, cannot be cancelled.
  expect(await book.cancel(ids[2] ?? 0)).toBe(false)
  expect(await book.cancel(99)).toBe(false)
  expect(errors).toEqual([])
})

it('a run that is cancelled while what streams received is made safe asks for nothing', async () => {
  const { book, add, given, instead, state } = make()
  let committed = () => {}
  instead.set('commit', () => new Promise((resolve) => (committed = resolve)))
  const id = await add()
  await book.cancel(id)
  committed()
  await settle()
  expect(given).toHaveLength(0)
  expect(await state(id)).toBe('cancelled')
})

it('a history thread that dies is no end of a run: the next one goes on with what is missing, three times at most', async () => {
  const { book, add, given, state } = make()
  const died = () => new CollectorError('PROCESS_CRASHED', 'the history thread died')
  const id = await add()
  await given[0]?.fail(died())
  expect(await state(id)).toBe('running')
  expect(given).toHaveLength(2)
  await given[1]?.fail(died())
  await given[2]?.fail(died())
  expect(given).toHaveLength(3)
  expect(await book.run(id)).toMatchObject({ state: 'failed', error: { code: 'PROCESS_CRASHED' } })
  // One that was cancelled meanwhile does not begin again.
  const other = await add()
  const run = given[3]
  await run?.fail(died())
  await book.cancel(other)
  await settle()
  expect(given).toHaveLength(5)
  expect(await state(other)).toBe('cancelled')
})

it('a run of which a dataset failed has failed, and says which and what helps', async () => {
  const { book, add, given } = make()
  const id = await add()
  const error = { code: 'UNKNOWN_INSTRUMENT', message: 'there is no BTC/USD', remedy: 'Look at the list.' }
  await given[0]?.done([DONE, { ...PART, error }])
  expect(await book.run(id)).toMatchObject({
    state: 'failed',
    rows: 1400,
    error: {
      code: 'UNKNOWN_INSTRUMENT',
      message: 'kraken trades BTC/USD: there is no BTC/USD',
      remedy: 'Look at the list.',
    },
  })
})

it('what a dead process left running or waiting is stale after a restart, never running, and keeps what it did', async () => {
  const first = make()
  const ids = [await first.add('job'), await first.add(), await first.add()]
  first.given[0]?.hooks.onParts([PART])
  await first.clock.run(5000)
  const foreign = { id: 50, job: null, state: 'running', ended: null, body: '{"from":"another version"}' }
  const { book, kept, add } = make({ catalog: [...first.kept.values(), foreign] })
  await book.open(90)
  expect((await book.runs({ state: 'running' })).length + (await book.runs({ state: 'queued' })).length).toBe(0)
  for (const id of ids) expect(await book.run(id)).toMatchObject({ state: 'stale', etaSeconds: null, rate: 0 })
  const stale = await book.run(ids[0] ?? 0)
  expect(stale).toMatchObject({ job: 'job', rows: 400, progress: 0.4 })
  expect(stale?.ended).not.toBeNull()
  // Of another form: it cannot be shown, and is over all the same.
  expect(kept.get(50)?.state).toBe('stale')
  expect((await book.runs()).map(({ id }) => id)).toEqual([...ids].reverse())
  // Numbers go on: a run of before is not written over.
  expect(await add()).toBe(51)
})

it('finished runs are forgotten after their time, failed ones too, while the daemon runs: a list that only grows fills the catalog', async () => {
  const { book, add, given, kept, clock } = make()
  await book.open(90)
  const old = await add('a')
  await given[0]?.done()
  const failed = await add('b')
  await given[1]?.fail(new CollectorError('CONNECT_FAILED', 'no answer'))
  const long = await add()
  clock.step(60 * DAY_MS)
  const young = await add()
  await given[3]?.done()
  expect([...kept.keys()]).toEqual([old, failed, long, young])
  clock.step(31 * DAY_MS)
  const last = await add()
  await given[4]?.done()
  await settle()
  // One that has been running since then is not over.
  expect([...kept.keys()]).toEqual([long, young, last])
  const forever = make({ catalog: [...kept.values()] })
  forever.clock.step(1000 * DAY_MS)
  await forever.book.open(0)
  expect(forever.kept.size).toBe(3)
})

it('a run that cannot be written down is refused whole: it does not stand in the way of the next run of its job, nor of a stop', async () => {
  const { book, add, given, instead } = make()
  instead.set('saveRun', failing)
  await expect(add('job')).rejects.toThrow('the disk is full')
  expect(book.ofJob('job')).toBeUndefined()
  instead.clear()
  await add('job')
  expect(given).toHaveLength(1)
  await given[0]?.done()
  await book.end()
})

it('a save that fails later is told and does not end the run; without its last save it is not called running', async () => {
  const { book, add, given, instead, errors, over, clock } = make()
  const id = await add('job')
  instead.set('saveRun', failing)
  await clock.run(5000)
  expect(errors.map(({ code }) => code)).toEqual(['STORE_FAILED'])
  await given[0]?.done()
  expect(errors).toHaveLength(2)
  // The scheduler learns how it ended all the same.
  expect(over.map(({ state }) => state)).toEqual(['succeeded'])
  expect(book.ofJob('job')).toBeUndefined()
  expect((await book.runs()).map((run) => [run.id, run.state])).toEqual([[id, 'stale']])
  expect(await book.run(id)).toMatchObject({ state: 'stale' })
})

it('a stop ends what runs and what waits, and waits until it is written down', async () => {
  const { book, add, kept, calls } = make()
  for (let runs = 0; runs < 4; runs++) await add()
  await book.end()
  expect([...kept.values()].map(({ state }) => state)).toEqual(Array(4).fill('cancelled'))
  // The stop publishes by itself, once.
  expect(calls).not.toContain('publish')
  await expect(add()).rejects.toMatchObject({ code: 'PROCESS_STOPPED' })
})

it('a run that is asked for in the very moment of a stop does not begin after it, when the store is closed', async () => {
  const { book, add, given, instead, kept } = make()
  let numbered = () => {}
  instead.set('newRun', () => new Promise((resolve) => (numbered = resolve)))
  const asked = add()
  await settle()
  await book.end()
  numbered()
  await expect(asked).rejects.toMatchObject({ code: 'PROCESS_STOPPED' })
  await settle()
  expect(given).toHaveLength(0)
  expect(kept.size).toBe(0)
})

it('a stop that comes while a run is written down ends it before it has begun', async () => {
  const { book, add, instead, kept, calls } = make()
  let written = () => {}
  instead.set('saveRun', () => new Promise((resolve) => (written = resolve)))
  const asked = add()
  await settle()
  const ended = book.end()
  instead.clear()
  written()
  await ended
  const id = await asked
  expect(kept.get(id)).toMatchObject({ state: 'cancelled' })
  expect(calls).not.toContain('commit')
})

it('more runs than anybody waits for are refused, not kept in memory without end', async () => {
  const { book, add } = make()
  for (let runs = 0; runs < 10_002; runs++) await add()
  await expect(add()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  await book.cancel(5000)
  await add()
})

it('a list tells of runs under way what they are now, not what was saved of them, and of each page of it no more than asked', async () => {
  const { book, add, given } = make()
  const ids = [await add('a'), await add('b'), await add('a')]
  given[0]?.hooks.onParts([PART])
  expect(await book.runs({ job: 'a' })).toMatchObject([{ id: ids[2] }, { id: ids[0], rows: 400 }])
  expect((await book.runs({ limit: 1 })).map(({ id }) => id)).toEqual([ids[2]])
  expect((await book.runs({ limit: 5, before: ids[1] ?? 0 })).map(({ id }) => id)).toEqual([ids[0]])
  const [shown] = await book.runs({ limit: 1, before: ids[1] ?? 0 })
  expect(shown).not.toHaveProperty('log')
  expect(await book.run(77)).toBeUndefined()
})

it('a run that ends while the list is read is told as it ended, not as one that nobody runs', async () => {
  const { book, add, given, instead } = make()
  const id = await add()
  let read = () => {}
  instead.set('savedRuns', () => new Promise((resolve) => (read = resolve)))
  const listed = book.runs()
  await given[0]?.done()
  read()
  expect(await listed).toMatchObject([{ id, state: 'succeeded' }])
})
