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
import type { Emulator, EmulatorOptions } from '../emulate.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const ALL_FLAGS = 32_768 + 65_536 + 131_072
const start = (options: Partial<EmulatorOptions> = {}) =>
  startTestEmulator(cleanup, { exchanges: ['bitfinex'], ...options })
const get = (emulator: Emulator, path: string) => request(emulator, `/bitfinex/v2${path}`)
const connect = (emulator: Emulator) => connectClient(cleanup, emulator, '/bitfinex/ws/2')

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

/** CRC32 bit by bit, beside the one that the emulator uses, signed. */
function crc(text: string): number {
  let sum = 0xffffffff
  for (const byte of Buffer.from(text)) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return ~sum
}

type Level = readonly [price: number, amount: number]

/** The sheet's rule: bid and ask by turns, numbers as JavaScript prints them. */
function checksum(bids: readonly Level[], asks: readonly Level[]): number {
  const parts: number[] = []
  for (let i = 0; i < 25; i++) parts.push(...(bids[i] ?? []), ...(asks[i] ?? []))
  return crc(parts.join(':'))
}

class Book {
  readonly bids = new Map<number, number>()
  readonly asks = new Map<number, number>()

  apply([price, count, amount]: readonly number[]): void {
    if (price === undefined || amount === undefined) throw new Error('no entry')
    const side = amount > 0 ? this.bids : this.asks
    if (count === 0) {
      expect(Math.abs(amount)).toBe(1)
      expect(side.delete(price), `delete of a level that was never told: ${price}`).toBe(true)
    } else side.set(price, amount)
  }

  sorted(): [bids: Level[], asks: Level[]] {
    return [[...this.bids].sort((a, b) => b[0] - a[0]), [...this.asks].sort((a, b) => a[0] - b[0])]
  }
}

it('the checksum of this test gives the values of the sheet', () => {
  const bids: Level[] = [
    [67010, 1.25],
    [67009, 2],
  ]
  expect(
    checksum(bids, [
      [67011, -0.5],
      [67012, -0.75],
    ]),
  ).toBe(-62925063)
  expect(checksum(bids, [[67011, -0.5]])).toBe(-91739925)
})

