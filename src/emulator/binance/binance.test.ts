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

interface Depth {
  readonly E: number
  readonly U: number
  readonly u: number
  readonly b: readonly [string, string][]
  readonly a: readonly [string, string][]
}

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const start = (options: Partial<EmulatorOptions> = {}) =>
  startTestEmulator(cleanup, { exchanges: ['binance'], ...options })
const get = (emulator: Emulator, path: string) => request(emulator, `/binance${path}`)

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return path
}

async function connect(emulator: Emulator, path: string) {
  const client = await connectClient(cleanup, emulator, `/binance${path}`)
  const data = (stream: string) =>
    client
      .messages()
      .filter((message) => message.stream === stream)
      .map((message) => message.data)
  return { ...client, data }
}

describe('Binance over real sockets', () => {
  it('a book kept by the documented rule is the true one at every push', async () => {
    const truth = join(await folder(), 'truth.ndjson')
    const emulator = await start({ truth })
    const client = await connect(emulator, '/stream')
    client.say({ method: 'SUBSCRIBE', params: ['btcusdt@depth@100ms', 'btcusdt@trade'], id: 1 })
    await waitFor(() => client.data('btcusdt@depth@100ms').length > 2)
    const { body: snapshot } = await get(emulator, '/api/v3/depth?symbol=BTCUSDT&limit=5000')
    await waitFor(() => client.data('btcusdt@depth@100ms').length > 20)
    await emulator.close()

    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const books = new Map(
      lines.filter((line) => line.kind === 'book' && line.pair === 'BTC/USDT').map((line) => [line.sequence, line]),
    )
    const sides = { b: new Map<string, string>(snapshot.bids), a: new Map<string, string>(snapshot.asks) }
    const pushes = client.data('btcusdt@depth@100ms') as Depth[]
    const kept = pushes.filter((push) => push.u > snapshot.lastUpdateId)
    const [first] = kept
    expect(first && first.U <= snapshot.lastUpdateId + 1 && snapshot.lastUpdateId + 1 <= first.u).toBe(true)
    let last = 0
    let time = 0
    for (const push of pushes) {
      if (last > 0) expect(push.U).toBe(last + 1)
      expect(push.E).toBeGreaterThan(time)
      last = push.u
      time = push.E
    }
    expect(kept.length).toBeGreaterThan(10)
    for (const push of kept) {
      for (const side of ['b', 'a'] as const)
        for (const [price, amount] of push[side]) {
          if (Number(amount) === 0) sides[side].delete(price)
          else sides[side].set(price, amount)
        }
      const line = books.get(String(push.u))
      expect(line.exchange_time).toBe(String(BigInt(push.E) * 1_000_000n))
      expect(line.bids).toEqual([...sides.b].sort((x, y) => Number(y[0]) - Number(x[0])).slice(0, 25))
      expect(line.asks).toEqual([...sides.a].sort((x, y) => Number(x[0]) - Number(y[0])).slice(0, 25))
    }

    const trades = lines.filter((line) => line.kind === 'trade' && line.pair === 'BTC/USDT')
    const got = client.data('btcusdt@trade')
    expect(got.length).toBeGreaterThan(5)
    for (const [i, trade] of got.entries()) {
      if (i > 0) expect(trade.t).toBe(got[i - 1].t + 1)
      const line = trades.find((one) => one.trade_id === String(trade.t))
      expect(line).toMatchObject({
        exchange: 'binance',
        symbol: 'BTCUSDT',
        price: trade.p,
        amount: trade.q,
        taker_side: trade.m ? 'sell' : 'buy',
        exchange_time: `${trade.T}000000`,
      })
    }
  })

  it('acknowledges, lists, ends and refuses subscriptions in the words of the venue', async () => {
    const client = await connect(await start(), '/stream?streams=ethusdt@bookTicker')
    client.say({ method: 'SUBSCRIBE', params: ['btcusdt@bookTicker', 'nosuch@trade', 'BTCUSDT@trade'], id: 'x1' })
    client.say({ method: 'LIST_SUBSCRIPTIONS', id: 2 })
    client.say({ method: 'UNSUBSCRIBE', params: ['btcusdt@bookTicker'], id: 3 })
    client.say('{"method":')
    client.say({ method: 'SUBSCRIBE', params: 'btcusdt@trade', id: 5 })
    await waitFor(() => client.messages().filter((message) => !message.stream).length === 5)
    expect(client.messages().filter((message) => !message.stream)).toEqual([
      { result: null, id: 'x1' },
      { result: ['ethusdt@bookTicker', 'btcusdt@bookTicker', 'nosuch@trade', 'BTCUSDT@trade'], id: 2 },
      { result: null, id: 3 },
      { code: 3, msg: expect.stringContaining('Invalid JSON'), id: null },
      { code: 2, msg: expect.stringContaining('Invalid request'), id: 5 },
    ])
    await waitFor(() => client.data('ethusdt@bookTicker').length > 3)
    expect(Object.keys(client.data('ethusdt@bookTicker')[0])).toEqual(['u', 's', 'b', 'B', 'a', 'A'])
    expect(client.heard.some((text) => text.startsWith('{"stream":"nosuch') || text.startsWith('{"stream":"BTC'))).toBe(
      false,
    )
  })

  it('raw connections give frames without an envelope', async () => {
    const client = await connect(await start(), '/ws/btcusdt@trade/btcusdt@aggTrade')
    await waitFor(
      () => client.messages().some((m) => m.e === 'aggTrade') && client.messages().some((m) => m.e === 'trade'),
    )
    const aggregates = client.messages().filter((message) => message.e === 'aggTrade')
    for (const [i, one] of aggregates.entries())
      if (i > 0) expect(one).toMatchObject({ a: aggregates[i - 1].a + 1, f: aggregates[i - 1].l + 1 })
  })

  it('drops a client that sends more than five messages a second', async () => {
    const client = await connect(await start(), '/ws')
    for (let id = 0; id < 6; id++) client.say({ method: 'LIST_SUBSCRIPTIONS', id })
    await waitFor(() => client.closed() !== undefined)
    expect(client.closed()).toBe(1008)
  })

  it('serves instruments, trades, aggregate trades and klines that agree with each other', async () => {
    const emulator = await start({ rate: 500 })
    const { body: info } = await get(emulator, '/api/v3/exchangeInfo')
    expect(info.symbols.map((one: { symbol: string; status: string }) => `${one.symbol} ${one.status}`)).toEqual([
      'BTCUSDT TRADING',
      'ETHUSDT TRADING',
      'OLDUSDT BREAK',
    ])
    expect(info.symbols[0].filters[0]).toMatchObject({ filterType: 'PRICE_FILTER', tickSize: '0.01000000' })
    const recent = async () => (await get(emulator, '/api/v3/trades?symbol=BTCUSDT&limit=100')).body
    await expect.poll(async () => (await recent()).length, { timeout: 10_000 }).toBe(100)
    const [oldest] = await recent()
    const { body: page } = await get(emulator, `/api/v3/historicalTrades?symbol=BTCUSDT&fromId=${oldest.id}&limit=50`)
    expect(page[0]).toEqual(oldest)
    expect(page.map((trade: { id: number }) => trade.id)).toEqual(page.map((_: unknown, i: number) => oldest.id + i))
    const { body: aggregates } = await get(emulator, '/api/v3/aggTrades?symbol=BTCUSDT&fromId=0&limit=10')
    expect(aggregates).toHaveLength(10)
    const { body: next } = await get(emulator, `/api/v3/aggTrades?symbol=BTCUSDT&fromId=${aggregates[9].a}&limit=2`)
    expect(next[0]).toEqual(aggregates[9])
    const { body: klines } = await get(emulator, '/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5')
    expect(klines.at(-1)).toHaveLength(12)
    expect(klines.at(-1)[6] - klines.at(-1)[0]).toBe(59_999)
    expect((await get(emulator, '/api/v3/time')).body.serverTime).toBeGreaterThan(1_600_000_000_000)
  })

  it('refuses requests in the words of the venue and counts their weight', async () => {
    const emulator = await start()
    expect(await get(emulator, '/api/v3/depth?symbol=NOPE')).toMatchObject({
      status: 400,
      body: { code: -1121, msg: 'Invalid symbol.' },
    })
    expect(await get(emulator, '/api/v3/depth')).toMatchObject({ status: 400, body: { code: -1102 } })
    expect(await get(emulator, '/api/v3/klines?symbol=BTCUSDT&interval=7m')).toMatchObject({ body: { code: -1120 } })
    expect(await get(emulator, '/api/v3/trades?symbol=BTCUSDT&limit=x')).toMatchObject({ body: { code: -1100 } })
    expect((await get(emulator, '/api/v1/depth')).status).toBe(404)
    const used = async () => Number((await get(emulator, '/api/v3/ping')).headers.get('x-mbx-used-weight-1m'))
    const before = await used()
    await get(emulator, '/api/v3/depth?symbol=BTCUSDT&limit=5000')
    expect(await used()).toBe(before + 251)
    let status = 200
    let retryAfter: string | null = null
    for (let i = 0; i < 30 && status === 200; i++) {
      const answer = await get(emulator, '/api/v3/depth?symbol=BTCUSDT&limit=5000')
      status = answer.status
      retryAfter = answer.headers.get('retry-after')
    }
    expect(status).toBe(429)
    expect(Number(retryAfter)).toBeGreaterThan(0)
    for (let i = 0; i < 30 && status === 429; i++) status = (await get(emulator, '/api/v3/ping')).status
    expect(status).toBe(418)
  })

  it('announces a shutdown before it ends connections', async () => {
    const emulator = await start()
    const client = await connect(emulator, '/stream')
    await orderFaults(emulator, { exchange: 'binance', fault: 'close', notice: true })
    await waitFor(() => client.closed() === 1001)
    expect(client.messages()).toEqual([{ e: 'serverShutdown', E: expect.any(Number) }])
  })

  it('a fault refuses a subscription as a whole, as the venue does with a request it does not take', async () => {
    const emulator = await start()
    await orderFaults(emulator, {
      exchange: 'binance',
      fault: 'reject',
      ms: 60_000,
      channel: 'trades',
      symbol: 'BTCUSDT',
    })
    const client = await connect(emulator, '/stream')
    client.say({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 1 })
    client.say({ method: 'SUBSCRIBE', params: ['ethusdt@trade'], id: 2 })
    await waitFor(() => client.heard.length >= 2)
    expect(client.messages().slice(0, 2)).toEqual([
      { code: 2, msg: expect.any(String), id: 1 },
      { result: null, id: 2 },
    ])
  })

  it('answers a path that is not there with 404, for both HTTP and WebSocket', async () => {
    const emulator = await start()
    await expect(connect(emulator, '/nothing')).rejects.toThrow('404')
    await expect(connect(emulator, '/%E0%A4%A/ws')).rejects.toThrow('404')
    await connect(emulator, '/ws/%E0%A4%A')
    expect((await fetch(`http://127.0.0.1:${emulator.port}/nowhere/`)).status).toBe(404)
  })
})
