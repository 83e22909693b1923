import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTruth, type Truth } from '../src/chaos/truth.js'
import { VENUES } from '../src/emulator/emulate.js'
import type { ExchangeAdapter, HistoryFeed, HistoryRequest, Json, PageCover } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import type { MarketData } from '../src/model/event.js'
import type { Instrument } from '../src/model/instrument.js'
import { type Nanos, nanosFromIso, SECOND } from '../src/model/time.js'
import { RateBudget } from '../src/net/rate-limit.js'
import { Cleanup, startTestEmulator } from '../testkit/emulator-client.js'
import { FakeClock, settle } from '../testkit/fake-clock.js'

const PAST_S = 900
/** More than most answers hold. */
const BURST = 2500
const MINUTE = 60n * SECOND
const HOUR = 60n * MINUTE
/** Rates were charged at 08:00, which lies in the past that the markets have. */
const START = nanosFromIso('2026-11-24T08:07:30Z') ?? 0n
/** Exchanges that can be played here and have a past. */
const tested = Object.values(exchanges).filter(
  ({ id, history }) => history && VENUES.some(({ exchange }) => exchange === id),
)
type Kind = Instrument['kind']

/** What is tested of each feed, and which instruments it has. */
const CASES = tested.flatMap((adapter) =>
  (adapter.history ?? []).flatMap((feed) => kindsOf(adapter, feed).map((kind) => ({ adapter, feed, kind }))),
)

function kindsOf({ id, capabilities }: ExchangeAdapter, { channel }: HistoryFeed): readonly Kind[] {
  const of = capabilities.find((each) => each.channel === channel)?.kinds ?? ['spot', 'perpetual']
  const listed: readonly Kind[] = /^(kraken|coinbase|binance)$/.test(id)
    ? ['spot']
    : /^(binance_|bitmex)/.test(id)
      ? ['perpetual']
      : ['spot', 'perpetual']
  return listed.filter((kind) => of.includes(kind))
}

/** Why a case of the suite is not run of a feed. Everything else runs. */
const NOT_RUN: readonly { readonly case: string; readonly feed: RegExp; readonly reason: string }[] = [
  {
    case: 'H4',
    feed: /^(binance_usdm|binance_coinm|bybit|okx) funding/,
    reason: 'what was charged is told by REST alone; H1 compares it with the rate that was announced live',
  },
  { case: 'burst', feed: /^bybit trades/, reason: 'requests give the newest trades alone, and of a burst its end' },
]

const MANNERS = [
  ['capped', 100],
  ['short', undefined],
  ['repeated', undefined],
  ['unsorted', undefined],
  ['nasty', undefined],
] as const

interface Fetched {
  readonly events: readonly MarketData[]
  readonly covers: readonly PageCover[]
  readonly missing: readonly { readonly from: Nanos; readonly until: Nanos }[]
  readonly requests: number
}

