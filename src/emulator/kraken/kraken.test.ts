import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  Cleanup,
  connectClient,
  orderFaults,
  request,
  startTestEmulator,
  waitFor,
} from '../../../testkit/emulator-client.js'
import { nanosFromIso } from '../../model/time.js'
import type { Emulator, EmulatorOptions } from '../emulate.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const start = (options: Partial<EmulatorOptions> = {}) =>
  startTestEmulator(cleanup, { exchanges: ['kraken'], ...options })
const get = (emulator: Emulator, path: string) => request(emulator, `/kraken/0/public${path}`)
const subscribe = (params: object, id = 1) => ({ method: 'subscribe', params, req_id: id })

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

/** CRC32 bit by bit, beside the one that the emulator uses. */
function crc(text: string): number {
  let sum = 0xffffffff
  for (const byte of Buffer.from(text)) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return (sum ^ 0xffffffff) >>> 0
}

/** The sheet's rule on texts as they stood on the wire. */
function checksum(asks: readonly (readonly string[])[], bids: readonly (readonly string[])[]): number {
  const digits = (text = '') => String(BigInt(text.replace('.', '')))
  const best = (levels: readonly (readonly string[])[]) =>
    levels.slice(0, 10).map(([price, amount]) => digits(price) + digits(amount))
  return crc([...best(asks), ...best(bids)].join(''))
}

interface BookFrame {
  readonly type: string
  readonly symbol: string
  readonly bids: readonly [string, string][]
  readonly asks: readonly [string, string][]
  readonly checksum: number
  readonly timestamp: string
}

/** Reads a book frame keeping the digits of its numbers. */
function readBook(text: string): BookFrame {
  const quoted = text.replace(/"(price|qty)":([0-9.]+)/g, '"$1":"$2"')
  const { type, data } = JSON.parse(quoted)
  const pairs = (levels: { price: string; qty: string }[]) => levels.map(({ price, qty }) => [price, qty])
  return { ...data[0], type, bids: pairs(data[0].bids), asks: pairs(data[0].asks) }
}

class Book {
  readonly bids = new Map<string, string>()
  readonly asks = new Map<string, string>()
  private readonly depth: number

  constructor(depth: number) {
    this.depth = depth
  }

  apply(frame: BookFrame): void {
    for (const side of ['bids', 'asks'] as const) {
      const levels = this[side]
      if (frame.type === 'snapshot') levels.clear()
      for (const [price, amount] of frame[side])
        if (Number(amount) > 0) levels.set(price, amount)
        else expect(levels.delete(price), `delete of a level that was never told: ${price}`).toBe(true)
      for (const [price] of this.sorted(side).slice(this.depth)) levels.delete(price)
    }
  }

  sorted(side: 'bids' | 'asks'): [string, string][] {
    const sign = side === 'bids' ? -1 : 1
    return [...this[side]].sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
  }
}

it('the checksum of this test gives the values of the sheet', () => {
  const asks = [
    ['0.5', '10.00'],
    ['0.6', '2.50'],
  ]
  expect(checksum(asks, [['0.4', '1.00']])).toBe(3736161588)
  const levels = (price: number, step: number, amount: number, more: number) =>
    Array.from({ length: 10 }, (_, i) => [(price + step * i).toFixed(1), (amount + more * i).toFixed(8)])
  expect(checksum(levels(100.1, 0.1, 0.01, 0.01), levels(100, -0.1, 1, 0.01))).toBe(2004379583)
})

