import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PagePurpose } from '../src/capture/bodies.js'
import { derivePage } from '../src/capture/page.js'
import type { Sink } from '../src/capture/sink.js'
import { adapterOf } from '../src/exchanges/index.js'
import type { Channel } from '../src/model/dataset.js'
import type { JournalRecord } from '../src/model/record.js'
import { nanosFromIso } from '../src/model/time.js'
import { ColumnBuilder } from '../src/store/columns.js'

/** A row of any venue, before it is written down. `n`: numbers as text. */
interface Raw {
  readonly ms: number
  readonly id: number
  readonly n: readonly string[]
  readonly count: number
  readonly buy: boolean
}

interface Venue {
  readonly exchange: string
  readonly channel: Channel
  readonly symbol: string
  readonly newestFirst: boolean
  /** `n` of rows are bare numbers, which JSON does not let begin with a zero. */
  readonly bare?: true
  body(rows: readonly Raw[]): string
}

const kline = ({ ms, n, count }: Raw) =>
  `[${ms},"${n[0]}","${n[1]}","${n[2]}","${n[3]}","${n[4]}",${ms + 59_999},"${n[5]}",${count},"${n[6]}","1.5","0"]`
const klines = (rows: readonly Raw[]) => `[${rows.map(kline).join(',')}]`
const aggregates = (rows: readonly Raw[]) =>
  `[${rows.map(({ ms, id, n, buy }) => `{"a":${id},"p":"${n[0]}","q":"${n[1]}","nq":"1","f":${id},"l":${id},"T":${ms},"m":${!buy}}`).join(',')}]`

const VENUES: readonly Venue[] = [
  { exchange: 'binance', channel: 'ohlc', symbol: 'BTCUSDT', newestFirst: false, body: klines },
  {
    exchange: 'binance',
    channel: 'trades',
    symbol: 'BTCUSDT',
    newestFirst: false,
    body: (rows) =>
      `[${rows.map(({ ms, id, n, buy }) => `{"id":${id},"price":"${n[0]}","qty":"${n[1]}","quoteQty":"${n[2]}","time":${ms},"isBuyerMaker":${!buy},"isBestMatch":true}`).join(',')}]`,
  },
  { exchange: 'binance_usdm', channel: 'ohlc', symbol: 'BTCUSDT', newestFirst: false, body: klines },
  { exchange: 'binance_usdm', channel: 'trades', symbol: 'BTCUSDT', newestFirst: false, body: aggregates },
  { exchange: 'binance_coinm', channel: 'ohlc', symbol: 'BTCUSD_PERP', newestFirst: false, body: klines },
  {
    exchange: 'bybit',
    channel: 'ohlc',
    symbol: 'BTCUSDT',
    newestFirst: true,
    body: (rows) =>
      `{"retCode":0,"retMsg":"OK","result":{"category":"linear","symbol":"BTCUSDT","list":[${rows
        .map(({ ms, n }) => `["${ms}",${n.slice(0, 6).map((each) => `"${each}"`)}]`)
        .join(',')}]},"retExtInfo":{},"time":1767225600000}`,
  },
  {
    exchange: 'okx',
    channel: 'ohlc',
    symbol: 'BTC-USDT',
    newestFirst: true,
    body: (rows) =>
      `{"code":"0","msg":"","data":[${rows
        .map(({ ms, n, count }) => `["${ms}",${n.slice(0, 7).map((each) => `"${each}"`)},"${count === 3 ? 0 : 1}"]`)
        .join(',')}]}`,
  },
  {
    exchange: 'bitfinex',
    channel: 'ohlc',
    symbol: 'tBTCUSD',
    newestFirst: false,
    bare: true,
    body: (rows) => `[${rows.map(({ ms, n }) => `[${ms},${n.slice(0, 5)}]`).join(',')}]`,
  },
  {
    exchange: 'coinbase',
    channel: 'ohlc',
    symbol: 'BTC-USD',
    newestFirst: true,
    bare: true,
    body: (rows) => `[${rows.map(({ ms, n }) => `[${Math.floor(ms / 1000)},${n.slice(0, 5)}]`).join(',')}]`,
  },
]

const START = 1_767_225_600_000
const MINUTE = 60_000
const FROM = nanosFromIso('2026-01-01') ?? 0n

function purposeOf({ exchange, channel, symbol }: Venue, until: bigint): PagePurpose {
  const dataset = channel === 'ohlc' ? `${exchange} ohlc BTC/USDT 1m` : `${exchange} trades BTC/USDT`
  const request = { symbol, rest: symbol, from: `${FROM}`, until: `${until}` }
  if (channel === 'ohlc') return { what: 'page', exchange, dataset, channel, request: { ...request, interval: '1m' } }
  return { what: 'page', exchange, dataset, channel, request: { ...request, after: '99' } }
}

