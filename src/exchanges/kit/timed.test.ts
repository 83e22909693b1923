import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Trade } from '../../model/event.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { endsAnchor, endsPage, skippingAnchor, skippingPage } from './timed.js'

const MS = 1_000_000n

/** Trades of a venue whose ids rise and do not count; several may share a millisecond. */
function market(times: readonly number[]): Trade[] {
  return times.map((ms, at) => ({
    kind: 'trade',
    symbol: 'X',
    exchangeTime: BigInt(ms) * MS,
    tradeId: (100 + at * 7).toString(),
    price: '1',
    amount: '1',
    takerSide: 'buy',
    counter: undefined,
  }))
}

const request = (from: number, until: number): HistoryRequest => ({
  symbol: 'X',
  restSymbol: 'X',
  from: BigInt(from) * MS,
  until: BigInt(until) * MS,
})

/** What a venue may do to a page: give less than the limit (never nothing), repeat rows, mix them up. */
interface Manners {
  readonly cap: number
  readonly repeat: boolean
  readonly shuffle: boolean
}

function nasty<T>(rows: readonly T[], { cap, repeat, shuffle }: Manners): T[] {
  const page = rows.slice(0, cap)
  const doubled = repeat ? [...page, ...page.slice(0, 2)] : page
  return shuffle ? [...doubled].reverse() : doubled
}

/** A venue that passes over rows, or one that gives the newest first too. */
type Way = 'skips' | 'from both ends'

function page(all: readonly Trade[], of: HistoryRequest, manners: Manners, limit: number, way: Way, cursor?: Json) {
  const since = (edge: bigint) => all.filter(({ exchangeTime = 0n }) => exchangeTime >= edge)
  if (way === 'skips') {
    const anchor = skippingAnchor(of, cursor)
    const { edge, skip } = anchor
    return skippingPage(nasty(since(edge).slice(skip, skip + limit), manners), of, anchor)
  }
  const anchor = endsAnchor(of, cursor)
  const { edge, first, alone } = anchor
  const rows = alone ? all.filter(({ exchangeTime }) => exchangeTime === edge) : since(edge)
  return endsPage(nasty((first ? rows.reverse() : rows).slice(0, limit), manners), of, anchor, limit)
}

function joined(all: readonly Trade[], of: HistoryRequest, manners: Manners, limit: number, way: Way) {
  const ids: string[] = []
  const covers: PageCover[] = []
  const missing: NonNullable<Page['missing']>[number][] = []
  let cursor: Json | undefined
  for (let pages = 1; pages <= 2000; pages++) {
    const got = page(all, of, manners, limit, way, cursor)
    for (const event of got.events) if (event.kind === 'trade') ids.push(event.tradeId ?? '')
    covers.push(...got.covers)
    missing.push(...(got.missing ?? []))
    if (got.next === undefined) return { ids, covers, missing, pages }
    // As it comes from the journal.
    cursor = JSON.parse(JSON.stringify(got.next))
  }
  throw new Error('the pages do not end')
}

const wanted = (all: readonly Trade[], { from, until }: HistoryRequest) =>
  all.flatMap(({ exchangeTime = 0n, tradeId = '' }) => (exchangeTime >= from && exchangeTime < until ? [tradeId] : []))

/** Stretches in order, one after the other without a hole, from the start of the request to its end. */
function whole(covers: readonly PageCover[], { from, until }: HistoryRequest): boolean {
  let at = from
  for (const cover of covers) {
    if (cover.from > at) return false
    if (cover.until > at) at = cover.until
  }
  return at >= until
}

/** Milliseconds from the distances between them. */
function rising(steps: readonly number[]): number[] {
  let at = 1000
  return steps.map((step) => (at += step))
}

const WAYS = ['skips', 'from both ends'] as const
const PLAIN = { cap: 1000, repeat: false, shuffle: false }