/** An emulated exchange with a past, asked within the limits that its adapter declares, on a clock that is moved on instead of waited for. */
async function play(adapter: ExchangeAdapter) {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-past-'))
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'truth.ndjson')
  const clock = new FakeClock(START)
  const emulator = await startTestEmulator(cleanup, {
    exchanges: [adapter.id],
    rate: 2,
    instruments: 2,
    past: PAST_S,
    truth: file,
    clock,
  })
  const base = `http://127.0.0.1:${emulator.port}`
  const { weight, perMs } = adapter.limits.rest
  // What is granted leaves up to a quarter of a second later.
  const budget = new RateBudget({ weight, perMs: perMs + 300 }, clock)
  const ask = async (path: string, cost: number) => {
    let granted = false
    const grant = budget.take(cost, 'live').then(() => {
      granted = true
    })
    for (await settle(); !granted; await settle()) clock.advance(250)
    await grant
    const answer = await fetch(`${base}/${adapter.id}${path}`)
    const body = await answer.text()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${body.slice(0, 200)}`)
    return body
  }
  const fetchAll = async (feed: HistoryFeed, of: HistoryRequest): Promise<Fetched> => {
    const events: MarketData[] = []
    const covers: PageCover[] = []
    const missing: { from: Nanos; until: Nanos }[] = []
    let cursor: Json | undefined
    for (let requests = 1; requests <= 600; requests++) {
      const call = feed.page(of, cursor)
      const page = call.read(await ask(call.path, call.weight))
      events.push(...page.events)
      covers.push(...page.covers)
      missing.push(...(page.missing ?? []))
      if (page.next === undefined) return { events, covers, missing, requests }
      // As it comes from the journal.
      cursor = JSON.parse(JSON.stringify(page.next))
    }
    throw new Error('the pages do not end')
  }
  const order = async (fault: object) => {
    const body = JSON.stringify({ exchange: adapter.id, ...fault })
    const answer = await fetch(`${base}/_emulator/faults`, { method: 'POST', body })
    if (!answer.ok) throw new Error(await answer.text())
  }
  const instruments: Instrument[] = []
  for (const list of adapter.instruments) instruments.push(...list.read(await ask(list.path, list.weight)))
  return {
    clock,
    fetchAll,
    order,
    /** What pages are like from now on. */
    pages: (manner: string, count?: number) =>
      order({ fault: 'pages', ms: 86_400_000, manner, ...(count ? { count } : {}) }),
    instrument(kind: Kind): Instrument {
      const found = instruments.find(
        (each) => each.status === 'trading' && each.kind === kind && each.pair.startsWith('BTC/'),
      )
      if (!found) throw new Error(`no ${kind} trades`)
      return found
    },
    /** What happened: the file is written each second. */
    async truth(pair: string): Promise<Truth> {
      clock.advance(1100)
      const real = (await readTruth(file)).get(`${adapter.id} ${pair}`)
      if (!real) throw new Error('no truth')
      return real
    },
  }
}
type World = Awaited<ReturnType<typeof play>>

/** One for all feeds of an exchange. */
const worlds = new Map<string, Promise<World>>()
const cleanup = new Cleanup()
afterAll(() => cleanup.run())

function worldOf(adapter: ExchangeAdapter): Promise<World> {
  const world = worlds.get(adapter.id) ?? play(adapter)
  worlds.set(adapter.id, world)
  return world
}

const digits = (text: string | undefined) => (text === undefined ? '' : (canonicalDecimal(text) ?? text))

/** An event as text, in every field that both REST and the truth tell. */
function lineOf(event: MarketData): string[] {
  switch (event.kind) {
    case 'trade': {
      const { tradeId, exchangeTime, price, amount, takerSide } = event
      return [`${exchangeTime} ${tradeId} ${digits(price)} ${digits(amount)} ${takerSide}`]
    }
    case 'candle': {
      // The open of some venues is the close before; of a quiet minute some venues tell a candle, others none.
      if (Number(event.volume) === 0) return []
      const { openTime, high, low, close } = event
      return [`${openTime} ${digits(high)} ${digits(low)} ${digits(close)}`]
    }
    case 'funding':
      return [`${event.exchangeTime} ${digits(event.rate)}`]
    case 'open_interest':
      return [`${event.exchangeTime} ${digits(event.amount)}`]
    default:
      return []
  }
}

const linesOf = (events: readonly MarketData[]) => events.flatMap(lineOf).sort()
const timeOf = (line: string): Nanos => BigInt(line.split(' ')[0] ?? '0')
const within = (lines: readonly string[], from: Nanos, until: Nanos) =>
  lines.filter((line) => timeOf(line) >= from && timeOf(line) < until)

function tradesThatHappened({ trades }: Truth): string[] {
  return [...trades.values()].map(
    ({ trade_id, exchange_time, price, amount, taker_side }) =>
      `${exchange_time} ${trade_id} ${digits(price)} ${digits(amount)} ${taker_side}`,
  )
}

/** Of the trades that happened. */
function candlesThatWere({ trades }: Truth): string[] {
  const bars = new Map<Nanos, { high: string; low: string; close: string }>()
  const inOrder = [...trades.values()].sort((a, b) => Number(BigInt(a.exchange_time) - BigInt(b.exchange_time)))
  for (const { exchange_time, price } of inOrder) {
    const open = BigInt(exchange_time) - (BigInt(exchange_time) % MINUTE)
    const bar = bars.get(open) ?? { high: price, low: price, close: price }
    bars.set(open, {
      high: Number(price) > Number(bar.high) ? price : bar.high,
      low: Number(price) < Number(bar.low) ? price : bar.low,
      close: price,
    })
  }
  return [...bars].map(([open, { high, low, close }]) => `${open} ${digits(high)} ${digits(low)} ${digits(close)}`)
}

/** What the exchange said live, for the instants that its past has: the last that was said until then. */
function said(truth: Truth, kind: 'funding' | 'open_interest', step: Nanos, charged: boolean): string[] {
  const lines: string[] = []
  const all = truth.values?.get(kind) ?? []
  const times = all.map(({ exchange_time }) => BigInt(exchange_time))
  for (let at = ((times[0] ?? 0n) / step + 1n) * step; at <= (times.at(-1) ?? 0n); at += step) {
    // A rate is charged as it was announced before.
    const before = all.findLast(({ exchange_time }) => BigInt(exchange_time) < at + (charged ? 0n : 1n))
    lines.push(`${at} ${digits(String(before?.values[kind === 'funding' ? 'rate' : 'amount']))}`)
  }
  return lines
}

/** Lines that only one of both has, a few of them. */
function differences(got: readonly string[], wanted: readonly string[]): string[] {
  const [left, right] = [new Set(got), new Set(wanted)]
  const only = (some: readonly string[], others: ReadonlySet<string>, sign: string) =>
    some.flatMap((line) => (others.has(line) ? [] : [`${sign} ${line}`]))
  return [...only(got, right, 'not wanted:'), ...only(wanted, left, 'lacks:')].slice(0, 6)
}

interface Expected {
  readonly from: Nanos
  readonly until: Nanos
  /** What happened in the window; absent where the truth does not reach so far back: then the steps tell how many there are. */
  readonly lines?: readonly string[]
  readonly step?: Nanos
  /** What happened in that part of the window that the truth reaches. */
  readonly known: readonly string[]
}

/** What a feed has to give: windows lie in the past that the markets have, or reach far beyond it where values follow from the time. */
function expectedOf({ id }: ExchangeAdapter, { channel }: HistoryFeed, truth: Truth): Expected {
  if (channel === 'trades') {
    const lines = tradesThatHappened(truth).sort()
    // Bybit gives its newest 60 trades of spot and no others.
    const from = id === 'bybit' ? timeOf(lines.at(-40) ?? '') + 1n : START - 700n * SECOND
    const until = id === 'bybit' ? timeOf(lines.at(-5) ?? '') + 1n : START - 400n * SECOND
    return { from, until, lines: within(lines, from, until), known: [] }
  }
  if (channel === 'ohlc') {
    const until = START - (START % MINUTE) - 2n * MINUTE
    const from = until - 10n * MINUTE
    return { from, until, lines: within(candlesThatWere(truth).sort(), from, until), known: [] }
  }
  const until = START - MINUTE
  if (channel === 'funding' && id !== 'bitfinex') {
    const known = said(truth, 'funding', 8n * HOUR, true)
    return { from: until - (id === 'okx' ? 80n : 190n) * 24n * HOUR, until, step: 8n * HOUR, known }
  }
  const step = id === 'bitfinex' ? MINUTE : 5n * MINUTE
  const known = within(said(truth, channel === 'funding' ? channel : 'open_interest', step, false), 0n, until)
  return { from: until - 700n * step, until, step, known }
}

function expectWhole(covers: readonly PageCover[], from: Nanos, until: Nanos, why: string): void {
  let at = from
  for (const cover of [...covers].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    expect(cover.from <= at, `${why}: nothing proves ${at} to ${cover.from}`).toBe(true)
    if (cover.until > at) at = cover.until
  }
  expect(at >= until, `${why}: nothing proves ${at} to ${until}`).toBe(true)
}

describe.each(CASES.map((each) => [`${each.adapter.id} ${each.feed.channel} ${each.kind}`, each] as const))(
  'the past of %s',
  (name, { adapter, feed, kind }) => {
    let world: World
    let instrument: Instrument
    let expected: Expected
    let window: string[]
    const request = (from: Nanos, until: Nanos): HistoryRequest => {
      const { symbol, restSymbol = symbol } = instrument
      return { symbol, restSymbol, from, until, ...(feed.channel === 'ohlc' ? { interval: '1m' as const } : {}) }
    }
    const runs = (id: string) => !NOT_RUN.some((each) => each.case === id && each.feed.test(name))
    /** Kraken serves its newest candles only: of a page cut short there is no other. So does Bybit its newest trades. */
    const onePage = feed.channel === 'ohlc' && feed.reach !== undefined
    const newestOnly = adapter.id === 'bybit' && feed.channel === 'trades'

    beforeAll(async () => {
      world = await worldOf(adapter)
      await world.pages('capped', 1_000_000)
      instrument = world.instrument(kind)
      expected = expectedOf(adapter, feed, await world.truth(instrument.pair))
      const { events } = await world.fetchAll(feed, request(expected.from, expected.until))
      window = linesOf(events)
    }, 60_000)

    it('H1 pages joined are what happened: nothing is missing, nothing twice, nothing from outside, and no request is made in vain', async () => {
      const { from, until, lines, step, known } = expected
      await world.pages('capped', 1_000_000)
      const { events, covers, missing, requests } = await world.fetchAll(feed, request(from, until))
      const got = linesOf(events)
      expect(new Set(got).size).toBe(got.length)
      if (lines) {
        expect(lines.length).toBeGreaterThan(feed.channel === 'ohlc' ? 8 : 20)
        expect(differences(got, lines)).toEqual([])
      }
      if (step !== undefined) {
        const times = got.map(timeOf)
        expect(times[0]).toBe(((from + step - 1n) / step) * step)
        for (const [at, time] of times.entries()) expect(time).toBe((times[0] ?? 0n) + BigInt(at) * step)
        expect(until - (times.at(-1) ?? 0n)).toBeLessThanOrEqual(step)
        expect(known.length).toBeGreaterThan(0)
        expect(known.filter((line) => !got.includes(line))).toEqual([])
      }
      expect(missing).toEqual([])
      expectWhole(covers, from, until, name)
      // What is asked at the least, and one more that shows the end; who asks by id looks for the first one.
      const least = Math.ceil(got.length / feed.pageRows)
      expect(requests).toBeLessThanOrEqual(Math.ceil(least * 1.05) + (adapter.id === 'coinbase' ? 32 : 2))
    })

    it('H2 for any cut of the window the union is the same, whatever the pages are like', {
      timeout: 60_000,
    }, async () => {
      const { from, until } = expected
      const instant = timeOf(window[window.length >> 1] ?? '')
      const cuts = [from + (until - from) / 3n + 12_345_678n, instant, instant + 1n]
      for (const [at, [manner, count]] of MANNERS.entries()) {
        if ((onePage || newestOnly) && manner !== 'repeated' && manner !== 'unsorted') continue
        await world.pages(manner, count)
        const of = cuts[at % cuts.length] ?? from
        const cut = feed.channel === 'ohlc' ? of - (of % MINUTE) : of
        const [left, right] = [
          await world.fetchAll(feed, request(from, cut)),
          await world.fetchAll(feed, request(cut, until)),
        ]
        expect(differences(linesOf([...left.events, ...right.events]), window), manner).toEqual([])
        expect([...left.missing, ...right.missing], manner).toEqual([])
        expectWhole(left.covers, from, cut, manner)
        expectWhole(right.covers, cut, until, manner)
      }
    })

    it('H3 whatever a page claims is there, also of pages that are short, capped, repeated or mixed up', {
      timeout: 60_000,
    }, async () => {
      // A part is enough: so short pages are many.
      const from = expected.until - (expected.until - expected.from) / (feed.channel === 'ohlc' ? 1n : 6n)
      const { until } = expected
      for (const [manner, count] of MANNERS) {
        await world.pages(manner, count === undefined ? undefined : 7)
        const { events, covers } = await world.fetchAll(feed, request(from, until))
        const got = new Set(linesOf(events))
        for (const cover of covers) {
          const claimed = within(
            window,
            cover.from > from ? cover.from : from,
            cover.until < until ? cover.until : until,
          )
          expect(claimed.filter((line) => !got.has(line)).slice(0, 5), manner).toEqual([])
        }
      }
    })

    it.runIf(runs('H4'))('H4 what REST tells is what was told live', async () => {
      await world.pages('capped', 1_000_000)
      const { from, until, lines, known } = expectedOf(adapter, feed, await world.truth(instrument.pair))
      const got = linesOf((await world.fetchAll(feed, request(from, until))).events)
      expect((lines ?? known).filter((line) => !got.includes(line))).toEqual([])
    })

    if (feed.channel === 'trades')
      it.runIf(runs('burst'))(
        'thousands of trades in one instant are had, each of them',
        { timeout: 60_000 },
        async () => {
          await world.pages('capped', 1_000_000)
          const from = world.clock.wall()
          await world.order({ fault: 'burst', symbol: instrument.symbol, count: BURST })
          world.clock.advance(20_000)
          const until = world.clock.wall()
          world.clock.advance(5000)
          const lines = within(tradesThatHappened(await world.truth(instrument.pair)).sort(), from, until)
          expect(lines.length).toBeGreaterThan(BURST)
          const { events, covers, missing } = await world.fetchAll(feed, request(from, until))
          expect(differences(linesOf(events), lines)).toEqual([])
          expect(missing).toEqual([])
          expectWhole(covers, from, until, name)
        },
      )
  },
)

it('no feed of no exchange is left out: what is tested of which', () => {
  const ids = ['H1', 'H2', 'H3', 'H4', 'burst']
  const reasons: string[] = []
  const rows = CASES.map(({ adapter, feed, kind }) => {
    const name = `${adapter.id} ${feed.channel} ${kind}`
    const cells = ids.map((id) => {
      const not = NOT_RUN.find((each) => each.case === id && each.feed.test(name))
      if (not) reasons.push(`${name} ${id}: ${not.reason}`)
      return not ? '-' : id === 'burst' && feed.channel !== 'trades' ? ' ' : 'x'
    })
    return `${name.padEnd(40)}${cells.map((cell) => cell.padEnd(6)).join('')}`
  })
  console.log([`${'the past of'.padEnd(40)}${ids.map((id) => id.padEnd(6)).join('')}`, ...rows, ...reasons].join('\n'))
  // Every feed that an adapter declares is played here, and every reason is one of a feed that there is.
  for (const { id, history = [] } of Object.values(exchanges))
    for (const { channel } of history)
      expect(CASES.some(({ adapter, feed }) => adapter.id === id && feed.channel === channel)).toBe(true)
  for (const { feed } of NOT_RUN) expect(rows.some((row) => feed.test(row))).toBe(true)
})
