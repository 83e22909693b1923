import { expect, it } from 'vitest'
import { coins } from '../src/emulator/coins.js'
import { VENUES } from '../src/emulator/emulate.js'
import { Market } from '../src/emulator/market.js'
import { noTruth } from '../src/emulator/truth.js'
import type { VenueKind } from '../src/emulator/venue.js'
import type { ExchangeAdapter, HistoryFeed, Json } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { type Nanos, nanosFromIso, SECOND } from '../src/model/time.js'
import { FakeClock } from '../testkit/fake-clock.js'

const MINUTE = 60n * SECOND
const DAY = 24n * 60n * MINUTE
const END = nanosFromIso('2026-11-24T08:07:30Z') ?? 0n
/** How long the markets have been there, and how often something happens: there is a trade in nearly each minute. */
const PAST = DAY
const RATE = 0.3

/** Rows of an answer and the range that is asked for, so that there are a hundred pages and more. Small answers are the stricter ones: a row that each page repeats is a larger part of it. */
function pagesOf(id: string, channel: string): { readonly rows: number; readonly back: Nanos } {
  // Binance serves trades of contracts for a day.
  if (channel === 'trades') return { rows: 40, back: PAST - 30n * MINUTE }
  if (channel === 'ohlc') return { rows: 10, back: PAST - 30n * MINUTE }
  // One row a minute; elsewhere there are three rates a day, and an open interest each five minutes.
  if (id === 'bitfinex') return { rows: 40, back: 5n * DAY }
  return channel === 'funding' ? { rows: 5, back: 180n * DAY } : { rows: 40, back: 25n * DAY }
}

/** Requests that find the first page, once for a stretch however long it is: Coinbase's ids are looked for by halving. */
const SEARCH: Readonly<Record<string, number>> = { 'coinbase trades': 30 }
/** Feeds that have one answer alone; and one that asks twice where an answer is shorter than its limit: its pages are full in the test below. */
const OTHERS = /^(kraken ohlc|bybit trades|bitfinex trades)$/

const CASES = Object.values(exchanges).flatMap((adapter) => {
  const kind = VENUES.find(({ exchange }) => exchange === adapter.id)
  return (adapter.history ?? []).flatMap((feed) =>
    kind && !OTHERS.test(`${adapter.id} ${feed.channel}`) ? [{ adapter, feed, kind }] : [],
  )
})

type Ask = (call: { readonly path: string; readonly weight: number }) => string

/** A venue in this process, of which nothing happens any more: its past alone is asked for. */
function play(kind: VenueKind, { limits }: ExchangeAdapter, mostRows: () => number): Ask {
  let now = END - PAST
  const market = new Market(kind.instruments(coins(1)), {
    seed: kind.exchange,
    rate: RATE,
    stepNs: kind.stepNs,
    start: now,
    kept: Number.POSITIVE_INFINITY,
  })
  const venue = kind.open({
    market,
    seed: kind.exchange,
    truth: noTruth,
    clock: new FakeClock(END),
    now: () => now,
    rejects: () => false,
    page: (rows) => rows.slice(0, mostRows()),
  })
  for (; now < END; now += MINUTE) {
    market.advance(now, (turn) => venue.happened(turn))
    venue.tick(now)
  }
  return ({ path, weight }) => {
    // As fast as its limits let us.
    now += (BigInt(weight) * BigInt(limits.rest.perMs) * 1_000_000n) / BigInt(limits.rest.weight) + SECOND
    const url = new URL(path, 'http://venue')
    const { status, body } = venue.http({ path: url.pathname, query: url.searchParams })
    if (status !== 200) throw new Error(`${path} answered ${status}: ${String(body).slice(0, 300)}`)
    return String(body)
  }
}

/** One for all feeds of an exchange. */
const venues = new Map<string, Ask>()
let rowsOfAnswer = Number.POSITIVE_INFINITY

function fetchAll(ask: Ask, feed: HistoryFeed, of: Parameters<HistoryFeed['page']>[0]) {
  let [rows, requests] = [0, 0]
  let cursor: Json | undefined
  do {
    const call = feed.page(of, cursor)
    const page = call.read(ask(call))
    if (++requests > 2000) throw new Error(`the pages do not end: ${call.path}`)
    rows += page.events.length
    expect(page.missing ?? []).toEqual([])
    cursor = page.next
  } while (cursor !== undefined)
  return { rows, requests }
}

it.each(CASES.map((each) => [each.adapter.id, each.feed.channel, each] as const))(
  'a long past of %s %s takes no more than 1.05 requests for each that there must be: no row is asked for twice, each answer is full',
  { timeout: 60_000 },
  (exchange, channel, { adapter, feed, kind }) => {
    rowsOfAnswer = Number.POSITIVE_INFINITY
    const ask = venues.get(exchange) ?? play(kind, adapter, () => rowsOfAnswer)
    venues.set(exchange, ask)
    const listed = adapter.instruments.flatMap((list) => [...list.read(ask({ path: list.path, weight: list.weight }))])
    const kinds = adapter.capabilities.find((each) => each.channel === channel)?.kinds
    const instrument = listed.find((each) => each.status === 'trading' && (kinds?.includes(each.kind) ?? true))
    const { rows: most, back } = pagesOf(exchange, channel)
    if (!instrument) throw new Error(`nothing of ${channel} can be asked for`)
    const { symbol, restSymbol = symbol } = instrument
    const until = END - (END % MINUTE) - MINUTE
    const of = {
      symbol,
      restSymbol,
      from: until - back,
      until,
      ...(channel === 'ohlc' ? { interval: '1m' as const } : {}),
    }
    rowsOfAnswer = Math.min(most, feed.pageRows)
    const { rows, requests } = fetchAll(ask, feed, of)
    const least = Math.ceil(rows / rowsOfAnswer)
    expect(least).toBeGreaterThan(100)
    expect((requests - (SEARCH[`${exchange} ${channel}`] ?? 0)) / least).toBeLessThanOrEqual(1.05)
  },
)

it('so do trades of Bitfinex, in answers of ten thousand, several of them in each millisecond', {
  timeout: 60_000,
}, () => {
  const feed = exchanges.bitfinex?.history?.find(({ channel }) => channel === 'trades')
  if (!feed) throw new Error('Bitfinex has no past')
  const [start, perMs, pages] = [1_764_000_000_000, 3, 25]
  const count = feed.pageRows * pages
  const first = (ms: number) => Math.max(0, Math.min(count, (ms - start) * perMs))
  const ask: Ask = ({ path }) => {
    const query = new URL(path, 'http://venue').searchParams
    const [from, until] = [first(Number(query.get('start'))), first(Number(query.get('end')) + 1)]
    const rows = Array.from({ length: Math.min(until - from, Number(query.get('limit'))) }, (_, n) => {
      const at = query.get('sort') === '1' ? from + n : until - 1 - n
      return [400_000_000 + at * 2, start + Math.floor(at / perMs), 0.5, 67_000]
    })
    return JSON.stringify(rows)
  }
  const [from, until] = [BigInt(start) * 1_000_000n, BigInt(start + Math.floor(count / perMs) - 10) * 1_000_000n]
  const { rows, requests } = fetchAll(ask, feed, { symbol: 'tBTCUSD', restSymbol: 'tBTCUSD', from, until })
  expect(rows).toBeGreaterThan(count * 0.99)
  expect(requests / Math.ceil(rows / feed.pageRows)).toBeLessThanOrEqual(1.05)
})
