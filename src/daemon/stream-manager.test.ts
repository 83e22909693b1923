import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../../testkit/fake-clock.js'
import { FakeRunner } from '../../testkit/fake-runner.js'
import { type CollectorConfig, configSchema } from '../config/schema.js'
import type { CatalogEntry } from '../config/validate-against.js'
import type { Capability } from '../model/capability.js'
import { CollectorError } from '../model/error.js'
import { statusJson } from '../service/streams.js'
import { StreamManager } from './stream-manager.js'

const capabilities: Capability[] = [
  { channel: 'trades', proof: 'counter', axis: 'exchange' },
  { channel: 'book', proof: 'chain', axis: 'exchange', depths: [100, 1000] },
  { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: ['1m', '1h'] },
]

const catalog: CatalogEntry[] = [
  { id: 'binance', capabilities, taskPer: 'pair' },
  { id: 'kraken', capabilities, taskPer: 'pair' },
  { id: 'bitfinex', capabilities, taskPer: 'channel' },
]

const job = (exchange: string, pairs: string[], channels: string[], time_step = 60) => ({
  exchange,
  pairs,
  channels,
  time_step,
})

const config = (...stream_jobs: ReturnType<typeof job>[]): CollectorConfig => configSchema.parse({ stream_jobs })

const BTC = 'binance_BTC_USDT_trades_book'
const ETH = 'binance_ETH_USDT_trades_book'
const binance = job('binance', ['BTC/USDT', 'ETH/USDT'], ['trades', 'book'])

let clock: FakeClock
let runner: FakeRunner
let errors: CollectorError[]
let calls: string[]

function manage(of: CollectorConfig, extra: { open?: () => Promise<void>; close?: () => Promise<void> } = {}) {
  return new StreamManager(of, undefined, {
    clock,
    runner,
    sync: {
      start: () => calls.push('sync start'),
      stop: async () => void calls.push('sync stop'),
      configure: () => calls.push('sync configure'),
    },
    catalog,
    onError: (error) => errors.push(error),
    ...extra,
  })
}

beforeEach(() => {
  clock = new FakeClock()
  runner = new FakeRunner()
  errors = []
  calls = []
})

describe('start and stop', () => {
  it('start runs the sync service and one task per (exchange, pair), or per channel where the exchange wants it', async () => {
    const manager = manage(config(binance, job('bitfinex', ['BTC/USD'], ['trades', 'book'])))
    expect(manager.runningKeys()).toEqual([])
    await manager.start()
    expect(manager.runningKeys()).toEqual([BTC, ETH, 'bitfinex_BTC_USD_trades', 'bitfinex_BTC_USD_book'])
    expect(calls).toEqual(['sync start'])
    await manager.start()
    expect(runner.started).toHaveLength(4)
  })

  it('the constructor does nothing by itself', () => {
    manage(config(binance))
    expect(runner.listeners).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('stop ends everything, commits it and lets go of the runner', async () => {
    const manager = manage(config(binance))
    await manager.start()
    await manager.stop()
    expect(runner.active.size).toBe(0)
    expect(runner.flushes).toBe(1)
    expect(runner.listeners).toBe(0)
    expect(manager.runningKeys()).toEqual([])
    expect(calls).toEqual(['sync start', 'sync stop'])
    expect(errors).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('the manager can be started again after a stop (defect: the global stop event was never cleared)', async () => {
    const manager = manage(config(binance))
    await manager.start()
    await manager.stop()
    await manager.start()
    expect(manager.runningKeys()).toEqual([BTC, ETH])
    expect(runner.active.size).toBe(2)
    expect(manager.startOne(job('kraken', [], []), 'BTC/USD', ['trades'])).toBe('kraken_BTC_USD_trades')
    expect(runner.active.size).toBe(3)
  })

  it('stop beats the deadline although a task and the commit hang, and says so', async () => {
    const manager = manage(config(binance))
    runner.endsByItself = false
    runner.flush = () => new Promise(() => {})
    await manager.start()
    let stopped = false
    void manager.stop({ deadlineMs: 1000 }).then(() => {
      stopped = true
    })
    await clock.run(1000)
    expect(stopped).toBe(true)
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('ending the tasks'),
      expect.stringContaining('committing'),
    ])
    expect(manager.status().map(({ state }) => state)).toEqual(['draining', 'draining'])
  })

  it('a stop called right after start wins, also while the files are being opened', async () => {
    let opened = () => {}
    const manager = manage(config(binance), {
      open: () =>
        new Promise((resolve) => {
          opened = resolve
        }),
      close: async () => void calls.push('close'),
    })
    const early = manager.start()
    await manager.stop()
    await early
    const started = manager.start()
    await settle()
    const stopped = manager.stop()
    await stopped
    opened()
    await started
    expect(runner.started).toEqual([])
    expect(calls).toEqual(['sync stop', 'sync stop', 'close'])
  })

  it('a start while stopping waits for the end and then runs; startOne is refused meanwhile', async () => {
    const manager = manage(config(binance))
    await manager.start()
    runner.endsByItself = false
    const stopping = manager.stop()
    expect(() => manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])).toThrow('stopping')
    const again = manager.start()
    await settle()
    expect(runner.started).toHaveLength(2)
    runner.drainAll()
    await stopping
    await again
    expect(runner.started).toHaveLength(4)
    expect(runner.faults).toEqual([])
  })

  it('what opening throws is what start throws, and a later start may succeed', async () => {
    let locked = true
    const manager = manage(config(binance), {
      open: async () => {
        if (locked) throw new CollectorError('DATA_LOCKED', 'process 7 writes here')
      },
    })
    await expect(manager.start()).rejects.toMatchObject({ code: 'DATA_LOCKED' })
    expect(runner.started).toEqual([])
    locked = false
    await manager.start()
    expect(runner.active.size).toBe(2)
  })

  it('a task that the runner refuses does not stop the others', async () => {
    const manager = manage(config(binance))
    runner.refuses.add(BTC)
    await manager.start()
    expect(manager.runningKeys()).toEqual([ETH])
    expect(manager.status()[0]).toMatchObject({ key: BTC, running: false, state: 'failed' })
    expect(errors).toHaveLength(1)
    runner.refuses.clear()
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    expect(manager.runningKeys()).toEqual([ETH, BTC])
  })
})