describe('Bitfinex over real sockets', () => {
  it.each([1, 25, 100, 250])(
    'a book of %d levels kept by the documented rule has every checksum and is the true one',
    async (len) => {
      const truth = await truthFile()
      const emulator = await start({ truth, rate: 60 })
      const client = await connect(emulator)
      client.say({ event: 'conf', flags: ALL_FLAGS })
      client.say({ event: 'subscribe', channel: 'trades', symbol: 'tETHUSD' })
      client.say({ event: 'subscribe', channel: 'book', symbol: 'tBTCUSD', prec: 'P0', freq: 'F0', len: String(len) })
      const ack = () => client.messages().find((m) => m.event === 'subscribed' && m.channel === 'book')
      const sums = () => client.messages().filter((m) => m[0] === ack()?.chanId && m[1] === 'cs')
      await waitFor(() => sums().length > (len === 1 ? 3 : 40))
      await emulator.close()

      const lines = (await readFile(truth, 'utf8')).trim().split('\n')
      const states = lines.map((line) => JSON.parse(line)).filter((l) => l.kind === 'book' && l.pair === 'BTC/USD')
      const truths = new Map(states.map((line) => [Number(BigInt(line.exchange_time) / 1_000_000n), line]))
      const numbers = (levels: [string, string][], sign: number) =>
        levels.map(([p, a]) => [Number(p), sign * Number(a)])
      const book = new Book()
      const seen: number[] = []
      let sequence = 0
      let compared = 0
      for (const message of client.messages()) {
        if (!Array.isArray(message)) continue
        const [channel, ...content] = message
        expect(content.at(-2)).toBe(++sequence)
        if (channel !== ack().chanId) continue
        const time = content.at(-1)
        const [first] = content
        if (first === 'hb') continue
        if (first === 'cs') {
          expect(content[1]).toBe(checksum(...book.sorted()))
          expect(time).toBe(seen.at(-1))
          continue
        }
        for (const entry of Array.isArray(first[0]) ? first : [first]) book.apply(entry)
        if (seen.length > 0) expect(time).toBeGreaterThan(seen.at(-1) ?? 0)
        seen.push(time)
        expect(book.bids.size).toBeLessThanOrEqual(len)
        expect(book.asks.size).toBeLessThanOrEqual(len)
        const [bids, asks] = book.sorted()
        expect(bids[0]?.[0] ?? 0).toBeLessThan(asks[0]?.[0] ?? Number.POSITIVE_INFINITY)
        const real = truths.get(time)
        if (!real) continue
        compared++
        expect(bids.slice(0, 25)).toEqual(numbers(real.bids, 1).slice(0, len))
        expect(asks.slice(0, 25)).toEqual(numbers(real.asks, -1).slice(0, len))
      }
      expect(compared).toBeGreaterThan(len === 1 ? 2 : 20)
      const known = new Set(seen)
      const [from = 0, until = 0] = [seen[0], seen.at(-1)]
      const missing = [...truths.keys()].filter((time) => time >= from && time <= until && !known.has(time))
      if (len >= 25) expect(missing).toEqual([])
    },
  )

  it('trades are told twice under ids that all pairs share, and are true', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 200 })
    const client = await connect(emulator)
    await waitFor(async () => (await readFile(truth, 'utf8')).includes('"trade"'))
    for (const symbol of ['tBTCUSD', 'tETHUSD']) client.say({ event: 'subscribe', channel: 'trades', symbol })
    client.say({ event: 'subscribe', channel: 'candles', key: 'trade:1m:tBTCUSD' })
    client.say({ event: 'subscribe', channel: 'ticker', symbol: 'tBTCUSD' })
    const told = (kind: string) => client.messages().filter((m) => m[1] === kind)
    await waitFor(() => told('tu').length > 50)
    await emulator.close()
    const lines = (await readFile(truth, 'utf8')).trim().split('\n')
    const real = new Map(
      lines.map((line) => JSON.parse(line)).flatMap((l) => (l.kind === 'trade' ? [[Number(l.trade_id), l]] : [])),
    )
    let last = 0
    for (const [, , [id, time, amount, price]] of told('te')) {
      expect(id).toBeGreaterThan(last)
      last = id
      const line = real.get(id)
      expect([Number(line.price), Number(line.amount)]).toEqual([price, Math.abs(amount)])
      expect(line.taker_side).toBe(amount > 0 ? 'buy' : 'sell')
      expect(line.exchange_time).toBe(`${time}000000`)
    }
    const acks = client.messages().filter((m) => m.event === 'subscribed')
    const [snapshot] = client.messages().filter((m) => m[0] === acks[0].chanId)
    const ids = snapshot[1].map((row: number[]) => row[0])
    expect(ids).toEqual([...ids].sort((a, b) => b - a))
    const first = Math.max(...ids, told('te')[0][2][0])
    const repeated = told('tu').filter((m) => m[2][0] >= first)
    const all = new Map(told('te').map((m) => [m[2][0], JSON.stringify(m[2])]))
    for (const [, , row] of repeated) expect(JSON.stringify(row)).toBe(all.get(row[0]))
    const candles = client.messages().filter((m) => m[0] === acks[2].chanId)
    const [, bar] = candles.at(-1)
    expect(Math.max(bar[1], bar[2])).toBeLessThanOrEqual(bar[3])
    expect(Math.min(bar[1], bar[2])).toBeGreaterThanOrEqual(bar[4])
    expect(client.messages().find((m) => m[0] === acks[3].chanId)[1]).toHaveLength(11)
  })

  it('answers subscriptions in the words of the venue, with a new channel each time', async () => {
    const emulator = await start({ rate: 0 })
    const client = await connect(emulator)
    const symbol = 'tBTCUSD'
    client.say({ event: 'conf', flags: ALL_FLAGS })
    client.say({ event: 'subscribe', channel: 'book', symbol, len: 100, subId: 'b1' })
    client.say({ event: 'subscribe', channel: 'book', symbol, len: '100' })
    client.say({ event: 'subscribe', channel: 'trades', symbol: 'tNOPE' })
    client.say({ event: 'subscribe', channel: 'news' })
    client.say({ event: 'subscribe', channel: 'book', symbol, len: '77' })
    client.say({ event: 'ping', cid: 5 })
    client.say({ event: 'unsubscribe', chanId: 1 })
    const events = () => client.messages().filter((m) => m.event)
    await waitFor(() => events().length === 9)
    const [info, conf, ack, ...others] = events()
    expect(info).toMatchObject({ event: 'info', version: 2, platform: { status: 1 } })
    expect(conf).toEqual({ event: 'conf', status: 'OK', flags: ALL_FLAGS })
    expect(ack).toEqual({
      event: 'subscribed',
      channel: 'book',
      chanId: expect.any(Number),
      symbol,
      prec: 'P0',
      freq: 'F0',
      len: '100',
      subId: 'b1',
      pair: 'BTCUSD',
    })
    expect(others).toMatchObject([
      { event: 'error', code: 10301, msg: 'subscribe: dup' },
      { event: 'error', code: 10300, msg: 'symbol: invalid', channel: 'trades', symbol: 'tNOPE' },
      { event: 'error', code: 10302 },
      { event: 'error', code: 10020, msg: 'len: invalid' },
      { event: 'pong', cid: 5, ts: expect.any(Number) },
      { event: 'error', code: 10400 },
    ])
    client.say({ event: 'unsubscribe', chanId: ack.chanId })
    client.say({ event: 'subscribe', channel: 'book', symbol, len: '100' })
    await waitFor(() => events().length === 11)
    expect(events()[9]).toEqual({ event: 'unsubscribed', status: 'OK', chanId: ack.chanId })
    expect(events()[10].chanId).not.toBe(ack.chanId)
  })

  it('refuses the twenty-sixth channel', async () => {
    const emulator = await start({ rate: 0, instruments: 13 })
    const client = await connect(emulator)
    const { body } = await get(emulator, '/conf/pub:list:pair:exchange')
    for (const channel of ['trades', 'ticker'])
      for (const pair of body[0]) client.say({ event: 'subscribe', channel, symbol: `t${pair}` })
    await waitFor(() => client.messages().some((m) => m.code === 10305))
    expect(client.messages().filter((m) => m.event === 'subscribed')).toHaveLength(25)
  })

  it('tells the status of perpetuals each second and every liquidation, as its truth and its REST do', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connect(emulator)
    const key = 'deriv:tBTCF0:USTF0'
    client.say({ event: 'subscribe', channel: 'status', key })
    client.say({ event: 'subscribe', channel: 'status', key: 'liq:global' })
    client.say({ event: 'subscribe', channel: 'status', key: 'deriv:tBTCUSD' })
    const of = (wanted: string) => {
      const ack = client.messages().find((m) => m.event === 'subscribed' && m.key === wanted)
      return client.messages().filter((m) => Array.isArray(m) && m[0] === ack?.chanId && m[1] !== 'hb')
    }
    const briefly = () => of(key).filter(([, row]) => row[11] === null)
    await waitFor(() => briefly().length > 0 && of('liq:global').length > 5)
    const { body } = await get(emulator, '/status/deriv?keys=tBTCF0:USTF0')
    expect(body[0].slice(0, 2)).toEqual(['tBTCF0:USTF0', expect.any(Number)])
    expect((await get(emulator, '/status/deriv/tBTCF0:USTF0/hist?limit=5')).body).toHaveLength(5)
    await emulator.close()
    expect(client.messages().find((m) => m.event === 'error')).toMatchObject({ code: 10300, key: 'deriv:tBTCUSD' })
    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const said = (kind: string) =>
      new Map(lines.filter((l) => l.kind === kind).map((l) => [`${l.symbol} ${l.exchange_time}`, l.values]))
    const marks = said('mark_price')
    for (const [, row] of of(key)) expect(Number(marks.get(`tBTCF0:USTF0 ${row[0]}000000`)?.price)).toBe(row[14])
    const forced = said('liquidation')
    for (const [, [row]] of of('liq:global')) {
      const value = forced.get(`${row[4]} ${row[2]}000000`)
      expect(value).toMatchObject({ side: row[5] > 0 ? 'sell' : 'buy', order_id: String(row[1]) })
      expect(Number(value.amount)).toBe(Math.abs(row[5]))
    }
  })

  it('faults spoil a checksum, refuse a symbol, announce a restart and a maintenance', async () => {
    const emulator = await start({ rate: 60 })
    await orderFaults(emulator, [
      { exchange: 'bitfinex', fault: 'checksum' },
      { exchange: 'bitfinex', fault: 'reject', symbol: 'tETHUSD', ms: 60_000 },
    ])
    const client = await connect(emulator)
    client.say({ event: 'conf', flags: 131_072 })
    client.say({ event: 'subscribe', channel: 'book', symbol: 'tBTCUSD', len: '25' })
    client.say({ event: 'subscribe', channel: 'trades', symbol: 'tETHUSD' })
    const right = () => {
      const book = new Book()
      const answers: boolean[] = []
      for (const [, content, sum] of client.messages().filter(Array.isArray)) {
        if (content === 'cs') answers.push(sum === checksum(...book.sorted()))
        else for (const entry of Array.isArray(content[0]) ? content : [content]) book.apply(entry)
      }
      return answers
    }
    await waitFor(() => right().length > 2)
    expect(right().slice(0, 3)).toEqual([false, true, true])
    expect(client.messages().find((m) => m.event === 'error')).toMatchObject({ code: 10300, symbol: 'tETHUSD' })
    await orderFaults(emulator, { exchange: 'bitfinex', fault: 'maintenance', ms: 5000 })
    await orderFaults(emulator, { exchange: 'bitfinex', fault: 'close', notice: true, at_ms: 0 })
    await waitFor(() => client.closed() === 1001)
    const codes = client.messages().flatMap((m) => (m.event === 'info' && m.code ? [m.code] : []))
    expect(codes).toEqual([20060, 20051])
    const again = await connect(emulator)
    await orderFaults(emulator, { exchange: 'bitfinex', fault: 'maintenance', ms: 50 })
    await waitFor(() => again.messages().some((m) => m.code === 20061))
  })

  it('serves lists, books, trades and candles that agree with each other', async () => {
    const emulator = await start({ rate: 500, instruments: 8 })
    const { body: conf } = await get(
      emulator,
      '/conf/pub:list:pair:exchange,pub:list:pair:futures,pub:map:currency:sym',
    )
    expect(conf[0]).toContain('BTCUSD')
    expect(conf[0]).toContain('LINK:USD')
    expect(conf[1]).toEqual(['BTCF0:USTF0', 'ETHF0:USTF0'])
    expect(conf[2]).toContainEqual(['UST', 'USDt'])
    const trades = async (query = '') => (await get(emulator, `/trades/tBTCUSD/hist?${query}`)).body
    await expect.poll(async () => (await trades()).length, { interval: 400 }).toBeGreaterThan(20)
    const newest = await trades('limit=10')
    expect(newest).toHaveLength(10)
    expect(newest[0][0]).toBeGreaterThan(newest[9][0])
    const upwards = await trades(`sort=1&start=${newest[9][1]}&end=${newest[0][1]}`)
    expect(upwards.length).toBeGreaterThanOrEqual(10)
    expect(upwards[0][1]).toBe(newest[9][1])
    const { body: candles } = await get(emulator, '/candles/trade:1m:tBTCUSD/hist?limit=3')
    expect(candles[0]).toHaveLength(6)
    expect((await get(emulator, '/book/tBTCUSD/P0?len=25')).body).toHaveLength(50)
    expect((await get(emulator, '/ticker/tBTCUSD')).body).toHaveLength(11)
    expect((await get(emulator, '/platform/status')).body).toEqual([1])
    expect(await get(emulator, '/ticker/tNOPE')).toMatchObject({
      status: 500,
      body: ['error', 10020, 'symbol: invalid'],
    })
  })

  it('limits each endpoint by itself', async () => {
    const emulator = await start({ rate: 0 })
    let answer = await get(emulator, '/trades/tBTCUSD/hist')
    for (let i = 0; i < 15; i++) answer = await get(emulator, '/trades/tBTCUSD/hist')
    expect(answer).toMatchObject({ status: 429, body: ['error', 11010, 'ratelimit: error'] })
    expect((await get(emulator, '/book/tBTCUSD/P0')).status).toBe(200)
  })
})
