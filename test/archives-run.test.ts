import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StagedFile } from '../src/archives/staged-file.js'
import { Deriver } from '../src/capture/deriver.js'
import { Lane } from '../src/capture/lane.js'
import { PageDriver } from '../src/capture/page-driver.js'
import { binance } from '../src/exchanges/binance/binance.js'
import { bitmex } from '../src/exchanges/bitmex/bitmex.js'
import { bybit } from '../src/exchanges/bybit/bybit.js'
import type { ExchangeAdapter } from '../src/exchanges/exchange.js'
import type { ArchiveUse } from '../src/history/archive-files.js'
import type { RunOrder } from '../src/history/order.js'
import { executeRun, planRun, type RunPorts } from '../src/history/run.js'
import { datasetOfTarget, type Target } from '../src/history/target.js'
import { datasetKey } from '../src/model/dataset.js'
import { CollectorError } from '../src/model/error.js'
import { coverage, uncovered } from '../src/model/gaps.js'
import type { Instrument } from '../src/model/instrument.js'
import type { Lost } from '../src/model/ledger.js'
import type { JournalRecord } from '../src/model/record.js'
import { DAY, isoFromNanos, type Nanos, nanosFromIso, SECOND } from '../src/model/time.js'
import { FakeClock } from '../testkit/fake-clock.js'
import { ListSink } from '../testkit/lane-script.js'

const FIRST: Nanos = nanosFromIso('2026-11-22') ?? 0n
const DAYS = 3
const NOW: Nanos = FIRST + BigInt(DAYS) * DAY + 3600n * SECOND

/** What a day's file is like: whole, not there, damaged, ending in an error after some parts, or without the lines from `at` on, `count` of them. */
type Manner = 'whole' | 'absent' | 'damaged' | 'breaks' | { readonly at: number; readonly count: number }

interface TrueTrade {
  readonly id: number
  readonly time: Nanos
}

const priceOf = ({ id }: TrueTrade) => `${1000 + (id % 97)}.5`

/** An exchange in memory: its requests, and lines of its files. */
interface World {
  readonly adapter: ExchangeAdapter
  readonly symbol: string
  readonly restSymbol?: string
  readonly idOf: (trade: TrueTrade) => string
  answer(path: string, trades: readonly TrueTrade[]): string
  line(trade: TrueTrade): string
  readonly header: string
}

const ms = (time: Nanos) => Number(time / 1_000_000n)
const PAGE = 7

const BINANCE: World = {
  adapter: binance,
  symbol: 'BTCUSDT',
  idOf: ({ id }) => String(id),
  header: '',
  line: (trade) => `${trade.id},${priceOf(trade)},1.25,1.0,${ms(trade.time)}000,True,True`,
  answer(path, trades) {
    const query = new URL(path, 'http://host').searchParams
    if (path.startsWith('/api/v3/klines')) {
      const week = FIRST - (FIRST % (7n * DAY)) - 3n * DAY
      const row = [ms(week), '1', '1', '1', '1', '1', ms(week + 7n * DAY) - 1, '1', 1, '1', '1', '0']
      return JSON.stringify(Number(query.get('startTime')) <= ms(week) ? [row] : [])
    }
    if (path.startsWith('/api/v3/aggTrades')) {
      const first = trades.find(({ time }) => ms(time) >= Number(query.get('startTime')))
      return JSON.stringify(first ? [{ a: 1, f: first.id, l: first.id, T: ms(first.time) }] : [])
    }
    const rows = trades
      .filter(({ id }) => id >= Number(query.get('fromId')))
      .slice(0, Math.min(PAGE, Number(query.get('limit'))))
    return JSON.stringify(
      rows.map((each) => ({ id: each.id, price: priceOf(each), qty: '1.25', time: ms(each.time), isBuyerMaker: true })),
    )
  },
}

