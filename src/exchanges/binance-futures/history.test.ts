import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Channel } from '../../model/dataset.js'
import { SECOND } from '../../model/time.js'
import type { ExchangeAdapter, HistoryRequest, Json, Page } from '../exchange.js'
import { binanceCoinm, binanceUsdm } from './binance-futures.js'

const HOUR = 3600n * SECOND
const START = 1_770_000_000n * SECOND

function feedOf(adapter: ExchangeAdapter, channel: Channel) {
  const feed = adapter.history?.find((each) => each.channel === channel)
  if (!feed) throw new Error(`${adapter.id} has no past of ${channel}`)
  return feed
}

const request = (from: bigint, until: bigint, more: Partial<HistoryRequest> = {}): HistoryRequest => ({
  symbol: 'BTCUSDT',
  restSymbol: 'BTCUSDT',
  from,
  until,
  ...more,
})

/** Every page of a stretch from a venue that answers `serve`. */
function fetchAll(
  adapter: ExchangeAdapter,
  channel: Channel,
  of: HistoryRequest,
  serve: (query: URLSearchParams, path: string) => unknown,
): { pages: Page[]; paths: string[] } {
  const pages: Page[] = []
  const paths: string[] = []
  let cursor: Json | undefined
  for (let n = 0; n < 500; n++) {
    const call = feedOf(adapter, channel).page(of, cursor)
    paths.push(call.path)
    const url = new URL(call.path, 'http://x')
    // A run resumes from what was saved of the cursor.
    const page = call.read(JSON.stringify(serve(url.searchParams, url.pathname)))
    pages.push(page)
    if (page.next === undefined) return { pages, paths }
    cursor = JSON.parse(JSON.stringify(page.next))
  }
  throw new Error('the pages do not end')
}

/** What the pages prove, as one stretch; fails where they leave something open. */
function proven(pages: readonly Page[], from: bigint): bigint {
  let at = from
  for (const cover of pages.flatMap(({ covers }) => covers)) {
    expect(cover.from <= at).toBe(true)
    if (cover.until > at) at = cover.until
  }
  return at
}

/** The same of pages that fall. */
function fallen(pages: readonly Page[], until: bigint): bigint {
  let at = until
  for (const cover of pages.flatMap(({ covers }) => covers)) {
    expect(cover.until >= at).toBe(true)
    if (cover.from < at) at = cover.from
  }
  return at
}

const inside = (query: URLSearchParams, time: number) =>
  time >= Number(query.get('startTime') ?? 0) && time <= Number(query.get('endTime') ?? Number.MAX_SAFE_INTEGER)

