import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { fakePorts, streamRow } from '../../testkit/fake-ports.js'
import type { LiveBatch, LiveWish } from '../model/live.js'
import type { TradeRow } from '../model/row.js'
import { accessTokens } from '../service/access.js'
import { LiveHub } from '../service/live-hub.js'
import { type Api, serveApi } from './server.js'

const TRADES = 'binance trades BTC/USDT'
const BOOK = 'binance book_deltas BTC/USDT'
const open: Api[] = []
const sockets: WebSocket[] = []

afterEach(async () => {
  for (const each of sockets.splice(0)) each.terminate()
  for (const api of open.splice(0)) await api.close()
})

async function serve(token?: string, slowMs?: number) {
  const wishes: LiveWish[] = []
  let hand: (batch: LiveBatch) => void = () => {}
  const source = {
    follow: (wish: LiveWish) => void wishes.push(wish),
    onLive(listener: (batch: LiveBatch) => void) {
      hand = listener
      return () => {
        hand = () => {}
      }
    },
  }
  const rows = [{ ...streamRow, channels: ['trades', 'book', 'ohlc'] }]
  const base = fakePorts()
  const config = base.config()
  const tokens = accessTokens(
    { ...config, settings: { ...config.settings, ui_auth_token: token ?? null } },
    undefined,
    false,
  )
  const ports = fakePorts({ live: new LiveHub(source, { status: () => rows }), tokens: () => tokens })
  const api = await serveApi(ports, { host: '127.0.0.1', port: 0, ...(slowMs !== undefined && { slowMs }) })
  open.push(api)
  const give = (...items: LiveBatch['items']) => hand({ items, missed: [] })
  return { port: api.port, wishes, give, miss: (count: number) => hand({ items: [], missed: [[TRADES, count]] }) }
}