const BITMEX: World = {
  adapter: bitmex,
  symbol: 'XBTUSD',
  idOf: ({ id }) => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
  header: 'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType',
  line: (trade) =>
    `${isoFromNanos(trade.time).replace('T', 'D').replace('Z', '')},XBTUSD,Sell,100,${priceOf(trade)},PlusTick,${BITMEX.idOf(trade)},1,1,1,Regular`,
  answer(path, trades) {
    const query = new URL(path, 'http://host').searchParams
    const [from, until] = [nanosFromIso(query.get('startTime')) ?? 0n, nanosFromIso(query.get('endTime')) ?? 0n]
    const skip = Number(query.get('start') ?? 0)
    const rows = trades.filter(({ time }) => time >= from && time <= until).slice(skip, skip + 100)
    return JSON.stringify(
      rows.map((each) => ({
        timestamp: `${isoFromNanos(each.time).slice(0, 23)}Z`,
        symbol: 'XBTUSD',
        side: 'Sell',
        size: 100,
        price: Number(priceOf(each)),
        trdMatchID: BITMEX.idOf(each),
      })),
    )
  },
}

/** Contracts of Bybit: requests give the newest trades alone. */
const BYBIT: World = {
  adapter: bybit,
  symbol: 'linear/BTCUSDT',
  restSymbol: 'BTCUSDT',
  idOf: ({ id }) => `0000-${id}`,
  header: 'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional',
  line: (trade) =>
    `${Number(trade.time / 1_000_000n) / 1000},BTCUSDT,Sell,1.25,${priceOf(trade)},PlusTick,${BYBIT.idOf(trade)},1,1,1`,
  answer(_, trades) {
    const list = trades.slice(-5).map((each) => ({
      execId: BYBIT.idOf(each),
      price: priceOf(each),
      size: '1.25',
      side: 'Sell',
      time: String(ms(each.time)),
    }))
    return JSON.stringify({ retCode: 0, retMsg: 'OK', result: { list: list.reverse() } })
  },
}