describe('the past of Binance futures', () => {
  it('finds the first trade hour by hour, since longer windows are refused, and goes on by id', () => {
    const first = Number((START + 5n * HOUR + 7n * SECOND) / 1_000_000n)
    const trades = [0, 1, 2].map((n) => ({ a: 100 + n, p: '1', q: '2', f: n, l: n, T: first + n * 1000, m: false }))
    const serve = (query: URLSearchParams) => {
      const from = query.get('fromId')
      if (from !== null) return trades.filter(({ a }) => a >= Number(from))
      expect(Number(query.get('endTime')) - Number(query.get('startTime'))).toBeLessThan(3_600_000)
      return trades.filter(({ T }) => inside(query, T)).slice(0, Number(query.get('limit')))
    }
    const until = START + 6n * HOUR
    const { pages, paths } = fetchAll(binanceUsdm, 'trades', request(START, until), serve)
    expect(paths.filter((path) => !path.includes('fromId'))).toHaveLength(6)
    expect(pages.flatMap(({ events }) => events).map((event) => event.kind === 'trade' && event.tradeId)).toEqual([
      '100',
      '101',
      '102',
    ])
    expect(proven(pages, START)).toBe(until)
    expect(pages.flatMap(({ missing = [] }) => missing)).toEqual([])
  })

  it('of a quiet day is nothing, and proven', () => {
    const { pages } = fetchAll(binanceCoinm, 'trades', request(START, START + 3n * HOUR + 1n), () => [])
    expect(pages).toHaveLength(4)
    expect(proven(pages, START)).toBe(START + 3n * HOUR + 1n)
  })

  it('of rates and open interest is whole however short the answers are', () => {
    const rows = fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { maxLength: 40 })
    const bounds = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 2000 }))
    fc.assert(
      fc.property(rows, bounds, fc.integer({ min: 1, max: 7 }), (hours, [first, length], cap) => {
        const ms = (hour: number) => Number(START / 1_000_000n) + hour * 3_600_000
        const [from, until] = [START + BigInt(first) * HOUR, START + BigInt(first + length) * HOUR]
        const sorted = [...hours].sort((a, b) => a - b)
        const { pages } = fetchAll(binanceUsdm, 'funding', request(from, until), (query) =>
          sorted
            .map(ms)
            .filter((time) => inside(query, time))
            .slice(0, cap)
            .map((fundingTime) => ({ symbol: 'BTCUSDT', fundingTime, fundingRate: '-0.0001', markPrice: '1' })),
        )
        const wanted = sorted.filter((hour) => hour >= first && hour < first + length)
        expect(pages.flatMap(({ events }) => events).map(({ exchangeTime = 0n }) => exchangeTime)).toEqual(
          wanted.map((hour) => BigInt(ms(hour)) * 1_000_000n),
        )
        expect(proven(pages, from)).toBe(until)
      }),
      { numRuns: 50 },
    )
  })

  it.each([500, 70])('of open interest, of which a window gives the newest %d, is whole', (most) => {
    const step = 300_000
    const serve = (query: URLSearchParams, path: string) => {
      expect(path).toBe('/futures/data/openInterestHist')
      const [start, end] = [Number(query.get('startTime')), Number(query.get('endTime'))]
      const rows: unknown[] = []
      for (let timestamp = Math.ceil(start / step) * step; timestamp <= end; timestamp += step)
        rows.push({ symbol: 'BTCUSDT', sumOpenInterest: '5.5', sumOpenInterestValue: '100.25', timestamp })
      return rows.slice(-most)
    }
    const until = START + 100n * HOUR
    const { pages } = fetchAll(binanceUsdm, 'open_interest', request(START, until), serve)
    const events = pages.flatMap(({ events: each }) => each)
    expect(new Set(events.map(({ exchangeTime }) => exchangeTime)).size).toBe(1200)
    expect(events).toHaveLength(1200)
    expect(events[0]).toMatchObject({ kind: 'open_interest', amount: '5.5', value: '100.25' })
    expect(fallen(pages, until)).toBe(START)
  })

  it.each([1000, 90])(
    'of COIN-M candles, of which a window of at most 200 days gives the newest %d, is whole',
    (most) => {
      const span = 86_400_000
      const serve = (query: URLSearchParams, path: string) => {
        expect(path).toBe('/dapi/v1/klines')
        const [start, end] = [Number(query.get('startTime')), Number(query.get('endTime'))]
        expect(end - start).toBeLessThanOrEqual(200 * span)
        const rows: unknown[] = []
        for (let open = Math.ceil(start / span) * span; open <= end; open += span)
          rows.push([open, '1', '2', '1', '2', '30', open + span - 1, '0.5', 3, '10', '0.1', '0'])
        return rows.slice(-Math.min(most, Number(query.get('limit'))))
      }
      const from = START - (START % (24n * HOUR))
      const until = from + 500n * 24n * HOUR
      const of = request(from, until, { symbol: 'BTCUSD_PERP', restSymbol: 'BTCUSD_PERP', interval: '1d' })
      const { pages } = fetchAll(binanceCoinm, 'ohlc', of, serve)
      const events = pages.flatMap(({ events: each }) => each)
      expect(events).toHaveLength(500)
      expect(events[0]).toMatchObject({ volume: '30', takerBuyVolume: '10', quoteVolume: undefined, closed: true })
      expect(fallen(pages, until)).toBe(from)
    },
  )
})
