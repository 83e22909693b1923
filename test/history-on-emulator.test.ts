import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readTruth, type Truth } from '../src/chaos/truth.js'
import { VENUES } from '../src/emulator/emulate.js'
import type { ExchangeAdapter, HistoryFeed, HistoryRequest, Json, PageCover } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { systemClock } from '../src/lib/clock.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import type { MarketData } from '../src/model/event.js'
import type { Instrument } from '../src/model/instrument.js'
import { type Nanos, SECOND } from '../src/model/time.js'
import { RateBudget } from '../src/net/rate-limit.js'
import { Cleanup, startTestEmulator, waitFor } from '../testkit/emulator-client.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const PAST_S = 900
const MINUTE = 60n * SECOND
/** Whether an exchange can be played here and has a past. */
const tested = Object.values(exchanges).filter(
  ({ id, history }) => history && VENUES.some(({ exchange }) => exchange === id),
)

interface Fetched {
  readonly events: readonly MarketData[]
  readonly covers: readonly PageCover[]
  readonly missing: number
}

/** An emulated exchange with a past, asked within the limits that its adapter declares. */
async function play(adapter: ExchangeAdapter) {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-past-'))
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'truth.ndjson')
  const emulator = await startTestEmulator(cleanup, {
    exchanges: [adapter.id],
    rate: 2,
    instruments: 2,
    past: PAST_S,
    truth: file,
  })
  const base = `http://127.0.0.1:${emulator.port}`
  const budget = new RateBudget(adapter.limits.rest, systemClock())
  const ask = async (path: string, weight: number) => {
    await budget.take(weight, 'live')
    const answer = await fetch(`${base}/${adapter.id}${path}`)
    const body = await answer.text()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${body.slice(0, 200)}`)
    return body
  }
  const [list] = adapter.instruments
  if (!list) throw new Error('no list of instruments')
  const instruments = list.read(await ask(list.path, list.weight))
  const instrument = instruments.find(({ status, pair }) => status === 'trading' && pair.startsWith('BTC/'))
  if (!instrument) throw new Error('no instrument trades')

  const fetchAll = async (feed: HistoryFeed, of: HistoryRequest): Promise<Fetched> => {
    const events: MarketData[] = []
    const covers: PageCover[] = []
    let missing = 0
    let cursor: Json | undefined
    for (let pages = 0; pages < 300; pages++) {
      const call = feed.page(of, cursor)
      const page = call.read(await ask(call.path, call.weight))
      events.push(...page.events)
      covers.push(...page.covers)
      missing += page.missing?.length ?? 0
      if (page.next === undefined) return { events, covers, missing }
      cursor = page.next
    }
    throw new Error('the pages do not end')
  }
  const fault = async (manner: string, count?: number) => {
    const body = { fault: 'pages', exchange: adapter.id, ms: 60_000, manner, ...(count ? { count } : {}) }
    const answer = await fetch(`${base}/_emulator/faults`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
  }
  const started = BigInt(Date.now()) * 1_000_000n
  // What happened is written about once a second.
  const told = async () => {
    const real = (await readTruth(file)).get(`${adapter.id} ${instrument.pair}`)
    const times = [...(real?.trades.values() ?? [])].map(({ exchange_time }) => BigInt(exchange_time))
    return times.some((time) => time > started - MINUTE) ? real : undefined
  }
  await waitFor(async () => (await told()) !== undefined)
  const truth = await told()
  if (!truth) throw new Error('no truth')
  return { instrument, fetchAll, fault, truth, started }
}

function requestOf({ symbol, restSymbol = symbol }: Instrument, from: Nanos, until: Nanos): HistoryRequest {
  return { symbol, restSymbol, from, until }
}

/** A trade as text: what REST says must be what happened, in every field. */
function tradeLines(events: readonly MarketData[]): string[] {
  return events.flatMap((event) => {
    if (event.kind !== 'trade') return []
    const { tradeId, exchangeTime, price, amount, takerSide } = event
    return [`${tradeId} ${exchangeTime} ${canonicalDecimal(price)} ${canonicalDecimal(amount)} ${takerSide}`]
  })
}

function trueLines(truth: Truth, from: Nanos, until: Nanos): string[] {
  return [...truth.trades.values()].flatMap(({ trade_id, exchange_time, price, amount, taker_side }) => {
    const time = BigInt(exchange_time)
    if (time < from || time >= until) return []
    return [`${trade_id} ${exchange_time} ${canonicalDecimal(price)} ${canonicalDecimal(amount)} ${taker_side}`]
  })
}

function expectWhole(covers: readonly PageCover[], from: Nanos, until: Nanos): void {
  let at = from
  for (const cover of [...covers].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    expect(cover.from <= at, `nothing proves ${at} to ${cover.from}`).toBe(true)
    if (cover.until > at) at = cover.until
  }
  expect(at >= until, `nothing proves ${at} to ${until}`).toBe(true)
}

describe.each(tested.map((adapter) => [adapter.id, adapter] as const))('the past of %s', (_id, adapter) => {
  const trades = adapter.history?.find(({ channel }) => channel === 'trades')
  const candles = adapter.history?.find(({ channel }) => channel === 'ohlc')
  const { reach } = trades ?? {}
  const together = /^aggregate/.test(adapter.capabilities.find(({ channel }) => channel === 'trades')?.note ?? '')
  const deep = trades && (!reach || ('ms' in reach && reach.ms > PAST_S * 1000))

  it.skipIf(!deep)(
    'H1 H2 H4 trades joined from pages are what happened, for a window and for any cut of it; short, repeated and unsorted pages too',
    { timeout: 90_000 },
    async () => {
      if (!trades) return
      const { instrument, fetchAll, fault, truth, started } = await play(adapter)
      const [from, until] = [started - 700n * SECOND, started - 400n * SECOND]
      const expected = trueLines(truth, from, until).sort()
      expect(expected.length).toBeGreaterThan(20)
      const all = await fetchAll(trades, requestOf(instrument, from, until))
      expect(tradeLines(all.events).sort()).toEqual(expected)
      expect(all.missing).toBe(0)
      expectWhole(all.covers, from, until)
      for (const [manner, count] of [
        ['capped', 100],
        ['repeated', undefined],
        ['unsorted', undefined],
      ] as const) {
        await fault(manner, count)
        const cut = from + (until - from) / 3n + 12_345_678n
        const [left, right] = [
          await fetchAll(trades, requestOf(instrument, from, cut)),
          await fetchAll(trades, requestOf(instrument, cut, until)),
        ]
        expect([...tradeLines(left.events), ...tradeLines(right.events)].sort(), manner).toEqual(expected)
        expectWhole(left.covers, from, cut)
        expectWhole(right.covers, cut, until)
        // H3: whatever is claimed is there.
        for (const cover of [...left.covers, ...right.covers]) {
          const claimed = trueLines(
            truth,
            cover.from > from ? cover.from : from,
            cover.until < until ? cover.until : until,
          )
          const got = new Set(tradeLines([...left.events, ...right.events]))
          expect(
            claimed.filter((line) => !got.has(line)),
            manner,
          ).toEqual([])
        }
      }
    },
  )

  it.skipIf(!candles)(
    'H1 C1 candles joined from pages are those of the trades that happened, whatever the pages are like',
    { timeout: 90_000 },
    async () => {
      if (!candles) return
      const { instrument, fetchAll, fault, truth, started } = await play(adapter)
      const until = started - (started % MINUTE) - 2n * MINUTE
      const from = until - 10n * MINUTE
      const bars = new Map<bigint, { first: string; last: string; high: number; low: number; trades: number }>()
      const inOrder = [...truth.trades.values()].sort((a, b) =>
        Number(BigInt(a.exchange_time) - BigInt(b.exchange_time)),
      )
      for (const { exchange_time, price } of inOrder) {
        const open = BigInt(exchange_time) - (BigInt(exchange_time) % MINUTE)
        const bar = bars.get(open)
        const value = Number(price)
        if (!bar) bars.set(open, { first: price, last: price, high: value, low: value, trades: 1 })
        else {
          bar.last = price
          bar.high = Math.max(bar.high, value)
          bar.low = Math.min(bar.low, value)
          bar.trades++
        }
      }
      for (const manner of ['none', 'capped', 'repeated', 'unsorted'] as const) {
        if (manner !== 'none') await fault(manner, manner === 'capped' ? 4 : undefined)
        const got = await fetchAll(candles, { ...requestOf(instrument, from, until), interval: '1m' })
        const opens: bigint[] = []
        for (const event of got.events) {
          if (event.kind !== 'candle') continue
          opens.push(event.openTime)
          const bar = bars.get(event.openTime)
          if (Number(event.volume) === 0) continue
          expect(bar, `${manner} ${event.openTime}`).toBeDefined()
          expect([Number(event.close), Number(event.high), Number(event.low)]).toEqual([
            Number(bar?.last),
            bar?.high,
            bar?.low,
          ])
          // A candle counts single trades, the truth those that the exchange tells: of some exchanges several together.
          if (event.trades !== undefined && !together) expect(event.trades).toBe(bar?.trades)
        }
        // Pages that fall are each in order, the newest page first.
        const told = candles.order === 'falling' ? [...opens].sort((a, b) => (a < b ? -1 : 1)) : opens
        expect(told, manner).toEqual([...new Set(opens)].sort((a, b) => (a < b ? -1 : 1)))
        // Kraken serves its newest candles only: of a page cut short there is no other.
        const cut = manner === 'capped' && candles.reach !== undefined
        for (const open of bars.keys()) if (!cut && open >= from && open < until) expect(opens, manner).toContain(open)
        expect(
          opens.every((open) => open >= from && open < until),
          manner,
        ).toBe(true)
        if (!cut) expectWhole(got.covers, from, until)
      }
    },
  )
})