/** Runs as the history thread does, over pages that are journalled and derived, with a ledger of what they prove. */
function thread(world: World, trades: readonly TrueTrade[], manners: readonly Manner[], known: Lost[] = []) {
  const { adapter, symbol } = world
  const clock = new FakeClock(NOW)
  const sink = new ListSink()
  const records: JournalRecord[] = []
  const writer = {
    lane: 1,
    durable: 0,
    pendingBytes: 0,
    append: (record: JournalRecord) => records.push(record) - 1,
    whenDurable: async () => {},
  }
  const lane: Lane = new Lane(clock, writer, new Deriver(() => adapter, sink), (wish) => driver.obey(wish))
  const counts = { requests: 0, files: 0 }
  const ask = async (_: string, path: string) => {
    counts.requests++
    const body = new TextEncoder().encode(world.answer(path, trades))
    return { status: 200, headers: {}, body, asked: NOW, wall: NOW, mono: 0n }
  }
  const driver = new PageDriver(lane, { adapter: () => adapter, ask, refused() {}, nextConnection: () => 7 })
  const target: Target = { exchange: adapter.id, pair: 'BTC/USDT', channel: 'trades' }
  const dataset = datasetKey(datasetOfTarget(target))
  const of = { exchange: adapter.id, channel: 'trades' as const, dataset }
  const left = new Set<string>()
  const lose: string[] = []

  const stage = (from: Nanos, path: string): StagedFile => {
    counts.files++
    const manner = manners[Number((from - FIRST) / DAY)] ?? 'absent'
    if (manner === 'absent') throw new CollectorError('ARCHIVE_MISSING', 'no such file')
    if (manner === 'damaged') throw new CollectorError('ARCHIVE_DAMAGED', 'wrong checksum')
    const all = trades.filter(({ time }) => time >= from && time < from + DAY).map((each) => world.line(each))
    const hole = typeof manner === 'object' ? manner : { at: all.length, count: 0 }
    const start = Math.floor((all.length * hole.at) / 100)
    const lines = [...all.slice(0, start), ...all.slice(start + hole.count)]
    const parts = Array.from({ length: Math.max(1, Math.ceil(lines.length / 5)) }, (_, n) =>
      lines.slice(n * 5, n * 5 + 5),
    )
    left.add(path)
    return {
      url: path,
      sha256: '0'.repeat(64),
      bytes: 1000,
      parts: parts.length,
      ends: { header: world.header, lines },
      async part(n) {
        if (manner === 'breaks' && n > 0 && n >= parts.length >> 1)
          throw new CollectorError('ARCHIVE_DAMAGED', 'it broke')
        return gzipSync(`${world.header}\n${parts[n]?.join('\n')}`)
      },
      async remove() {
        left.delete(path)
      },
    }
  }
  const instrument: Instrument = {
    exchange: adapter.id,
    symbol,
    ...(world.restSymbol === undefined ? {} : { restSymbol: world.restSymbol }),
    pair: 'BTC/USDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    status: 'trading',
    amountUnit: 'base',
  }
  const ports: RunPorts = {
    adapter: () => adapter,
    instrument: async () => instrument,
    ledger: {
      proven: async () => ({ held: sink.held(dataset), lost: known }),
      gaps: async () =>
        known.map(({ code, detail, ...gap }) => ({
          ...gap,
          code: 'CONNECTION_LOST',
          detail: 'cut',
          lost: { code, detail },
        })),
      rows: async () => 0,
    },
    page: (_, request, cursor, grown, signal) => driver.page(of, request, cursor, grown, 'backfill', signal),
    archives: {
      stage: async (_, __, file) => stage(file.from, file.path),
      length: async () => 1000,
      part: (_, request, cursor, grown, file) => driver.part(of, request, cursor, grown, file),
      async look(of, request, cursor) {
        const call = adapter.history?.find(({ channel }) => channel === of.channel)?.page(request, cursor)
        if (!call) throw new Error('no history')
        return call.read(new TextDecoder().decode((await ask('', call.path)).body))
      },
    },
    lose: (_, lost) => void lose.push(lost.detail),
    commit: async () => {},
    wait: async () => {},
    random: () => 0.5,
    wall: () => clock.wall(),
  }
  const run = async (from: Nanos, archives: ArchiveUse, first: 'oldest' | 'newest' = 'oldest') => {
    return await carryOut({ start: `${from}`, archives, first })
  }
  const orderOf = (more: Partial<RunOrder>): RunOrder => ({
    run: 1,
    kind: 'backfill',
    targets: [target],
    parallel: 1,
    first: 'oldest',
    priority: 'backfill',
    archives: 'auto',
    ...more,
  })
  const carryOut = async (more: Partial<RunOrder>) => {
    const log: string[] = []
    const hooks = { parts() {}, log: (line: string) => void log.push(line) }
    const [part] = await executeRun(orderOf(more), ports, hooks, new AbortController().signal)
    return { part, log }
  }
  const plan = async (more: Partial<RunOrder>) => await planRun(orderOf(more), ports, new AbortController().signal)
  const stored = () => {
    const rows = new Map(sink.rows.trades.map(({ row }) => [row.trade_id, row]))
    return [...rows.values()]
  }
  return { run, plan, carryOut, records, stored, sink, dataset, counts, left, lose }
}

/** Some trades a day, in bursts that share an instant, up to now. */
const trades = fc
  .array(fc.tuple(fc.integer({ min: 0, max: ms(NOW - FIRST) - 60_000 }), fc.integer({ min: 1, max: 3 })), {
    minLength: 12,
    maxLength: 60,
  })
  .map((bursts) =>
    [...bursts]
      .sort(([a], [b]) => a - b)
      .flatMap(([at, count]) => Array<number>(count).fill(at))
      .map((at, index): TrueTrade => ({ id: 5000 + index, time: FIRST + BigInt(at) * 1_000_000n })),
  )

const manner = (holes: boolean): fc.Arbitrary<Manner> =>
  fc.oneof(
    fc.constantFrom('whole' as const, 'absent' as const, 'damaged' as const, 'breaks' as const),
    // At its beginning, at its end, and where ids would show it also in between.
    fc.record({ at: holes ? fc.integer({ min: 0, max: 99 }) : fc.constant(0), count: fc.integer({ min: 1, max: 8 }) }),
  )

