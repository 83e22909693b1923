import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readRecordings, recordingFile } from '../../testkit/recordings.js'
import { binance } from '../exchanges/binance/binance.js'
import { exchanges } from '../exchanges/index.js'
import { decode, understood } from './decode.js'

/** The documentation's examples. https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md */
const TRADE =
  '{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true,"M":true}'
const DEPTH =
  '{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"]]}'
const AGGREGATE =
  '{"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":12345,"p":"0.001","q":"100","f":100,"l":105,"T":1672515782136,"m":true,"M":true}'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function run(input: string | Uint8Array, size = 7) {
  let out = ''
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  const report = await decode(binance, pieces(bytes, size), (text) => {
    out += text
  })
  const rows: Record<string, unknown>[] =
    out === ''
      ? []
      : out
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
  return { report, rows }
}

it('what the exchange does not document is told, and what is understood comes out all the same', async () => {
  const { report, rows } = await run(
    [TRADE, TRADE.replace('}', ',"zz":[1]}'), TRADE.replace('}', ',"zz":2}')].join('\n'),
  )
  expect(rows).toHaveLength(3)
  expect(report.drifts).toEqual([{ channel: 'trades', what: 'field', name: 'zz', count: 2 }])
  expect(understood(report)).toBe(true)
})

const record = (message: string, more: object = {}) =>
  JSON.stringify({
    recv: '2023-01-01T00:00:00.5Z',
    direction: 'in',
    transport: 'ws',
    capture: 'c',
    conn: '1',
    message,
    ...more,
  })

describe('decode', () => {
  it('prints the events of bare frames with the columns of the store', async () => {
    const { report, rows } = await run(`${TRADE}\n\n{"stream":"bnbbtc@depth@100ms","data":${DEPTH}}\r\n${AGGREGATE}`)
    expect(rows).toEqual([
      {
        exchange: 'binance',
        kind: 'trades',
        symbol: 'BNBBTC',
        exchange_time: '1672515782135000000',
        receive_time: null,
        frame: '0',
        row: 0,
        trade_id: '12345',
        price: '0.001',
        amount: '100',
        taker_side: 'sell',
        source: 'stream',
      },
      expect.objectContaining({
        kind: 'book_deltas',
        side: 'bid',
        price: '0.0024',
        frame: '1',
        row: 0,
        last_sequence: '160',
      }),
      expect.objectContaining({
        kind: 'book_deltas',
        side: 'ask',
        price: '0.0026',
        frame: '1',
        row: 1,
        is_snapshot: false,
      }),
    ])
    expect(report).toMatchObject({ events: 2, skipped: 0, counts: { data: 2, notice: 1, bad: 0, unknown: 0 } })
    expect(understood(report)).toBe(true)
  })

  it('reads records: receive times, a connection for each conn, and skips what was sent or came by REST', async () => {
    const lines = [
      record(TRADE),
      record('{"method":"SUBSCRIBE"}', { direction: 'out' }),
      record('{"lastUpdateId":1,"bids":[],"asks":[]}', { transport: 'http' }),
      record(TRADE, { conn: '2', recv: null }),
      record(TRADE),
    ]
    const { report, rows } = await run(lines.join('\n'))
    expect(report).toMatchObject({ events: 3, skipped: 2, counts: { data: 3 } })
    expect(rows.map((row) => row.receive_time)).toEqual(['1672531200500000000', null, '1672531200500000000'])
    expect(rows.map((row) => row.frame)).toEqual(['0', String(2n ** 36n), '1'])
  })

  it('takes gzip, and says so when it is damaged', async () => {
    const zipped = gzipSync(`${TRADE}\n${TRADE}\n`)
    expect((await run(zipped, 1)).report.events).toBe(2)
    await expect(run(zipped.subarray(0, zipped.length - 12))).rejects.toMatchObject({ code: 'BAD_MESSAGE' })
  })

  it('counts an invented channel as unknown, broken text as bad, and goes on', async () => {
    const { report } = await run(
      Buffer.concat([
        Buffer.from(`{"stream":"bnbbtc@moonPhase","data":{"e":"moonPhase","s":"BNBBTC"}}\n{"e":"tra\n`),
        Buffer.from([0xff, 0xfe, 0x0a]),
        Buffer.from(TRADE),
      ]),
    )
    expect(report.counts).toMatchObject({ unknown: 1, bad: 2, data: 1 })
    expect(report.problems.map(({ line, kind }) => [line, kind])).toEqual([
      [1, 'unknown'],
      [2, 'bad'],
      [3, 'bad'],
    ])
    expect(understood(report)).toBe(false)
  })
})

/** Recordings of each exchange in the protocol that its adapter speaks. Of Kraken nothing is recorded of today's protocol. */
const RECORDED = [
  { id: 'binance', file: 'binance', api: 'binance-ws' },
  { id: 'binance_coinm', file: 'binance-coinm', api: 'binance-coinm-ws' },
  { id: 'binance_usdm', file: 'binance-usdm', api: 'binance-usdm-ws' },
  { id: 'bitfinex', file: 'bitfinex', api: 'bitfinex-ws' },
  { id: 'bitmex', file: 'bitmex', api: 'bitmex-ws' },
  { id: 'bybit', file: 'bybit', api: 'bybit-ws-v5' },
  { id: 'coinbase', file: 'coinbase', api: 'coinbase-exchange-ws' },
  { id: 'coinbase_advanced', file: 'coinbase', api: 'coinbase-advanced-ws' },
  { id: 'okx', file: 'okx', api: 'okx-ws-v5' },
] as const

describe('decode of recordings', () => {
  for (const { id, file, api } of RECORDED) {
    const adapter = exchanges[id]
    const reason = recordingFile(file) === undefined ? 'no recordings on this machine' : undefined
    it.skipIf(reason)(`understands every recorded frame of ${id}${reason ? ` (${reason})` : ''}`, async () => {
      if (!adapter) throw new Error(`there is no ${id}`)
      const recorded = (readRecordings(file) ?? []).filter(
        (each) => each.kind === 'recorded' && (each.api === api || each.direction === 'out'),
      )
      async function* lines() {
        for (const { place: _, ...each } of recorded) yield Buffer.from(`${JSON.stringify(each)}\n`)
      }
      const report = await decode(adapter, lines(), () => {})
      expect(report.problems).toEqual([])
      expect(report.drifts).toEqual([])
      expect(understood(report)).toBe(true)
      const wanted = recorded.filter(({ direction, transport }) => direction === 'in' && transport === 'ws').length
      expect(Object.values(report.counts).reduce((sum, count) => sum + count)).toBe(wanted)
      expect(report.skipped).toBe(recorded.length - wanted)
      expect(report.counts.data).toBeGreaterThan(0)
    })
  }
})
