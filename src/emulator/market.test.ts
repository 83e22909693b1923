import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MarketTrade } from './candles.js'
import { candleOpen } from './candles.js'
import { COINS } from './coins.js'
import { amountText, fixedText, type InstrumentSpec, priceText, shortestText, valueText } from './instrument-spec.js'
import { Market, type Turn } from './market.js'

const START = 1_790_000_000_123_456_789n
const SECOND = 1_000_000_000n

function specs(count: number): InstrumentSpec[] {
  return COINS.slice(0, count).map((coin) => ({
    pair: `${coin.base}/USDT`,
    symbol: `${coin.base}USDT`,
    base: coin.base,
    quote: 'USDT',
    priceDecimals: coin.price > 100 ? 2 : 5,
    amountDecimals: 5,
    written: { price: 8, amount: 8 },
    coin,
  }))
}

function market(seed: string, rate: number, count = 3, stepNs = 1_000_000n): Market {
  return new Market(specs(count), { seed, rate, stepNs, start: START })
}

/** Runs for `seconds` in steps of `stepMs` and describes every turn as text. */
function run(seed: string, rate: number, seconds: number, stepMs: number): string[] {
  const told: string[] = []
  const running = market(seed, rate)
  for (let ms = 0; ms <= seconds * 1000; ms += stepMs)
    running.advance(START + BigInt(ms) * 1_000_000n, (turn) =>
      told.push(
        `${turn.instrument.spec.symbol} ${turn.time} ${turn.lastSequence} ${turn.changes.map((c) => `${c.side}${c.price}=${c.amount}`)} ${turn.trades.map((t) => t.id)}`,
      ),
    )
  return told
}