it.each([
  ['ids that count', BINANCE, true],
  ['ids that do not', BITMEX, false],
] as const)(
  'trades with %s: whatever files lack, the run ends with every trade once, the ledger without a hole, and nothing left to fetch',
  async (_, world, holes) => {
    await fc.assert(
      fc.asyncProperty(
        trades,
        fc.array(manner(holes), { minLength: DAYS, maxLength: DAYS }),
        fc.integer({ min: 0, max: ms(2n * DAY) }),
        fc.constantFrom('oldest' as const, 'newest' as const),
        async (happened, manners, offset, first) => {
          const from = FIRST + BigInt(offset) * 1_000_000n
          const { run, stored, sink, dataset, counts, left, lose } = thread(world, happened, manners)
          const { part, log } = await run(from, 'auto', first)
          expect(part?.error, log.join('\n')).toBeNull()
          const until = NOW - 5n * SECOND
          const inside = happened.filter(({ time }) => time >= from && time < until)
          const rows = stored().filter(({ exchange_time: at }) => at !== null && at >= from && at < until)
          expect(rows.map(({ trade_id }) => trade_id).sort(), log.join('\n')).toEqual(inside.map(world.idOf).sort())
          const prices = new Map(happened.map((each) => [world.idOf(each), priceOf(each)]))
          for (const { trade_id, price } of rows) expect(Number(price)).toBe(Number(prices.get(trade_id ?? '')))
          expect(uncovered(from, until, coverage(sink.held(dataset))), log.join('\n')).toEqual([])
          expect(left.size).toBe(0)
          expect(lose).toEqual([])
          const before = { ...counts }
          await run(from, 'auto')
          expect(counts).toEqual(before)
        },
      ),
      { numRuns: 60 },
    )
  },
  60_000,
)

it('days of whole files take a request at either end alone, however many trades they hold', async () => {
  const happened = Array.from({ length: 600 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 430n * SECOND }))
  const { run, stored, counts } = thread(BINANCE, happened, ['whole', 'whole', 'whole'])
  const { part } = await run(FIRST, 'auto')
  expect(part?.error).toBeNull()
  expect(stored().filter(({ source }) => source === 'archive').length).toBe(
    happened.filter(({ time }) => time < FIRST + 3n * DAY).length,
  )
  expect(counts.files).toBe(3)
  // What is before the first trade, and what follows the last file.
  expect(counts.requests).toBeLessThanOrEqual(5)
})

it('files alone: nothing is asked of the exchange, and what they lack is told and left', async () => {
  const happened = Array.from({ length: 300 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 860n * SECOND }))
  const { run, counts, sink, dataset } = thread(BINANCE, happened, ['whole', 'damaged', 'whole'])
  const { part, log } = await run(FIRST, 'only')
  expect(part?.error).toMatchObject({ code: 'ARCHIVE_DAMAGED' })
  expect(log.join('\n')).toContain('is not used (ARCHIVE_DAMAGED')
  expect(counts.requests).toBe(0)
  const until = FIRST + 3n * DAY
  const holes = uncovered(FIRST, until, coverage(sink.held(dataset)))
  expect(holes).toHaveLength(1)
  expect(holes[0]?.from).toBe(FIRST + DAY)
})

it('what requests do not reach is taken from files; what no file has yet is left, not lost, and fetched once there is one', async () => {
  const happened = Array.from({ length: 400 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 650n * SECOND }))
  const manners: Manner[] = ['whole', 'whole', 'absent']
  const { run, stored, sink, dataset, counts, lose } = thread(BYBIT, happened, manners)
  const { part, log } = await run(FIRST, 'auto')
  expect(part?.error).toBeNull()
  expect(uncovered(FIRST, FIRST + 2n * DAY, coverage(sink.held(dataset)))).toEqual([])
  expect(log.join('\n')).toContain(`${isoFromNanos(FIRST + 2n * DAY - 1_000_000n)} to`)
  expect(log.join('\n')).toContain('is left: there is no file of it yet')
  expect(lose.filter((detail) => !detail.includes('newest trades only'))).toEqual([])
  manners[2] = 'whole'
  counts.files = 0
  await run(FIRST, 'auto')
  expect(counts.files).toBe(1)
  expect(uncovered(FIRST, FIRST + 3n * DAY, coverage(sink.held(dataset)))).toEqual([])
  const ids = new Set(stored().map(({ trade_id }) => trade_id))
  expect(happened.filter((each) => each.time < FIRST + 3n * DAY && !ids.has(BYBIT.idOf(each)))).toEqual([])
})