describe('startOne and stopOne', () => {
  it('startOne is idempotent while the task runs', () => {
    const manager = manage(config(binance))
    expect(manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])).toBe(BTC)
    expect(manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])).toBe(BTC)
    expect(runner.started).toHaveLength(1)
    expect(calls).toEqual([])
  })

  it('the order of channels makes no second task (defect: two threads for one feed)', () => {
    const manager = manage(config())
    expect(manager.startOne(binance, 'BTC/USDT', ['book', 'trades'])).toBe(BTC)
    expect(manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])).toBe(BTC)
    expect(runner.started).toHaveLength(1)
  })

  it('a task carries all of its channels (defect: trades and book dropped the book) and no other (defect: book alone crashed)', () => {
    const manager = manage(config())
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    manager.startOne(job('kraken', [], []), 'BTC/USD', ['book'])
    expect(runner.started.map(({ channels }) => channels)).toEqual([
      [{ channel: 'trades' }, { channel: 'book' }],
      [{ channel: 'book' }],
    ])
  })

  it('candles carry their interval in the key; those of a minute are plain', () => {
    const manager = manage(config())
    expect(manager.startOne(binance, 'BTC/USDT', ['ohlc:1h'])).toBe('binance_BTC_USDT_ohlc:1h')
    expect(manager.startOne(binance, 'BTC/USDT', ['ohlc:1m'])).toBe('binance_BTC_USDT_ohlc')
    expect(manager.startOne(binance, 'BTC/USDT', ['ohlc'])).toBe('binance_BTC_USDT_ohlc')
    expect(runner.started).toHaveLength(2)
  })

  it('startOne throws what is wrong with an order, and starts nothing', () => {
    const manager = manage(config())
    const orders: [string, string, string[]][] = [
      ['binanze', 'BTC/USDT', ['trades']],
      ['binance', 'BTCUSDT', ['trades']],
      ['binance', 'BTC/USDT', ['trade']],
      ['binance', 'BTC/USDT', ['funding']],
      ['binance', 'BTC/USDT', []],
      ['bitfinex', 'BTC/USD', ['trades', 'book']],
    ]
    for (const [exchange, pair, channels] of orders)
      expect(() => manager.startOne(job(exchange, [], []), pair, channels), exchange).toThrow(CollectorError)
    expect(() => manager.startOne({ ...binance, depth: 5000 }, 'BTC/USDT', ['book'])).toThrow('offers 100, 1000')
    expect(runner.started).toEqual([])
    expect(manager.status()).toEqual([])
  })

  it('a task asks for the depth that the job names (defect: a fixed depth that the exchange did not have)', () => {
    const manager = manage(config())
    manager.startOne({ ...binance, depth: 1000 }, 'BTC/USDT', ['trades', 'book'])
    manager.startOne({ ...binance, depth: 100 }, 'BTC/USDT', ['trades', 'book'])
    expect(runner.started[0]?.channels).toEqual([{ channel: 'trades' }, { channel: 'book', depth: 1000 }])
    expect(manager.status()).toHaveLength(2)
  })

  it('two tasks on one feed are refused: they would write one dataset twice', () => {
    const manager = manage(config())
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    expect(() => manager.startOne(binance, 'BTC/USDT', ['trades'])).toThrow('both record trades of BTC/USDT')
    expect(manager.runningKeys()).toEqual([BTC])
    manager.stopOne(BTC)
    expect(manager.startOne(binance, 'BTC/USDT', ['trades'])).toBe('binance_BTC_USDT_trades')
  })

  it('startOne with another time_step restarts the task (defect: it was ignored while the old thread lived)', async () => {
    const manager = manage(config())
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    manager.startOne({ ...binance, time_step: 5 }, 'BTC/USDT', ['trades', 'book'])
    await settle()
    expect([...runner.active.values()].map(({ timeStep }) => timeStep)).toEqual([5])
    expect(runner.faults).toEqual([])
  })

  it('stopOne frees the slot at once and tells whether it stopped something', () => {
    const manager = manage(config(binance))
    runner.endsByItself = false
    expect(manager.stopOne(BTC)).toBe(false)
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    expect(manager.stopOne(BTC)).toBe(true)
    expect(manager.runningKeys()).toEqual([])
    expect(manager.stopOne(BTC)).toBe(false)
    expect(manager.status()[0]).toMatchObject({ key: BTC, state: 'draining', running: false, configured: true })
  })

  it('a restart gets a fresh task that begins when the old one has ended (defect: old and new wrote the same file)', async () => {
    const manager = manage(config())
    runner.endsByItself = false
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    const old = runner.last(BTC)
    manager.stopOne(BTC)
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    await settle()
    expect(manager.runningKeys()).toEqual([BTC])
    expect(runner.started).toHaveLength(1)
    expect(manager.status().map(({ state, running }) => [state, running])).toEqual([
      ['waiting', true],
      ['draining', false],
    ])
    runner.drain(old.instance)
    await settle()
    expect(runner.last(BTC).instance).toBeGreaterThan(old.instance)
    expect(runner.faults).toEqual([])
  })

  it('the end of the old task does not remove the new one, nor do its late reports speak for it (identity guard)', async () => {
    const manager = manage(config())
    runner.endsByItself = false
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    const old = runner.last(BTC)
    runner.report(old, { state: 'live', rows: 7 })
    manager.stopOne(BTC)
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    runner.report(old, { state: 'stopped', rows: 9 })
    expect(manager.status()[0]).toMatchObject({ state: 'waiting', rows: 0, running: true })
    expect(manager.status()[1]).toMatchObject({ state: 'draining', rows: 9, running: false })
    runner.drain(old.instance)
    await settle()
    runner.report(old, { state: 'stopped', rows: 10 })
    expect(manager.runningKeys()).toEqual([BTC])
    expect(manager.status()).toHaveLength(1)
    expect(manager.stopOne(BTC)).toBe(true)
  })

  it('stopped and started many times while nothing drains: one instance begins, the others never do', async () => {
    const manager = manage(config())
    runner.endsByItself = false
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    for (let i = 0; i < 5; i++) {
      expect(manager.stopOne(BTC)).toBe(true)
      manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    }
    runner.drainAll()
    await settle()
    expect(runner.started.map(({ instance }) => instance)).toEqual([1, 6])
    expect(runner.faults).toEqual([])
  })

  it('an old task that hangs delays its successor only for the drain timeout', async () => {
    const manager = manage(config())
    runner.endsByItself = false
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    manager.stopOne(BTC)
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    await clock.run(9_999)
    expect(runner.started).toHaveLength(1)
    await clock.run(1)
    expect(runner.started).toHaveLength(2)
  })

  it('a task that failed is not called running, and startOne tries it again', async () => {
    const manager = manage(config(binance))
    await manager.start()
    const error = { code: 'UNKNOWN_INSTRUMENT' as const, message: 'not listed', remedy: 'spell it' }
    runner.report(runner.last(BTC), { state: 'failed', error })
    expect(manager.runningKeys()).toEqual([ETH])
    expect(manager.status()[0]).toMatchObject({ running: false, state: 'failed', error })
    manager.startOne(binance, 'BTC/USDT', ['trades', 'book'])
    await settle()
    expect(manager.runningKeys()).toEqual([ETH, BTC])
    expect(runner.active.size).toBe(2)
  })
})