describe('Kraken over real sockets', () => {
  it.each([10, 25, 100, 1000])(
    'a book of depth %d kept by the documented rule has every checksum and is the true one',
    async (depth) => {
      const truth = await truthFile()
      const emulator = await start({ truth, rate: 300 })
      const client = await connectClient(cleanup, emulator, '/kraken/v2')
      const frames = () => client.heard.filter((text) => text.startsWith('{"channel":"book"')).map(readBook)
      client.say(subscribe({ channel: 'book', symbol: ['BTC/USD'], depth }))
      await waitFor(() => frames().length > 250)
      await emulator.close()

      const lines = (await readFile(truth, 'utf8')).trim().split('\n')
      const states = lines.map((line) => JSON.parse(line)).filter((l) => l.kind === 'book' && l.pair === 'BTC/USD')
      const truths = new Map(states.map((line) => [line.exchange_time, line]))
      const book = new Book(depth)
      let last = 0n
      let compared = 0
      const seen = new Set<string>()
      for (const frame of frames()) {
        book.apply(frame)
        const [bids, asks] = [book.sorted('bids'), book.sorted('asks')]
        expect(frame.checksum).toBe(checksum(asks, bids))
        expect(Number(bids[0]?.[0])).toBeLessThan(Number(asks[0]?.[0]))
        const time = nanosFromIso(frame.timestamp) ?? 0n
        expect(time).toBeGreaterThan(last)
        last = time
        seen.add(String(time))
        const real = truths.get(String(time))
        if (!real) continue
        compared++
        expect(bids.slice(0, 25)).toEqual(real.bids.slice(0, depth))
        expect(asks.slice(0, 25)).toEqual(real.asks.slice(0, depth))
      }
      expect(compared).toBeGreaterThan(100)
      const times = [...seen].map(BigInt)
      const within = [...truths.keys()].filter((time) => BigInt(time) >= (times[0] ?? 0n) && BigInt(time) <= last)
      if (depth >= 25) expect(within.filter((time) => !seen.has(time))).toEqual([])
      expect(frames()[0]?.bids[0]?.[0]).toMatch(/^\d+\.\d$/)
      expect(frames()[0]?.bids[0]?.[1]).toMatch(/^\d+\.\d{8}$/)
    },
  )

  it('trades are continuous and true, quotes follow the book, candles grow', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connectClient(cleanup, emulator, '/kraken/v2')
    const symbol = ['BTC/USD', 'ETH/USD']
    await waitFor(async () => (await readFile(truth, 'utf8')).includes('"trade"'))
    client.say(subscribe({ channel: 'trade', symbol, snapshot: true }))
    client.say(subscribe({ channel: 'ticker', symbol, event_trigger: 'bbo' }, 2))
    client.say(subscribe({ channel: 'ohlc', symbol, interval: 1 }, 3))
    const rows = (channel: string) =>
      client.messages().flatMap((m) => (m.channel === channel ? m.data.map((row: object) => ({ ...row, ...m })) : []))
    await waitFor(() => rows('trade').length > 200 && rows('ohlc').length > 50 && rows('ticker').length > 50)
    await emulator.close()
    const trades = client.messages().filter((m) => m.channel === 'trade')
    expect(trades[0].type).toBe('snapshot')
    const lines = (await readFile(truth, 'utf8')).trim().split('\n')
    const real = new Map(
      lines
        .map((line) => JSON.parse(line))
        .flatMap((l) => (l.kind === 'trade' ? [[`${l.pair} ${l.trade_id}`, l]] : [])),
    )
    const last = new Map<string, number>()
    for (const { data } of trades)
      for (const { symbol, side, price, qty, trade_id, timestamp } of data) {
        expect(trade_id).toBe((last.get(symbol) ?? trade_id - 1) + 1)
        last.set(symbol, trade_id)
        const line = real.get(`${symbol} ${trade_id}`)
        expect([Number(line.price), Number(line.amount), line.taker_side]).toEqual([price, qty, side])
        expect(line.exchange_time).toBe(String(nanosFromIso(timestamp)))
      }
    expect(last.size).toBe(2)
    for (const ticker of rows('ticker')) expect(ticker.bid).toBeLessThan(ticker.ask)
    const [bar] = rows('ohlc').slice(-1)
    expect(bar).toMatchObject({ interval: 1, interval_begin: expect.stringMatching(/:00\.000000000Z$/) })
    expect(bar.low <= bar.open && bar.open <= bar.high).toBe(true)
  })

  it('answers each symbol by itself, in the words of the venue', async () => {
    const emulator = await start({ rate: 0 })
    const client = await connectClient(cleanup, emulator, '/kraken/v2')
    client.say(subscribe({ channel: 'trade', symbol: ['BTC/USD', 'XXX/YYY'] }, 7))
    client.say(subscribe({ channel: 'trade', symbol: ['BTC/USD'] }, 8))
    client.say(subscribe({ channel: 'book', symbol: ['BTC/USD'], depth: 11 }, 9))
    client.say({ method: 'ping', req_id: 10 })
    client.say({ method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USD'] }, req_id: 11 })
    client.say({ method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USD'] }, req_id: 12 })
    client.say('{"method"')
    const answers = () => client.messages().filter((message) => message.method)
    await waitFor(() => answers().length === 8)
    const times = { time_in: expect.any(String), time_out: expect.any(String) }
    const result = { channel: 'trade', symbol: 'BTC/USD', snapshot: false }
    expect(answers()).toEqual([
      { method: 'subscribe', req_id: 7, result, success: true, ...times },
      {
        method: 'subscribe',
        req_id: 7,
        success: false,
        error: 'Currency pair not supported XXX/YYY',
        symbol: 'XXX/YYY',
        ...times,
      },
      expect.objectContaining({ req_id: 8, success: false, error: 'Already subscribed' }),
      expect.objectContaining({ req_id: 9, success: false }),
      { method: 'pong', req_id: 10, ...times },
      expect.objectContaining({ method: 'unsubscribe', req_id: 11, success: true }),
      expect.objectContaining({ method: 'unsubscribe', req_id: 12, success: false }),
      expect.objectContaining({ success: false }),
    ])
    expect(client.messages()[0]).toMatchObject({ channel: 'status', type: 'update', data: [{ system: 'online' }] })
  })

  it('beats when quiet, but only while something is subscribed', async () => {
    const emulator = await start({ rate: 0 })
    const [quiet, listening] = [
      await connectClient(cleanup, emulator, '/kraken/v2'),
      await connectClient(cleanup, emulator, '/kraken/v2'),
    ]
    listening.say(subscribe({ channel: 'trade', symbol: ['BTC/USD'] }))
    const beats = (heard: readonly string[]) => heard.filter((text) => text === '{"channel":"heartbeat"}').length
    await waitFor(() => beats(listening.heard) === 2)
    expect(beats(quiet.heard)).toBe(0)
  })

  it('faults spoil a checksum, refuse a symbol and announce a shutdown', async () => {
    const emulator = await start()
    const fault = { exchange: 'kraken', symbol: 'BTC/USD' }
    await orderFaults(emulator, [
      { ...fault, fault: 'checksum', channel: 'book', count: 1 },
      { ...fault, fault: 'reject', channel: 'trades', ms: 60_000 },
    ])
    const client = await connectClient(cleanup, emulator, '/kraken/v2')
    client.say(subscribe({ channel: 'book', symbol: ['BTC/USD'] }))
    client.say(subscribe({ channel: 'trade', symbol: ['BTC/USD'] }, 2))
    const frames = () => client.heard.filter((text) => text.startsWith('{"channel":"book"')).map(readBook)
    await waitFor(() => frames().length > 2)
    const right = frames().map((frame, i, all) => {
      const book = new Book(10)
      for (const each of all.slice(0, i + 1)) book.apply(each)
      return frame.checksum === checksum(book.sorted('asks'), book.sorted('bids'))
    })
    expect(right.slice(0, 3)).toEqual([false, true, true])
    expect(client.messages().find((m) => m.req_id === 2)).toMatchObject({
      error: 'Currency pair not supported BTC/USD',
    })
    await orderFaults(emulator, { exchange: 'kraken', fault: 'close', notice: true })
    await waitFor(() => client.closed() === 1001)
    expect(client.messages().at(-1)).toMatchObject({ channel: 'status', data: [{ system: 'maintenance' }] })
  })

  it('serves pairs under their four names, and history that agrees with itself', async () => {
    const emulator = await start({ rate: 500 })
    const { body: pairs } = await get(emulator, '/AssetPairs')
    expect(pairs.error).toEqual([])
    expect(pairs.result.XXBTZUSD).toMatchObject({
      altname: 'XBTUSD',
      wsname: 'XBT/USD',
      base: 'XXBT',
      quote: 'ZUSD',
      pair_decimals: 1,
      lot_decimals: 8,
      tick_size: '0.1',
      status: 'online',
    })
    expect(pairs.result.OLDUSD.status).toBe('cancel_only')
    const { body: depth } = await get(emulator, '/Depth?pair=XBTUSD&count=5')
    expect(depth.result.XXBTZUSD.bids).toHaveLength(5)
    const page = async (since: string) =>
      (await get(emulator, `/Trades?pair=XBTUSD&since=${since}&count=20`)).body.result
    await expect.poll(async () => (await page('0')).XXBTZUSD.length, { interval: 300 }).toBe(20)
    const first = await page('0')
    await expect.poll(async () => (await page(first.last)).XXBTZUSD.length, { interval: 300 }).toBe(20)
    const second = await page(first.last)
    expect(second.XXBTZUSD[0][6]).toBe(first.XXBTZUSD[19][6] + 1)
    const { body: bars } = await get(emulator, '/OHLC?pair=XBTUSD&interval=1')
    expect(bars.result.XXBTZUSD.at(-1)).toHaveLength(8)
    expect((await get(emulator, '/SystemStatus')).body.result.status).toBe('online')
  })

  it('refuses with HTTP 200: unknown pairs, and too many requests', async () => {
    const emulator = await start({ rate: 0 })
    expect(await get(emulator, '/Depth?pair=NOPE')).toMatchObject({
      status: 200,
      body: { error: ['EQuery:Unknown asset pair'] },
    })
    const answers = []
    for (let i = 0; i < 20; i++) answers.push(await get(emulator, '/Time'))
    expect(answers.at(-1)).toMatchObject({ status: 200, body: { error: ['EAPI:Rate limit exceeded'] } })
  })
})