it.each(['HISTORY_OUT_OF_REACH', 'HISTORY_INCOMPLETE'] as const)(
  'a gap that the ledger calls lost (%s), because requests do not reach it, is filled from a file when repaired by hand; healing asks no file',
  async (code) => {
    const happened = Array.from({ length: 400 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 650n * SECOND }))
    const gap = { from: FIRST + 3600n * SECOND, until: FIRST + 2n * 3600n * SECOND }
    const lost: Lost = { dataset: 'bybit trades BTC/USDT', ...gap, code, detail: 'too old' }
    const { carryOut, stored, sink, dataset, counts } = thread(BYBIT, happened, ['whole', 'whole', 'whole'], [lost])
    await carryOut({ kind: 'repair', priority: 'heal' })
    expect(counts).toEqual({ requests: 0, files: 0 })
    await carryOut({ kind: 'repair' })
    expect(counts).toEqual({ requests: 0, files: 1 })
    expect(stored().map(({ trade_id }) => trade_id)).toEqual(
      happened.filter(({ time }) => time >= gap.from && time < gap.until).map(BYBIT.idOf),
    )
    expect(uncovered(gap.from, gap.until, coverage(sink.held(dataset)))).toEqual([])
  },
)

it('what was journalled gives the same rows and the same ledger again, without a file and without a network', async () => {
  const happened = Array.from({ length: 300 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 860n * SECOND }))
  const { run, records, sink, dataset } = thread(BINANCE, happened, ['whole', { at: 40, count: 3 }, 'whole'])
  await run(FIRST, 'auto')
  const anew = new ListSink()
  const deriver = new Deriver(() => binance, anew)
  // As from the disk: nothing but bytes and text.
  for (const record of records) deriver.process(structuredClone(record))
  expect(anew.rows.trades.map(({ row }) => row)).toEqual(sink.rows.trades.map(({ row }) => row))
  expect(new Set(anew.rows.trades.map(({ row }) => row.source))).toEqual(new Set(['archive', 'backfill']))
  expect(anew.held(dataset)).toEqual(sink.held(dataset))
})

it('an instrument that was listed late costs one request to find that out: no file of before is tried, in a run and in its plan', async () => {
  const happened = Array.from({ length: 300 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 860n * SECOND }))
  const { carryOut, plan, counts, stored, lose } = thread(BINANCE, happened, ['whole', 'whole', 'whole'])
  const [planned] = await plan({ start: 'origin' })
  expect(counts.requests).toBe(1)
  expect(planned?.warnings.join()).toContain('there is no candle before 2026-11-')
  expect(planned?.archives?.files).toBeLessThan(10)
  const { part, log } = await carryOut({ start: 'origin' })
  expect(part?.error).toBeNull()
  expect(stored()).toHaveLength(300)
  expect(log.join('\n')).toContain('there is no candle before 2026-11-')
  // The week of the first trade, and what looking for it takes.
  expect(counts.files).toBeLessThan(10)
  expect(counts.requests).toBeLessThan(12)
  expect(lose).toEqual([])
})

it('without files the same is asked of the exchange', async () => {
  const happened = Array.from({ length: 50 }, (_, n) => ({ id: 100 + n, time: FIRST + BigInt(n) * 4000n * SECOND }))
  const { run, counts, stored } = thread(BINANCE, happened, ['whole', 'whole', 'whole'])
  await run(FIRST, 'never')
  expect(counts.files).toBe(0)
  expect(new Set(stored().map(({ source }) => source))).toEqual(new Set(['backfill']))
})