describe('status', () => {
  it('lists the tasks of the given config, and marks what runs without an entry (defect: it was not listed)', async () => {
    const manager = manage(config(binance))
    await manager.start()
    manager.startOne(job('kraken', [], []), 'BTC/USD', ['trades'])
    const fresh = config(job('binance', ['BTC/USDT', 'XRP/USDT'], ['trades', 'book']))
    expect(manager.status(fresh).map(({ key, running, configured }) => [key, running, configured])).toEqual([
      [BTC, true, true],
      ['binance_XRP_USDT_trades_book', false, true],
      [ETH, true, false],
      ['kraken_BTC_USD_trades', true, false],
    ])
    expect(manager.status()).toHaveLength(3)
  })

  it('tells what flows, in both forms', async () => {
    const manager = manage(config(binance))
    await manager.start()
    runner.report(runner.last(BTC), {
      state: 'degraded',
      lastFrame: 1_764_000_000_123_456_789n,
      lastEvent: 1_764_000_000_000_000_000n,
      rate: 12.5,
      lagMs: 40,
      lagP99Ms: 90,
      reconnects: 2,
      gaps: 1,
      rows: 900,
    })
    const [row, other] = manager.status()
    expect(row).toMatchObject({ breaks: 1, gaps: undefined })
    expect(row && statusJson(row)).toEqual({
      key: BTC,
      exchange: 'binance',
      pair: 'BTC/USDT',
      channels: ['trades', 'book'],
      time_step: 60,
      running: true,
      state: 'degraded',
      last_frame: '2025-11-24T16:00:00.123456789Z',
      last_event: '2025-11-24T16:00:00.000000000Z',
      rate: 12.5,
      lag_ms: 40,
      lag_p99_ms: 90,
      reconnects: 2,
      gaps: 0,
      rows: 900,
      error: null,
      configured: true,
    })
    expect(other && statusJson(other)).toMatchObject({ state: 'waiting', last_frame: null, lag_ms: null, rate: 0 })
    expect(() => JSON.stringify(manager.status().map(statusJson))).not.toThrow()
  })

  it('a task whose worker fell silent is not shown as live for ever (defect: zombie streams that were "running")', async () => {
    const manager = manage(config(binance))
    await manager.start()
    runner.report(runner.last(BTC), { state: 'live', rate: 50 })
    clock.advance(14_999)
    expect(manager.status()[0]).toMatchObject({ state: 'live', rate: 50 })
    clock.advance(1)
    expect(manager.status()[0]).toMatchObject({ state: 'degraded', rate: 0, error: { code: 'PROCESS_CRASHED' } })
    runner.report(runner.last(BTC), { state: 'live', rate: 3 })
    expect(manager.status()[0]).toMatchObject({ state: 'live', rate: 3, error: undefined })
  })
})

