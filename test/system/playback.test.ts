import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { listInstruments } from '../../src/capture/list-instruments.js'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { fingerprint, type Truth } from '../../src/chaos/truth.js'
import { exchanges } from '../../src/exchanges/index.js'
import { canonicalDecimal } from '../../src/model/decimal.js'
import { readDataset } from '../../testkit/parquet.js'
import { capturesOf, type Recorded, readRecordings, recordingFile } from '../../testkit/recordings.js'
import { exact, visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const MILLISECOND = 1_000_000n

/** Inbound WebSocket messages of a capture, in the order in which they came. */
function framesOf(exchange: string, name: string): Recorded[] {
  const records = (readRecordings(exchange) ?? []).filter(({ capture }) => capture === name)
  const [capture] = capturesOf(records)
  return (capture?.records ?? []).filter(({ direction, transport }) => direction === 'in' && transport === 'ws')
}

/** Plays a capture to the real daemon, to the end, and ends the daemon in order. */
async function record(
  exchange: string,
  capture: string,
  pace: string,
  subscribe: (
    pairOf: ReadonlyMap<string, string>,
  ) => readonly { pairs: string[]; channels: string[]; depth?: number }[],
): Promise<{ bench: Bench; pairOf: ReadonlyMap<string, string> }> {
  const bench = new Bench()
  benches.push(bench)
  const file = recordingFile(exchange)
  if (file === undefined) throw new Error(`no recording of ${exchange}`)
  await bench.emulate('--play', file, '--capture', capture, '--pace', pace)
  const adapter = exchanges[exchange]
  const instruments = await listInstruments(adapter?.instruments ?? [], async ({ path }) =>
    (await fetch(`http://127.0.0.1:${bench.port}/${exchange}${path}`)).text(),
  )
  const pairOf = new Map(instruments.map(({ symbol, pair }) => [symbol, pair]))
  bench.config(subscribe(pairOf).map((stream) => ({ exchange, time_step: 60, ...stream })))
  await bench.startDaemon()
  const state = z.object({ done: z.boolean() })
  await until(
    'the recording to end',
    async () => {
      const answer = await fetch(`http://127.0.0.1:${bench.port}/_emulator/state`)
      return state.parse(await answer.json()).done || undefined
    },
    200_000,
  )
  expect(await bench.daemon?.kill('SIGTERM'), bench.daemon?.output).toBe(0)
  return { bench, pairOf }
}

const rest = z.object({ stream: z.string(), data: z.unknown() })
const level = z.tuple([z.string(), z.string()])
const depth = z.object({ E: z.number(), U: z.number(), u: z.number(), b: z.array(level), a: z.array(level) })
const quote = z.object({ u: z.number(), b: z.string(), B: z.string(), a: z.string(), A: z.string() })
const trade = z.object({ T: z.number(), t: z.number(), p: z.string(), q: z.string(), m: z.boolean() })
const book = z.object({ lastUpdateId: z.number(), bids: z.array(level), asks: z.array(level) })

/** What the frames of one symbol say, read without any code of ours. */
class BinanceTold {
  readonly truth: Truth = { trades: new Map(), books: new Map() }
  readonly quotes: string[] = []
  /** First and last update id of each change that the snapshot does not hold already. */
  readonly changes: string[] = []
  private readonly sides: { bids: Map<string, string>; asks: Map<string, string> }
  private readonly snapshotId: number

  constructor(snapshot: z.infer<typeof book>) {
    this.sides = { bids: new Map(snapshot.bids), asks: new Map(snapshot.asks) }
    this.snapshotId = snapshot.lastUpdateId
  }

  hear(stream: string, data: unknown): void {
    if (stream === 'trade') {
      const { t, p, q, m, T } = trade.parse(data)
      const exchange_time = String(BigInt(T) * MILLISECOND)
      const taker_side = m ? 'sell' : 'buy'
      this.truth.trades.set(String(t), {
        trade_id: String(t),
        price: p,
        amount: q,
        taker_side,
        exchange_time,
      })
    } else if (stream === 'bookTicker') {
      const { u, b, B, a, A } = quote.parse(data)
      this.quotes.push([u, ...[b, B, a, A].map(canonicalDecimal)].join(' '))
    } else if (stream.startsWith('depth')) {
      const { E, U, u, b, a } = depth.parse(data)
      if (u <= this.snapshotId) return
      this.changes.push(`${U}-${u}`)
      for (const [price, amount] of b) set(this.sides.bids, price, amount)
      for (const [price, amount] of a) set(this.sides.asks, price, amount)
      const exchange_time = String(BigInt(E) * MILLISECOND)
      this.truth.books.set(exchange_time, fingerprint(sorted(this.sides.bids, -1), sorted(this.sides.asks, 1)))
    }
  }
}

function set(side: Map<string, string>, price: string, amount: string): void {
  if (Number(amount) === 0) side.delete(price)
  else side.set(price, amount)
}

function sorted(side: ReadonlyMap<string, string>, sign: number): [string, string][] {
  return [...side].sort(([a], [b]) => sign * (Number(a) - Number(b))).slice(0, 25)
}

const missing = (name: string) => readRecordings(name) === undefined

describe('a recording of Binance through the real daemon', () => {
  const captures: [string, string][] = [
    ['hft-binance-ethusdt@2024-08-08', '60'],
    ['BINANCE@2021-04-04', '30'],
    ['BINANCE@2021-04-05', '30'],
    ['BINANCE@2021-04-17', '15'],
    ['BINANCE@2021-08-14', '15'],
    ['BINANCE@2021-10-11', '15'],
  ]
  it.skipIf(missing('binance')).each(captures)(
    '%s: Parquet equals the frames, and the ledger has no gap',
    async (capture, pace) => {
      const told = new Map<string, BinanceTold>()
      for (const { capture: of, transport, url, message } of readRecordings('binance') ?? []) {
        const symbol = URL.canParse(url ?? '') ? new URL(url ?? '').searchParams.get('symbol') : null
        if (of !== capture || transport !== 'http' || !url?.includes('/depth') || symbol === null) continue
        told.set(symbol, new BinanceTold(book.parse(JSON.parse(message))))
      }
      const channelOf: Readonly<Record<string, string>> = { trade: 'trades', bookTicker: 'quotes' }
      const channels = new Map<string, Set<string>>()
      for (const { message } of framesOf('binance', capture)) {
        const parsed = rest.safeParse(JSON.parse(message))
        const [name = '', stream = ''] = parsed.data?.stream.split('@') ?? []
        const channel = stream.startsWith('depth') ? 'book' : channelOf[stream]
        const symbol = name.toUpperCase()
        told.get(symbol)?.hear(stream, parsed.data?.data)
        if (channel) channels.set(symbol, (channels.get(symbol) ?? new Set()).add(channel))
      }
      expect(channels.size).toBeGreaterThan(0)
      const { bench, pairOf } = await record('binance', capture, pace, (pairs) =>
        [...channels].map(([symbol, names]) => ({ pairs: [pairs.get(symbol) ?? symbol], channels: [...names] })),
      )
      expect(await bench.gaps()).toEqual([])
      for (const [symbol, { truth, quotes, changes }] of told) {
        const pair = pairOf.get(symbol) ?? symbol
        const trades = await compareTrades(await visibleRows(bench.data, 'binance', 'trades', pair), truth, [])
        expect(trades.problems).toEqual([])
        expect(trades.rows).toBe(truth.trades.size)
        if (channels.get(symbol)?.has('quotes')) {
          const rows = await readDataset(bench.data, 'binance', 'quotes', pair)
          const stored = rows.map((row) =>
            [
              row.sequence,
              ...['bid_price', 'bid_amount', 'ask_price', 'ask_amount'].map((name) => exact(row, name)),
            ].join(' '),
          )
          expect(stored).toEqual(quotes)
        }
        const books = await compareBooks(await visibleRows(bench.data, 'binance', 'book_deltas', pair), truth, [])
        expect(books.problems).toEqual([])
        expect(books.unknown).toBe(0)
        // The snapshot is stored with the changes that came before its answer: from there on every one, in order.
        const rows = await readDataset(bench.data, 'binance', 'book_deltas', pair)
        const [first] = rows
        const later = rows.filter((row) => row.is_snapshot === false)
        const stored = [...new Set(later.map((row) => `${row.first_sequence}-${row.last_sequence}`))]
        const rest = changes.filter((change) => Number(change.split('-')[1]) > Number(first?.last_sequence))
        // A change without levels has no row.
        expect(stored.length).toBeGreaterThan(changes.length / 2)
        expect(stored).toEqual(rest.filter((change) => stored.includes(change)))
      }
    },
  )
})

const te = z.tuple([z.number(), z.literal('te'), z.tuple([z.number(), z.number(), z.number(), z.number()]), z.number()])
const change = z.tuple([z.number(), z.tuple([z.number(), z.number(), z.number()]), z.number()])
const whole = z.tuple([z.number(), z.array(z.tuple([z.number(), z.number(), z.number()])), z.number()])
const ack = z.object({ event: z.literal('subscribed'), channel: z.string(), chanId: z.number(), symbol: z.string() })

describe('a recording of Bitfinex through the real daemon', () => {
  const capture = 'BITFINEX@2021-04-05'
  it.skipIf(missing('bitfinex'))(`${capture}: on one connection, by its sequence`, async () => {
    const channels = new Map<number, z.infer<typeof ack>>()
    const trades = new Map<string, string[]>()
    const levels = new Map<string, string[]>()
    const add = (to: Map<string, string[]>, symbol: string, row: string) =>
      to.set(symbol, [...(to.get(symbol) ?? []), row])
    const told = ([price, count, amount]: readonly [number, number, number]) => {
      const text = count === 0 ? '0' : canonicalDecimal(String(Math.abs(amount)))
      return [amount > 0 ? 'bid' : 'ask', canonicalDecimal(String(price)), text].join(' ')
    }
    for (const { message } of framesOf('bitfinex', capture)) {
      const parsed: unknown = JSON.parse(message)
      const answer = ack.safeParse(parsed)
      if (answer.success) channels.set(answer.data.chanId, answer.data)
      const channel = Array.isArray(parsed) ? channels.get(Number(parsed[0])) : undefined
      const trade = te.safeParse(parsed)
      if (channel?.channel === 'trades' && trade.success) {
        const [id, time, amount, price] = trade.data[2]
        const values = [canonicalDecimal(String(price)), canonicalDecimal(String(Math.abs(amount)))]
        add(trades, channel.symbol, [id, BigInt(time) * MILLISECOND, ...values, amount > 0 ? 'buy' : 'sell'].join(' '))
      }
      if (channel?.channel !== 'book') continue
      const one = change.safeParse(parsed)
      if (one.success) add(levels, channel.symbol, told(one.data[1]))
      for (const each of whole.safeParse(parsed).data?.[1] ?? []) add(levels, channel.symbol, told(each))
    }
    const symbols = [...levels.keys()]
    const { bench, pairOf } = await record('bitfinex', capture, '25', (pairs) => [
      { pairs: symbols.map((symbol) => pairs.get(symbol) ?? symbol), channels: ['trades', 'book'], depth: 100 },
    ])
    expect(await bench.gaps()).toEqual([])
    for (const symbol of symbols) {
      const pair = pairOf.get(symbol) ?? symbol
      const rows = await readDataset(bench.data, 'bitfinex', 'trades', pair)
      const stored = rows.map((row) =>
        [row.trade_id, row.exchange_time, exact(row, 'price'), exact(row, 'amount'), row.taker_side].join(' '),
      )
      expect(stored.sort()).toEqual((trades.get(symbol) ?? []).sort())
      const book = await readDataset(bench.data, 'bitfinex', 'book_deltas', pair)
      // Within one frame, a whole book is stored side by side.
      const bySide = (side: string, list: readonly string[]) => list.filter((row) => row.startsWith(side))
      const seen = book.map((row) => [row.side, exact(row, 'price'), exact(row, 'amount')].join(' '))
      for (const side of ['bid', 'ask']) expect(bySide(side, seen)).toEqual(bySide(side, levels.get(symbol) ?? []))
    }
  })
})