describe('the seeded market', () => {
  it('never crosses a book, numbers trades and changes without a hole, and lets time rise strictly', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 8 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(1n, 1000n, 1_000_000n),
        (seed, rate, stepNs) => {
          const running = market(seed, rate, 3, stepNs)
          const last = new Map(
            running.instruments.map((each) => [
              each,
              { sequence: each.sequence, time: 0n, id: undefined as number | undefined },
            ]),
          )
          const until = START + SECOND
          running.advance(until, (turn) => {
            const { instrument } = turn
            const before = last.get(instrument)
            if (!before) throw new Error('a turn of a stranger')
            const bid = instrument.bids.priceAt(0)
            const ask = instrument.asks.priceAt(0)
            expect(bid).toBeLessThan(ask ?? 0)
            expect(bid).toBeGreaterThan(0)
            expect(turn.changes.length).toBeGreaterThan(0)
            expect(turn.firstSequence).toBe(before.sequence + 1)
            expect(turn.lastSequence).toBe(before.sequence + turn.changes.length)
            expect(turn.time > before.time).toBe(true)
            expect(turn.time <= until).toBe(true)
            expect(turn.time % stepNs).toBe(0n)
            for (const trade of turn.trades) {
              if (before.id !== undefined) expect(trade.id).toBe(before.id + 1)
              expect(trade.amount).toBeGreaterThan(0)
              before.id = trade.id
            }
            before.sequence = turn.lastSequence
            before.time = turn.time
          })
          for (const { bids, asks } of running.instruments)
            for (const side of [bids, asks]) {
              expect(side.size).toBeGreaterThanOrEqual(40)
              expect(side.size).toBeLessThanOrEqual(1000)
            }
        },
      ),
      { numRuns: 15 },
    )
  })

  it('gives the same events for the same seed, however it is driven, and others for another seed', () => {
    const once = run('a', 50, 10, 7)
    expect(once.length).toBeGreaterThan(1000)
    expect(run('a', 50, 10, 333)).toEqual(once.slice(0, run('a', 50, 10, 333).length))
    expect(run('b', 50, 10, 7)).not.toEqual(once)
  })

  it('changes rebuild the book, trades are among the changes of the best levels', () => {
    const running = market('c', 100)
    const [instrument] = running.instruments
    if (!instrument) throw new Error('no instrument')
    const copy = { bid: new Map<number, number>(), ask: new Map<number, number>() }
    for (const level of instrument.bids.best(2000)) copy.bid.set(level.price, level.amount)
    for (const level of instrument.asks.best(2000)) copy.ask.set(level.price, level.amount)
    running.advance(START + 20n * SECOND, (turn) => {
      if (turn.instrument !== instrument) return
      for (const change of turn.changes) {
        if (change.amount === 0) copy[change.side].delete(change.price)
        else copy[change.side].set(change.price, change.amount)
      }
    })
    const bids = [...copy.bid].sort((a, b) => b[0] - a[0]).map(([price, amount]) => ({ price, amount }))
    const asks = [...copy.ask].sort((a, b) => a[0] - b[0]).map(([price, amount]) => ({ price, amount }))
    expect(instrument.bids.best(2000)).toEqual(bids)
    expect(instrument.asks.best(2000)).toEqual(asks)
  })

  it('keeps the mean rate, with busy and quiet instruments', () => {
    const running = market('d', 20, 10)
    const counts = new Map<string, number>()
    running.advance(START + 60n * SECOND, ({ instrument: { spec } }) =>
      counts.set(spec.symbol, (counts.get(spec.symbol) ?? 0) + 1),
    )
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    expect(total / 600).toBeGreaterThan(18)
    expect(total / 600).toBeLessThan(22)
    expect(counts.get('BTCUSDT') ?? 0).toBeGreaterThan(20 * (counts.get('UNIUSDT') ?? 0))
  })

  it('candles are what their trades say', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), (seed) => {
        const running = market(seed, 20, 2)
        const trades: MarketTrade[] = []
        const [instrument] = running.instruments
        if (!instrument) throw new Error('no instrument')
        const on = (turn: Turn) => {
          if (turn.instrument === instrument) trades.push(...turn.trades)
        }
        running.advance(START + 400n * SECOND, on)
        const opens = new Set(trades.map((trade) => candleOpen('1m', trade.time)))
        expect(instrument.candles.held('1m').map((bar) => bar.openTime)).toEqual([...opens])
        for (const bar of instrument.candles.held('1m')) {
          const mine = trades.filter((trade) => candleOpen('1m', trade.time) === bar.openTime)
          const prices = mine.map((trade) => trade.price)
          expect(bar).toMatchObject({
            open: prices[0],
            close: prices.at(-1),
            high: Math.max(...prices),
            low: Math.min(...prices),
            trades: mine.length,
            firstTradeId: mine[0]?.id,
            lastTradeId: mine.at(-1)?.id,
            volume: mine.reduce((sum, trade) => sum + BigInt(trade.amount), 0n),
          })
        }
      }),
      { numRuns: 5 },
    )
  })

  it('fills quiet minutes with flat candles at the price before', () => {
    const quiet = market('e', 0.05, 1)
    quiet.advance(START + 3600n * SECOND, () => {})
    const [instrument] = quiet.instruments
    const held = instrument?.candles.held('1m') ?? []
    const [first, last] = [held[0], held.at(-1)]
    if (!instrument || !first || !last) throw new Error('nothing was traded')
    const filled = instrument.candles.filled('1m', START - 60n * SECOND, last.closeTime)
    expect(filled.length).toBe(Number((last.openTime - first.openTime) / (60n * SECOND)) + 1)
    expect(filled.length).toBeGreaterThan(held.length)
    expect(filled.filter((bar) => bar.trades > 0)).toEqual(held)
    for (const [i, bar] of filled.entries()) {
      expect(bar).toEqual(instrument.candles.at('1m', bar.openTime))
      if (bar.trades === 0) expect(bar.open).toBe(filled[i - 1]?.close)
    }
  })
})

it('numbers are written with the digits of the venue', () => {
  expect(fixedText(12345, 2, 4)).toBe('123.4500')
  expect(fixedText(5, 3)).toBe('0.005')
  expect(fixedText(42, 0)).toBe('42')
  expect(shortestText(12340, 2)).toBe('123.4')
  expect(shortestText(12300, 2)).toBe('123')
  expect(shortestText(6700, 0)).toBe('6700')
  const [spec] = specs(1)
  if (!spec) throw new Error('no coin')
  expect(priceText(spec, 6_701_010)).toBe('67010.10000000')
  expect(amountText(spec, 150n)).toBe('0.00150000')
  expect(valueText(spec, 6_701_010n * 150n)).toBe('100.51515000')
})