async function connect(port: number, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`, { headers })
  sockets.push(socket)
  const heard: Record<string, unknown>[] = []
  socket.on('message', (data) => {
    heard.push(...JSON.parse(String(data)))
    socket.emit('heard')
  })
  await once(socket, 'open')
  return {
    socket,
    heard,
    ask: (action: string, channels: readonly string[], more: object = {}) =>
      socket.send(JSON.stringify({ action, exchange: 'binance', pair: 'BTC/USDT', channels, ...more })),
    async until(count: number) {
      while (heard.length < count) await once(socket, 'heard')
      return heard
    },
  }
}

function trade(n: number, pad = ''): LiveBatch['items'][number] {
  const time = 1_764_000_000_000_000_000n + BigInt(n)
  const row: TradeRow = {
    exchange_time: time,
    receive_time: time,
    frame: 1n,
    row: 0,
    day: 0,
    trade_id: `${n}${pad}`,
    price: '10.50',
    amount: '1',
    taker_side: 'sell',
    source: 'stream',
  }
  return { what: 'row', kind: 'trades', dataset: TRADES, row }
}

function level(side: 'bid' | 'ask', price: string, frame: bigint): LiveBatch['items'][number] {
  const shared = {
    exchange_time: null,
    receive_time: 1n,
    day: 0,
    first_sequence: 7n,
    last_sequence: 8n,
    is_snapshot: false,
  }
  return {
    what: 'row',
    kind: 'book_deltas',
    dataset: BOOK,
    row: { ...shared, frame, row: 0, side, price, amount: '2' },
  }
}

describe('GET /api/v1/live', () => {
  it('hands out what is followed, in order, with exact numbers and times', async () => {
    const { port, wishes, give } = await serve()
    const client = await connect(port)
    client.ask('subscribe', ['trades', 'book_deltas'])
    await client.until(1)
    expect(wishes.at(-1)).toEqual({ rows: [TRADES, BOOK], books: [], whole: [BOOK] })
    give(trade(1), level('bid', '10', 1n), level('ask', '11', 1n), level('ask', '12', 2n))
    const [, first, second, third] = await client.until(4)
    expect(first).toEqual({
      type: 'trade',
      exchange: 'binance',
      pair: 'BTC/USDT',
      exchange_time: '2025-11-24T16:00:00.000000001Z',
      receive_time: '2025-11-24T16:00:00.000000001Z',
      trade_id: '1',
      price: '10.50',
      amount: '1',
      taker_side: 'sell',
      source: 'stream',
    })
    expect(second).toMatchObject({
      type: 'book_delta',
      is_snapshot: false,
      last_sequence: '8',
      bids: [['10', '2']],
      asks: [['11', '2']],
    })
    expect(third).toMatchObject({ bids: [], asks: [['12', '2']] })
  })

  it('asks the workers for nothing that nobody follows', async () => {
    const { port, wishes, give } = await serve()
    const [one, two] = [await connect(port), await connect(port)]
    one.ask('subscribe', ['trades', 'book'])
    await one.until(1)
    two.ask('subscribe', ['trades'])
    await two.until(1)
    expect(wishes.at(-1)).toEqual({ rows: [TRADES], books: [BOOK], whole: [] })
    one.ask('unsubscribe', ['trades', 'book'])
    await one.until(2)
    expect(wishes.at(-1)).toEqual({ rows: [TRADES], books: [], whole: [] })
    give(trade(1))
    await two.until(2)
    expect(one.heard.length).toBe(2)
    const before = wishes.length
    two.socket.close()
    while (wishes.length === before) await new Promise((resolve) => setImmediate(resolve))
    expect(wishes.at(-1)).toEqual({ rows: [], books: [], whole: [] })
  })

  it('refuses what it does not understand or does not record, and stays open', async () => {
    const { port } = await serve()
    const client = await connect(port)
    client.socket.send('{')
    client.socket.send(Buffer.from([1, 2]))
    client.ask('watch', ['trades'])
    client.ask('subscribe', ['shapes'])
    client.ask('subscribe', ['quotes'])
    client.ask('subscribe', ['trades'], { pair: 'ETH/USDT' })
    client.ask('subscribe', ['trades'], { extra: 1 })
    client.ask('subscribe', ['ohlc:1m'])
    const heard = await client.until(8)
    expect(heard.map(({ type, code }) => code ?? type)).toEqual([
      'USAGE',
      'USAGE',
      'USAGE',
      'UNSUPPORTED',
      'STREAM_UNKNOWN',
      'STREAM_UNKNOWN',
      'USAGE',
      'subscribed',
    ])
  })

  it('who follows one thing after the other may do so for ever', async () => {
    const { port } = await serve()
    const client = await connect(port)
    const many = Array.from({ length: 20 }, () => 'trades')
    for (let n = 0; n < 150; n++) {
      client.ask('subscribe', many)
      client.ask('unsubscribe', ['trades'])
    }
    const heard = await client.until(300)
    expect(heard.filter(({ type }) => type === 'error')).toEqual([])
  })

  it('a client that does not read is told what it missed, and others do not notice', { timeout: 60_000 }, async () => {
    const { port, give, miss } = await serve()
    const [slow, good] = [await connect(port), await connect(port)]
    for (const client of [slow, good]) {
      client.ask('subscribe', ['trades'])
      await client.until(1)
    }
    slow.socket.pause()
    const pad = 'x'.repeat(20_000)
    for (let n = 0; n < 1000; n++) {
      give(trade(n, pad))
      await good.until(n + 2)
    }
    slow.socket.resume()
    while (!slow.heard.some(({ type }) => type === 'missed')) await once(slow.socket, 'heard')
    const got = slow.heard.filter(({ type }) => type === 'trade').length
    const missed = slow.heard.filter(({ type }) => type === 'missed').reduce((sum, { count }) => sum + Number(count), 0)
    expect(got).toBeLessThan(1000)
    expect(got + missed).toBe(1000)
    // What the daemon itself left out is told too.
    miss(7)
    while (!good.heard.some(({ type }) => type === 'missed')) await once(good.socket, 'heard')
    expect(good.heard.at(-1)).toEqual({ type: 'missed', exchange: 'binance', pair: 'BTC/USDT', count: 7 })
  })

  it('a client that stays behind is dropped', { timeout: 30_000 }, async () => {
    const { port, give, wishes } = await serve(undefined, 100)
    const slow = await connect(port)
    slow.ask('subscribe', ['trades'])
    await slow.until(1)
    slow.socket.pause()
    const pad = 'x'.repeat(1_000_000)
    // More than the system keeps for whoever does not read.
    for (let n = 0; n < 45; n++) give(trade(n, pad))
    // What it follows is followed no more once it is dropped.
    while (wishes.at(-1)?.rows.length !== 0) await new Promise((resolve) => setImmediate(resolve))
    const closed = once(slow.socket, 'close')
    slow.socket.resume()
    await closed
    expect(slow.heard.length).toBeLessThan(46)
  })

  it('is opened by nobody from elsewhere, and by nobody without a token where one is set', async () => {
    const token = 'the-token-of-the-owner'
    const { port } = await serve(token)
    const status = async (headers: Record<string, string>) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`, { headers })
      const [, response] = await once(socket, 'unexpected-response')
      socket.on('error', () => {}).terminate()
      return response.statusCode
    }
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer wrong' })).toBe(401)
    expect(await status({ authorization: `Bearer ${token}`, origin: 'https://evil.example' })).toBe(403)
    expect(await status({ authorization: `Bearer ${token}`, host: `evil.example:${port}` })).toBe(403)
    await connect(port, { authorization: `Bearer ${token}` })
  })
})