describe('pages of trades without a counter', () => {
  const roomy = fc.record({ cap: fc.integer({ min: 8, max: 30 }), repeat: fc.boolean(), shuffle: fc.boolean() })
  // At most four trades a millisecond, so that the smallest page still leaves each instant.
  const sparse = fc
    .array(fc.nat({ max: 2 }), { maxLength: 80 })
    .map((steps) => rising(steps.map((step, at) => step + (at % 4 === 0 ? 1 : 0))))

  it.each(WAYS)('of a venue that %s, joined are the window exactly, equal times across page borders', (way) => {
    fc.assert(
      fc.property(sparse, roomy, fc.nat({ max: 80 }), fc.nat({ max: 80 }), (list, how, from, length) => {
        const all = market(list)
        const of = request(1000 + from, 1000 + from + length + 1)
        const got = joined(all, of, how, 30, way)
        expect(got.missing).toEqual([])
        expect([...new Set(got.ids)].sort()).toEqual(wanted(all, of).sort())
        expect(whole(got.covers, of)).toBe(true)
      }),
    )
  })

  it.each(WAYS)('of a venue that %s, a page shorter than the limit is no proof that nothing follows', (way) => {
    const all = market([1000, 1001, 1002, 1003, 1004, 1005])
    const short = { ...PLAIN, cap: 2 }
    const first = page(all, request(1000, 1100), short, 1000, way)
    expect(first.next).toBeDefined()
    expect(first.covers).toEqual([{ from: 1000n * MS, until: 1001n * MS, before: null, last: null, joined: true }])
    expect(joined(all, request(1000, 1100), short, 1000, way).missing).toEqual([])
  })

  it.each(WAYS)(
    'of a venue that %s, two requests are enough for what one answer holds, also where nothing follows',
    (way) => {
      const all = market([1000, 1001, 1002, 1002])
      expect(joined(all, request(1000, 1100), PLAIN, 1000, way)).toMatchObject({ pages: 2, missing: [] })
      expect(joined(all, request(1000, 1002), PLAIN, 1000, way)).toMatchObject({ pages: 1, missing: [] })
    },
  )

  it.each(WAYS)('of a venue that %s thousands of trades in one millisecond are all had, and proven', (way) => {
    const burst = Array.from({ length: way === 'skips' ? 3000 : 1700 }, () => 1005)
    const all = market([1000, ...burst, 1010, 1011])
    const of = request(1000, 1020)
    const got = joined(all, of, PLAIN, 1000, way)
    expect(got.missing).toEqual([])
    expect([...new Set(got.ids)].sort()).toEqual(wanted(all, of).sort())
    expect(whole(got.covers, of)).toBe(true)
    expect(got.pages).toBeLessThan(9)
  })

  it.each(WAYS)('of a venue that %s, an instant that fills several pages is had whatever the pages are like', (way) => {
    const crowd = fc.record({ cap: fc.integer({ min: 100, max: 120 }), repeat: fc.boolean(), shuffle: fc.boolean() })
    const size = fc.integer({ min: 60, max: way === 'skips' ? 500 : 190 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 9 }), size), { minLength: 1, maxLength: 5 }),
        crowd,
        (bursts, how) => {
          const times = rising(bursts.map(([step]) => step + 1))
          const all = market(times.flatMap((time, at) => Array.from({ length: bursts[at]?.[1] ?? 0 }, () => time)))
          for (const of of [request(1000, 1100), request(times[0] ?? 0, (times.at(-1) ?? 0) + 1)]) {
            const got = joined(all, of, how, 1000, way)
            expect(got.missing).toEqual([])
            expect([...new Set(got.ids)].sort()).toEqual(wanted(all, of).sort())
            expect(whole(got.covers, of)).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('what neither end of an instant shows is said to be missing, and the rest is had', () => {
    const all = market([1000, ...Array.from({ length: 3000 }, () => 1005), 1010, 1011])
    const got = joined(all, request(1000, 1020), PLAIN, 1000, 'from both ends')
    const reason = 'of more than 1000 trades at one instant the exchange gives the first and the last alone'
    expect(got.missing).toEqual([{ from: 1005n * MS, until: 1006n * MS, reason }])
    expect(got.covers.some(({ from, until }) => from <= 1005n * MS && until > 1005n * MS)).toBe(false)
    expect(new Set(got.ids).size).toBe(2003)
  })

  it('a venue that passes over nothing is refused, not asked for ever', () => {
    const all = market([1000, 1001, 1001])
    const of = request(1000, 1020)
    const { next } = skippingPage(all, of, skippingAnchor(of, undefined))
    expect(() => skippingPage(all, of, skippingAnchor(of, next))).toThrow('stand in the answer again')
  })

  it('the two ends of an instant prove nothing where they do not agree on what both show', () => {
    const all = market(Array.from({ length: 150 }, () => 1005))
    const first = all.slice(0, 100).map(({ tradeId = '' }) => tradeId)
    const last = all.slice(50).filter((_, at) => at !== 20)
    const anchor = { edge: 1005n * MS, first, alone: true }
    for (const rows of [last, []])
      expect(endsPage(rows, request(1000, 1020), anchor, 100)).toMatchObject({
        covers: [],
        missing: [{ from: 1005n * MS }],
      })
  })
})
