import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Candle, Trade } from '../../model/event.js'
import type { HistoryRequest, Json, Page, PageCover } from '../exchange.js'
import { type CountedAnchor, candleEdge, countedPage, risingCandles } from './history.js'
import { counter, fields, text } from './wire.js'

const MS = 1_000_000n

/** Trades of a venue: ids rise by one, and several may share a millisecond. */
function market(times: readonly number[]): Trade[] {
  return times.map((ms, at) => ({
    kind: 'trade',
    symbol: 'X',
    exchangeTime: BigInt(ms) * MS,
    tradeId: (100n + BigInt(at)).toString(),
    price: '1',
    amount: '1',
    takerSide: 'buy',
    counter: 100n + BigInt(at),
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

interface Joined {
  readonly ids: string[]
  readonly covers: PageCover[]
  readonly missing: NonNullable<Page['missing']>
  readonly pages: number
}

function join(ask: (cursor: Json | undefined) => Page, most = 2000): Joined {
  const ids: string[] = []
  const covers: PageCover[] = []
  const missing: { from: bigint; until: bigint; reason: string }[] = []
  let cursor: Json | undefined
  for (let pages = 1; pages <= most; pages++) {
    const page = ask(cursor)
    for (const event of page.events) {
      if (event.kind === 'trade') ids.push(event.tradeId ?? '')
      if (event.kind === 'candle') ids.push(event.openTime.toString())
    }
    covers.push(...page.covers)
    missing.push(...(page.missing ?? []))
    if (page.next === undefined) return { ids, covers, missing, pages }
    cursor = page.next
  }
  throw new Error('the pages do not end')
}

function counted(all: readonly Trade[], of: HistoryRequest, manners: Manners): Joined {
  return join((cursor) => {
    const saved = cursor === undefined ? undefined : fields(cursor, 'cursor')
    const anchor: CountedAnchor = saved
      ? { last: counter(saved.last, 'last'), edge: BigInt(text(saved.edge, 'edge')) }
      : { last: of.after, edge: of.from }
    const { last } = anchor
    const from = all.filter((trade) =>
      last === undefined ? (trade.exchangeTime ?? 0n) >= of.from : (trade.counter ?? 0n) > last,
    )
    return countedPage(nasty(from, manners), of, anchor, (next) => ({ last: `${next.last}`, edge: `${next.edge}` }))
  })
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

const times = fc.array(fc.nat({ max: 3 }), { maxLength: 60 }).map((steps) => rising(steps))
const manners = fc.record({ cap: fc.integer({ min: 1, max: 9 }), repeat: fc.boolean(), shuffle: fc.boolean() })

describe('pages of trades with a counter', () => {
  it('joined are the window exactly, whatever the venue does to a page', () => {
    fc.assert(
      fc.property(times, manners, fc.nat({ max: 80 }), fc.nat({ max: 80 }), (list, how, from, length) => {
        const all = market(list)
        const of = request(1000 + from, 1000 + from + length + 1)
        const got = counted(all, of, how)
        expect(got.ids).toEqual(wanted(all, of))
        expect(got.missing).toEqual([])
        expect(whole(got.covers, of)).toBe(true)
      }),
    )
  })

  it('are the same for any cut of a window into two', () => {
    fc.assert(
      fc.property(times, manners, fc.nat({ max: 60 }), (list, how, cut) => {
        const all = market(list)
        const [left, right] = [request(1000, 1001 + cut), request(1001 + cut, 1300)]
        const ids = [...counted(all, left, how).ids, ...counted(all, right, how).ids]
        expect(ids).toEqual(wanted(all, request(1000, 1300)))
      }),
    )
  })

  it('between counters that are held ask for exactly those, also where times are equal across the seam', () => {
    const all = market([1000, 1000, 1000, 1000, 1000])
    const of = { ...request(1000, 1000), until: 1000n * MS, after: 101n, before: 103n }
    const got = counted(all, of, { cap: 1, repeat: false, shuffle: false })
    expect(got.ids).toEqual(['102', '103'])
    expect(got.covers.at(0)?.before).toBe(101n)
    expect(got.covers.at(-1)?.last).toBe(103n)
  })

  it('that overlap the one before give its rows no second time', () => {
    const all = market([1000, 1010, 1020, 1030])
    const of = request(1000, 1040)
    // It ended with 101: the answer begins with what was there already.
    const anchor = { last: 101n, edge: 1010n * MS }
    const page = countedPage(all, of, anchor, (next) => ({ last: `${next.last}`, edge: `${next.edge}` }))
    expect(page.events.map((event) => event.kind === 'trade' && event.tradeId)).toEqual(['102', '103'])
    expect(page.covers).toMatchObject([{ from: 1010n * MS, before: 101n, joined: true }])
    expect(page.missing ?? []).toEqual([])
  })

  it('claim nothing across a counter that the venue leaves out, and say so', () => {
    const all = market([1000, 1010, 1020, 1030]).filter(({ tradeId }) => tradeId !== '102')
    const got = counted(all, request(1000, 1040), { cap: 9, repeat: false, shuffle: false })
    expect(got.missing).toHaveLength(1)
    expect(got.missing[0]).toMatchObject({ from: 1010n * MS, until: 1030n * MS })
    expect(got.covers.some(({ from, until }) => from < 1020n * MS && until > 1020n * MS)).toBe(false)
  })

  it('that are empty although more was seen live prove nothing', () => {
    const of = { ...request(1000, 1040), after: 100n, before: 104n }
    const got = counted([], of, { cap: 9, repeat: false, shuffle: false })
    expect(got.covers).toEqual([])
    expect(got.missing).toHaveLength(1)
  })
})

describe('pages of candles', () => {
  const SPAN = 60_000n * MS
  const bars = (opens: readonly number[]): Candle[] =>
    opens.map((minute) => ({
      kind: 'candle',
      symbol: 'X',
      exchangeTime: undefined,
      interval: '1m',
      openTime: BigInt(minute) * SPAN,
      open: '1',
      high: '1',
      low: '1',
      close: '1',
      volume: '0',
      quoteVolume: undefined,
      trades: undefined,
      takerBuyVolume: undefined,
      vwap: undefined,
      closed: true,
    }))
  const minutes = (from: number, until: number): HistoryRequest => ({
    symbol: 'X',
    restSymbol: 'X',
    from: BigInt(from) * SPAN,
    until: BigInt(until) * SPAN,
    interval: '1m',
  })

  it('joined are the window exactly; quiet minutes without a candle are proven by their neighbours', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 120 }), { maxLength: 100 }),
        manners,
        fc.nat({ max: 100 }),
        fc.integer({ min: 1, max: 60 }),
        (opens, how, from, length) => {
          const all = bars([...opens].sort((a, b) => a - b))
          const of = minutes(from, from + length)
          const got = join((cursor) => {
            const edge = candleEdge(cursor, of.from)
            const inside = all.filter(({ openTime }) => openTime >= edge && openTime <= of.until)
            return risingCandles(nasty(inside, how), of, edge, SPAN)
          })
          const expected = all.filter(({ openTime }) => openTime >= of.from && openTime < of.until)
          expect(got.ids).toEqual(expected.map(({ openTime }) => openTime.toString()))
          expect(whole(got.covers, of)).toBe(true)
        },
      ),
    )
  })

  it('a row of the year 1970 or of the future among them is no candle of the window, and proves nothing', () => {
    const page = risingCandles(bars([0, 10, 11]), minutes(10, 14), 10n * SPAN, SPAN)
    expect(page.events).toEqual(bars([10, 11]))
    expect(page.covers).toEqual([{ from: 10n * SPAN, until: 12n * SPAN, before: null, last: null, joined: true }])
    expect(risingCandles(bars([0]), minutes(10, 14), 10n * SPAN, SPAN).events).toEqual([])
    expect(risingCandles(bars([10, 11, 12, 13, 9_000_000]), minutes(10, 14), 10n * SPAN, SPAN).events).toHaveLength(4)
  })

  it('the candle at the end of a page and that at the start of the next meet: no minute between is dropped', () => {
    const all = bars([10, 11, 12, 13])
    const first = risingCandles(all.slice(0, 2), minutes(10, 14), 10n * SPAN, SPAN)
    expect(first.covers).toEqual([{ from: 10n * SPAN, until: 12n * SPAN, before: null, last: null, joined: true }])
    expect(first.next).toEqual({ edge: (12n * SPAN).toString() })
  })
})