/** What a page gives by columns where that can be, and row by row. */
function bothWays(venue: Venue, body: Uint8Array, until: bigint) {
  const purpose = purposeOf(venue, until)
  const time = (nanosFromIso('2026-02-01') ?? 0n) + 5n
  const record: Extract<JournalRecord, { type: 'rest' }> = {
    type: 'rest',
    connection: 3,
    n: 64,
    asked: time,
    wall: time,
    mono: 7n,
    purpose: JSON.stringify(purpose),
    url: '',
    status: 200,
    body,
  }
  const derive = (sink: Sink, builder: ColumnBuilder) => {
    const { error, ...outcome } = derivePage(adapterOf(venue.exchange), purpose, record, sink)
    const { kinds, facts, rows } = builder.take()
    return { outcome, error: error?.message, kinds, facts, rows }
  }
  const [columns, single] = [new ColumnBuilder(), new ColumnBuilder()]
  let blocks = 0
  const counting: Sink = {
    row: (...row) => columns.row(...row),
    fact: (fact) => columns.fact(fact),
    block(...block) {
      blocks++
      columns.block(...block)
    },
  }
  const rowByRow: Sink = { row: (...row) => single.row(...row), fact: (fact) => single.fact(fact) }
  return { byColumns: derive(counting, columns), byRows: derive(rowByRow, single), blocks }
}

const bytes = (text: string) => new TextEncoder().encode(text)

const plainNumber = fc.tuple(fc.nat(999_999), fc.stringMatching(/^[0-9]{0,6}$/)).map(([whole, decimals]) => {
  return decimals === '' ? `${whole}` : `${whole}.${decimals}`
})
const anyNumber = fc.oneof(
  plainNumber,
  fc.constantFrom('0', '0.0', '1.', '007', '-1', '1e-7', '0.00000000000000000000000012', '.5', '', '1.2.3'),
  fc.stringMatching(/^[1-9][0-9]{0,25}(\.[0-9]{1,25})?$/),
)

/** Rows in order; a step of zero makes two of one instant, and ids may leave one out. */
function rawRows(number: fc.Arbitrary<string>, least: number): fc.Arbitrary<Raw[]> {
  const row = fc.record({
    step: fc.integer({ min: least, max: 3 }),
    skip: fc.integer({ min: least, max: 2 }),
    n: fc.array(number, { minLength: 7, maxLength: 7 }),
    count: fc.integer({ min: 4, max: 900 }),
    buy: fc.boolean(),
  })
  return fc.array(row, { minLength: 1, maxLength: 12 }).map((list) => {
    let [ms, id] = [START, 98]
    return list.map(({ step, skip, ...more }, at) => {
      ms += at === 0 ? 0 : step * MINUTE
      id += skip
      return { ms, id, ...more }
    })
  })
}

describe.each(VENUES)('a page of $exchange $channel', (venue) => {
  const written = (rows: readonly Raw[]) => venue.body(venue.newestFirst ? [...rows].reverse() : rows)
  const until = fc.integer({ min: 0, max: 40 }).map((minutes) => FROM + BigInt(minutes * MINUTE) * 1_000_000n)

  it('that is plain is read into columns, which hold what its rows do', () => {
    fc.assert(
      fc.property(rawRows(plainNumber, 1), until, (rows, end) => {
        const { byColumns, byRows, blocks } = bothWays(venue, bytes(written(rows)), end)
        if (byRows.rows > 0) expect(blocks).toBe(1)
        expect(byColumns).toEqual(byRows)
      }),
      { numRuns: 60 },
    )
  })

  it('with numbers of any spelling, equal times and rows left out gives the same both ways', () => {
    fc.assert(
      fc.property(rawRows(anyNumber, 0), until, (rows, end) => {
        const { byColumns, byRows } = bothWays(venue, bytes(written(rows)), end)
        expect(byColumns).toEqual(byRows)
      }),
      { numRuns: 150 },
    )
  })

  it('is not read otherwise by columns whatever stands where a byte should be', () => {
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      take: fc.integer({ min: 0, max: 3 }),
      put: fc.oneof(
        fc.constantFrom(
          '"',
          '\\',
          '[',
          ']',
          '{',
          '}',
          ',',
          ':',
          '-',
          '0',
          '.',
          'e',
          ' ',
          '\n',
          'null',
          'true',
          '[]',
          '\u00e9',
        ),
        fc.string({ maxLength: 3 }),
      ),
    })
    fc.assert(
      fc.property(
        rawRows(plainNumber, 1),
        until,
        fc.array(damage, { minLength: 1, maxLength: 2 }),
        (rows, end, harm) => {
          let text = written(rows)
          for (const { at, take, put } of harm) {
            const place = Math.floor(at * text.length)
            text = text.slice(0, place) + put + text.slice(place + take)
          }
          const { byColumns, byRows } = bothWays(venue, bytes(text), end)
          expect(byColumns).toEqual(byRows)
        },
      ),
      { numRuns: 400 },
    )
  })
})