describe('apply', () => {
  it('starts what is new, stops what is gone, restarts what changed and leaves the rest alone', async () => {
    const manager = manage(config(binance, job('kraken', ['BTC/USD'], ['trades'])))
    await manager.start()
    const eth = runner.last(ETH).instance
    const report = await manager.apply(
      config(binance, job('kraken', ['BTC/USD'], ['trades'], 5), job('bitfinex', ['BTC/USD'], ['trades'])),
    )
    expect(report).toEqual({
      started: ['bitfinex_BTC_USD_trades'],
      stopped: [],
      restarted: ['kraken_BTC_USD_trades'],
      unchanged: [BTC, ETH],
      rolledBack: false,
    })
    expect(runner.last(ETH).instance).toBe(eth)
    expect(await manager.apply(config())).toMatchObject({
      stopped: [BTC, ETH, 'kraken_BTC_USD_trades', 'bitfinex_BTC_USD_trades'],
    })
    expect(runner.active.size).toBe(0)
    expect(runner.faults).toEqual([])
  })

  it('after apply a deleted stream writes nothing more', async () => {
    const manager = manage(config(binance))
    await manager.start()
    runner.endsByItself = false
    let report: unknown
    void manager.apply(config(job('binance', ['ETH/USDT'], ['trades', 'book']))).then((done) => {
      report = done
    })
    await settle()
    expect(report).toBeUndefined()
    runner.drainAll()
    await settle()
    expect(report).toMatchObject({ stopped: [BTC] })
    expect([...runner.active.values()].map(({ key }) => key)).toEqual([ETH])
  })

  it('renaming a pair stops the old task and starts the new one', async () => {
    const manager = manage(config(job('binance', ['BTC/USDT'], ['trades'])))
    await manager.start()
    const report = await manager.apply(config(job('binance', ['BTC/USDC'], ['trades'])))
    expect(report).toMatchObject({ started: ['binance_BTC_USDC_trades'], stopped: ['binance_BTC_USDT_trades'] })
    expect(manager.runningKeys()).toEqual(['binance_BTC_USDC_trades'])
  })

  it('adding a channel changes the key; the new task begins when the old one has ended', async () => {
    const manager = manage(config(job('binance', ['BTC/USDT'], ['trades'])))
    await manager.start()
    runner.endsByItself = false
    const applied = manager.apply(config(job('binance', ['BTC/USDT'], ['trades', 'book'])))
    await settle()
    expect(runner.started).toHaveLength(1)
    runner.drainAll()
    await applied
    expect(runner.started).toHaveLength(2)
    expect(runner.faults).toEqual([])
  })

  it('a reload while tasks are connecting does not start them twice', async () => {
    const manager = manage(config(binance))
    const starting = manager.start()
    const applied = manager.apply(config(binance, job('kraken', ['BTC/USD'], ['trades'])))
    await starting
    runner.report(runner.last(BTC), { state: 'connecting' })
    expect(await applied).toMatchObject({ started: ['kraken_BTC_USD_trades'], unchanged: [BTC, ETH] })
    expect(runner.started).toHaveLength(3)
  })

  it('a reload while stopping starts nothing and holds for the next start', async () => {
    const manager = manage(config(binance))
    await manager.start()
    runner.endsByItself = false
    const stopping = manager.stop()
    const applied = manager.apply(config(job('kraken', ['BTC/USD'], ['trades'])))
    await settle()
    runner.drainAll()
    await stopping
    expect(await applied).toMatchObject({ started: [], rolledBack: false })
    expect(runner.active.size).toBe(0)
    await manager.start()
    expect(manager.runningKeys()).toEqual(['kraken_BTC_USD_trades'])
  })

  it('a stop during a reload that waits for a hanging task wins', async () => {
    const manager = manage(config(binance))
    await manager.start()
    runner.endsByItself = false
    const applied = manager.apply(config(job('binance', ['BTC/USDT', 'ETH/USDT'], ['trades'])))
    await settle()
    const stopping = manager.stop({ deadlineMs: 1000 })
    await clock.run(1000)
    await stopping
    expect(await applied).toMatchObject({ rolledBack: false })
    runner.drainAll()
    await clock.run(60_000)
    expect(runner.active.size).toBe(0)
    expect(manager.runningKeys()).toEqual([])
  })

  it('a config that cannot be built changes nothing', async () => {
    const manager = manage(config(binance))
    await manager.start()
    const bad = [
      config(job('nowhere', ['BTC/USDT'], ['trades'])),
      config(binance, { ...binance, time_step: 1 }),
      config(binance, job('binance', ['BTC/USDT'], ['trades'])),
    ]
    for (const each of bad)
      expect(await manager.apply(each)).toMatchObject({
        rolledBack: true,
        unchanged: [BTC, ETH],
        error: { code: 'CONFIG_INVALID' },
      })
    expect(runner.started).toHaveLength(2)
    expect(manager.status()).toHaveLength(2)
    expect(calls).toEqual(['sync start'])
  })

  it('a task that cannot be built rolls everything back, also what was already stopped', async () => {
    const manager = manage(config(binance, job('kraken', ['BTC/USD'], ['trades'])))
    await manager.start()
    runner.refuses.add('bitfinex_BTC_USD_trades')
    const report = await manager.apply(
      config(job('binance', ['BTC/USDT'], ['trades', 'book'], 5), job('bitfinex', ['BTC/USD'], ['trades'])),
    )
    await settle()
    expect(report).toMatchObject({ rolledBack: true, started: [], stopped: [], error: { message: expect.any(String) } })
    expect(manager.runningKeys().sort()).toEqual([BTC, ETH, 'kraken_BTC_USD_trades'])
    expect(manager.status().every(({ timeStep, configured }) => timeStep === 60 && configured)).toBe(true)
    expect([...runner.active.values()].map(({ key }) => key).sort()).toEqual([BTC, ETH, 'kraken_BTC_USD_trades'])
    expect(runner.faults).toEqual([])
  })

  it('what was stopped or started by hand stays so', async () => {
    const manager = manage(config(binance))
    await manager.start()
    manager.stopOne(BTC)
    manager.startOne(job('kraken', [], []), 'BTC/USD', ['trades'])
    const report = await manager.apply(config({ ...binance, time_step: 10 }, job('bitfinex', ['BTC/USD'], ['book'])))
    expect(report).toMatchObject({
      started: ['bitfinex_BTC_USD_book'],
      stopped: [],
      restarted: [ETH],
      unchanged: ['kraken_BTC_USD_trades'],
    })
    expect(manager.runningKeys().sort()).toEqual([ETH, 'bitfinex_BTC_USD_book', 'kraken_BTC_USD_trades'])
  })

  it('reloads come one after the other, in the order asked for', async () => {
    const manager = manage(config())
    await manager.start()
    const first = manager.apply(config(binance))
    const second = manager.apply(config())
    expect(await first).toMatchObject({ started: [BTC, ETH] })
    expect(await second).toMatchObject({ stopped: [BTC, ETH] })
    expect(runner.active.size).toBe(0)
  })
})

