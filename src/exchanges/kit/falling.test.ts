import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Candle, Trade } from '../../model/event.js'
import type { HistoryRequest, Json, Page } from '../exchange.js'
import { fallingCandles, fallingCounted, newestOnly } from './falling.js'

function trade(counter: number, time: number): Trade {
  return {
    kind: 'trade',
    symbol: 'A',
    exchangeTime: BigInt(time),
    tradeId: `${counter}`,
    price: '1',
    amount: '1',
    takerSide: 'buy',
    counter: BigInt(counter),
  }
}

const request = (from: number, until: number, more: Partial<HistoryRequest> = {}): HistoryRequest => ({
  symbol: 'A',
  restSymbol: 'A',
  from: BigInt(from),
  until: BigInt(until),
  ...more,
})

interface Saved {
  readonly first: string
  readonly edge: string
}

/** All pages of a venue that has these trades and gives `size` of them at a time, made worse by `spoil`. */
function walk(all: readonly Trade[], of: HistoryRequest, size: number, spoil = (page: Trade[]) => page): Page[] {
  const pages: Page[] = []
  let saved: Saved | undefined
  for (let n = 0; n < 200; n++) {
    const first = saved ? BigInt(saved.first) : of.before === undefined ? undefined : of.before + 1n
    const older = all.filter(({ counter = 0n, exchangeTime = 0n }) =>
      first === undefined ? exchangeTime <= of.until : counter < first,
    )
    const rows = spoil(older.slice(-size).reverse())
    const anchor = { first, edge: saved ? BigInt(saved.edge) : of.until }
    let next: Saved | undefined
    pages.push(
      fallingCounted(rows, of, anchor, (at): Json => {
        next = { first: `${at.first}`, edge: `${at.edge}` }
        return { ...next }
      }),
    )
    if (pages.at(-1)?.next === undefined) return pages
    saved = next
  }
  throw new Error('the pages do not end')
}

const ids = (pages: readonly Page[]) =>
  pages
    .flatMap(({ events }) => events.map((each) => (each.kind === 'trade' ? Number(each.tradeId) : 0)))
    .sort((a, b) => a - b)

/** Trades with times that never go back; several may share one. */
const trades = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 60 }).map((steps) => {
  let time = 1000
  return steps.map((step, n) => {
    time += step
    return trade(500 + n, time)
  })
})

describe('pages that fall from the newest', () => {
  it('joined they are the window exactly, and what they prove joins to it, however long they are', () => {
    fc.assert(
      fc.property(trades, fc.integer({ min: 1, max: 9 }), fc.boolean(), (all, size, spoiled) => {
        const times = all.map(({ exchangeTime = 0n }) => Number(exchangeTime))
        const [low = 0, high = 0] = [times[0], times.at(-1)]
        fc.pre(high - low > 3)
        const of = request(low + 1, high)
        const spoil = (page: Trade[]) => [...page.slice(1), ...page]
        const pages = walk(all, of, size, spoiled ? spoil : undefined)
        const wanted = all.filter(({ exchangeTime = 0n }) => exchangeTime >= of.from && exchangeTime < of.until)
        expect(ids(pages)).toEqual(wanted.map(({ tradeId }) => Number(tradeId)))
        expect(pages.flatMap(({ missing }) => missing ?? [])).toEqual([])
        // Each cover ends where the one before it began.
        let edge = of.until
        for (const cover of pages.flatMap(({ covers }) => covers)) {
          expect(cover).toMatchObject({ until: edge, joined: true })
          edge = cover.from
        }
        expect(edge).toBe(of.from)
      }),
    )
  })

  it('between two counters that are held exactly those between come, whatever the times say', () => {
    const all = Array.from({ length: 30 }, (_, n) => trade(n, 100 + Math.floor(n / 7)))
    const pages = walk(all, request(101, 103, { after: 9n, before: 19n }), 4)
    expect(ids(pages)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect(pages.flatMap(({ covers }) => covers).at(-1)).toMatchObject({ from: 101n, before: 9n })
  })

  it('a trade that the venue leaves out is named, and what lies around it is not joined', () => {
    const all = [1, 2, 3, 5, 6, 7].map((n) => trade(n, 100 + n))
    const [page] = walk(all, request(102, 108), 100)
    expect(page?.missing).toEqual([{ from: 103n, until: 105n, reason: expect.stringContaining('leaves out 1 trade') }])
    expect(page?.covers).toEqual([
      { from: 105n, until: 108n, before: 4n, last: 7n, joined: true },
      { from: 102n, until: 103n, before: 1n, last: 3n, joined: false },
    ])
  })

  it('an answer with nothing older proves nothing', () => {
    const page = fallingCounted([], request(0, 100), { first: 7n, edge: 50n }, () => null)
    expect(page).toMatchObject({ events: [], covers: [], missing: [{ from: 0n, until: 50n }] })
    expect(fallingCandles([], request(0, 100), 100n)).toMatchObject({
      covers: [],
      missing: [{ from: 0n, until: 100n }],
    })
  })

  it('a start before the listing is no gap for ever: nothing older than candles that it gave, or than the first trade, is where the past begins', () => {
    expect(fallingCandles([], request(0, 100), 50n)).toEqual({
      events: [],
      covers: [{ from: 0n, until: 50n, before: null, last: null, joined: true }],
      begins: 50n,
    })
    const pages = walk([trade(1, 40), trade(2, 50)], request(0, 100), 10)
    expect(ids(pages)).toEqual([1, 2])
    expect(pages.at(-1)).toMatchObject({ begins: 40n, covers: [{ from: 0n, until: 40n }] })
    expect(pages.flatMap(({ missing = [] }) => missing)).toEqual([])
    const later = walk([trade(8, 40), trade(9, 50)], request(0, 100), 10)
    expect(later.at(-1)).toMatchObject({ covers: [], missing: [{ from: 0n, until: 40n }] })
  })

  it('candles walk back to the start of the window, each once', () => {
    const bar = (openTime: number): Candle => ({
      kind: 'candle',
      symbol: 'A',
      exchangeTime: undefined,
      interval: '1m',
      openTime: BigInt(openTime),
      open: '1',
      high: '1',
      low: '1',
      close: '1',
      volume: '1',
      quoteVolume: undefined,
      trades: undefined,
      takerBuyVolume: undefined,
      vwap: undefined,
      closed: true,
    })
    const of = request(60, 360)
    const first = fallingCandles([360, 300, 240, 240].map(bar), of, of.until)
    expect(first.events.map((each) => each.kind === 'candle' && each.openTime)).toEqual([240n, 300n])
    expect(first).toMatchObject({ covers: [{ from: 240n, until: 360n }], next: { edge: '240' } })
    const second = fallingCandles([180, 120, 60, 0].map(bar), of, 240n)
    expect(second.events).toHaveLength(3)
    expect(second).toMatchObject({ covers: [{ from: 60n, until: 240n }] })
    expect(second.next).toBeUndefined()
  })

  it('of the newest trades alone the oldest instant proves nothing, and what is older is missing', () => {
    const rows = [trade(9, 40), trade(8, 30), trade(8, 30), trade(7, 20)]
    expect(newestOnly(rows, request(10, 40), 1n)).toMatchObject({
      events: [{ tradeId: '7' }, { tradeId: '8' }],
      covers: [{ from: 21n, until: 40n }],
      missing: [{ from: 10n, until: 21n }],
    })
    expect(newestOnly(rows, request(25, 40), 1n).missing).toBeUndefined()
    expect(newestOnly([], request(25, 40), 1n)).toMatchObject({ events: [], covers: [], missing: [{ from: 25n }] })
  })
})