describe('any history of commands', () => {
  it('never lets two tasks write one feed, and ends with exactly what is wanted', async () => {
    const pairs = ['BTC/USDT', 'ETH/USDT']
    const jobs = fc.uniqueArray(
      fc.record({
        exchange: fc.constantFrom('binance', 'kraken'),
        pair: fc.constantFrom(...pairs),
        channels: fc.constantFrom(['trades'], ['trades', 'book'], ['book']),
        time_step: fc.constantFrom(5, 60),
      }),
      { selector: ({ exchange, pair }) => `${exchange} ${pair}`, maxLength: 4 },
    )
    type Jobs = { exchange: string; pair: string; channels: readonly string[]; time_step: number }[]
    const configOf = (of: Jobs) =>
      config(...of.map(({ exchange, pair, channels, time_step }) => job(exchange, [pair], [...channels], time_step)))
    const command = fc.oneof(
      fc.record({ do: fc.constant('apply' as const), jobs }),
      fc.record({ do: fc.constant('startOne' as const), jobs }),
      fc.record({ do: fc.constant('stopOne' as const), n: fc.nat(5) }),
      fc.record({ do: fc.constant('drain' as const), n: fc.nat(5) }),
      fc.record({ do: fc.constant('start' as const) }),
      fc.record({ do: fc.constant('stop' as const) }),
      fc.record({ do: fc.constant('settle' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(jobs, fc.array(command, { maxLength: 25 }), async (first, commands) => {
        clock = new FakeClock()
        runner = new FakeRunner()
        runner.endsByItself = false
        const manager = manage(configOf(first))
        const pending: Promise<unknown>[] = []
        for (const step of commands) {
          if (step.do === 'apply') pending.push(manager.apply(configOf(step.jobs)))
          else if (step.do === 'start') pending.push(manager.start().catch(() => {}))
          else if (step.do === 'stop') pending.push(manager.stop({ deadlineMs: 1000 }))
          else if (step.do === 'settle') await settle()
          else if (step.do === 'drain') runner.drain(runner.stopping[step.n] ?? -1)
          else if (step.do === 'stopOne') manager.stopOne(manager.runningKeys()[step.n] ?? 'none')
          else
            for (const { exchange, pair, channels, time_step } of step.jobs)
              try {
                manager.startOne(job(exchange, [], [], time_step), pair, channels)
              } catch (error) {
                expect(error).toMatchObject({ code: expect.stringMatching(/PROCESS_STOPPED|CONFIG_INVALID/) })
              }
        }
        runner.endsByItself = true
        for (let i = 0; i < 50 && (runner.stopping.length > 0 || i < 5); i++) {
          runner.drainAll()
          await settle()
        }
        await Promise.all(pending)
        await settle()
        expect(runner.faults).toEqual([])
        expect([...runner.active.values()].map(({ key }) => key).sort()).toEqual(manager.runningKeys().sort())
        await manager.stop()
        expect(runner.active.size).toBe(0)
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 150 },
    )
  })
})
