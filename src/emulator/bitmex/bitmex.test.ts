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
import type { EmulatorOptions } from '../emulate.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const start = (options: Partial<EmulatorOptions> = {}) =>
  startTestEmulator(cleanup, { exchanges: ['bitmex'], ...options })
const subscribe = (...args: string[]) => ({ op: 'subscribe', args })

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

interface Row {
  readonly id: number
  readonly side: 'Buy' | 'Sell'
  readonly price?: number
  readonly size?: number
  readonly timestamp: string
}

/** The sheet's rule: rows by id; the action decides. */
function apply(book: Map<number, Row>, { action, data }: { action: string; data: readonly Row[] }): void {
  if (action === 'partial') book.clear()
  for (const row of data) {
    const known = book.get(row.id)
    if (action === 'partial' || action === 'insert') {
      expect(known, 'inserted twice').toBeUndefined()
      book.set(row.id, row)
    } else if (action === 'update') {
      expect(known, 'an update of an unknown row').toBeDefined()
      if (known) book.set(row.id, { ...known, ...row })
    } else expect(book.delete(row.id), 'a delete of an unknown row').toBe(true)
  }
}

describe('BitMEX over real sockets', () => {
  it.each(['orderBookL2', 'orderBookL2_25'])('a book of %s kept by ids and actions is the true one', async (table) => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connectClient(cleanup, emulator, '/bitmex/realtime')
    client.say(subscribe(`${table}:XBTUSD`))
    const frames = () => client.messages().filter((message) => message.table === table)
    await waitFor(() => frames().length > 200)
    await emulator.close()
    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const states = new Map(
      lines
        .filter(({ kind, symbol, pair }) => kind === 'book' && !symbol && pair === 'BTC/USD:perp')
        .map((l) => [l.exchange_time, l]),
    )
    const book = new Map<number, Row>()
    let compared = 0
    const without = { size: 0, price: 0 }
    for (const frame of frames()) {
      apply(book, frame)
      for (const row of frame.data) {
        if (frame.action === 'delete' && row.size === undefined) without.size++
        if (frame.action === 'update' && row.price === undefined) without.price++
      }
      const best = (side: string, sign: number) =>
        [...book.values()]
          .filter((row) => row.side === side)
          .sort((a, b) => sign * ((a.price ?? 0) - (b.price ?? 0)))
          .slice(0, 25)
          .map(({ price, size }) => [String(price), String(size)])
      const wanted = states.get(String(nanosFromIso(frame.data[0]?.timestamp)))
      if (!wanted) continue
      compared++
      expect(best('Buy', -1)).toEqual(wanted.bids)
      expect(best('Sell', 1)).toEqual(wanted.asks)
    }
    expect(compared).toBeGreaterThan(30)
    expect(without.size).toBeGreaterThan(0)
    expect(without.price).toBeGreaterThan(0)
  })

  it('tells trades, quotes, top tens and the instrument as its truth does, and answers each topic by itself', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connectClient(cleanup, emulator, '/bitmex/realtime')
    const topics = ['trade', 'quote', 'orderBook10', 'instrument', 'liquidation'].map((table) => `${table}:ETHUSDT`)
    client.say(subscribe(...topics))
    client.say('ping')
    const of = (table: string, action: string) =>
      client.heard
        .filter((text) => text !== 'pong')
        .map((text) => JSON.parse(text))
        .filter((message) => message.table === table && message.action === action)
    await waitFor(
      () =>
        of('trade', 'insert').length > 20 &&
        of('instrument', 'update').length > 1 &&
        of('liquidation', 'insert').length > 0,
    )
    await emulator.close()
    expect(client.heard).toContain('pong')
    const parsed = client.heard.filter((text) => text !== 'pong').map((text) => JSON.parse(text))
    expect(parsed.filter(({ success }) => success).map((message) => message.subscribe)).toEqual(topics)
    expect(parsed[0]).toMatchObject({ info: expect.stringContaining('Welcome'), limit: { remaining: 39 } })
    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const trades = new Map(lines.filter(({ kind }) => kind === 'trade').map((line) => [line.trade_id, line]))
    for (const row of of('trade', 'insert').flatMap(({ data }) => data)) {
      const trade = trades.get(row.trdMatchID)
      expect([trade.price, trade.amount, trade.taker_side]).toEqual([
        String(row.price),
        String(row.size),
        row.side === 'Buy' ? 'buy' : 'sell',
      ])
      expect(trade.exchange_time).toBe(String(nanosFromIso(row.timestamp)))
      expect(row.foreignNotional / row.homeNotional).toBeCloseTo(row.price, 4)
    }
    const marks = new Map(
      lines
        .filter(({ kind, symbol }) => kind === 'mark_price' && symbol === 'ETHUSDT')
        .map((l) => [l.exchange_time, l]),
    )
    const told = of('instrument', 'update').flatMap(({ data }) => data)
    for (const row of told.filter(({ markPrice }) => markPrice !== undefined))
      expect(Number(marks.get(String(nanosFromIso(row.timestamp)))?.values.price)).toBe(row.markPrice)
    for (const { data } of of('orderBook10', 'update'))
      expect([data[0].bids.length, data[0].asks.length]).toEqual([10, 10])
    for (const { data } of of('quote', 'insert')) expect(data[0].bidPrice).toBeLessThan(data[0].askPrice)
  })

  it('refuses unknown tables and symbols, repetitions, and what a fault names', async () => {
    const emulator = await start()
    await orderFaults(emulator, {
      fault: 'reject',
      exchange: 'bitmex',
      channel: 'trades',
      symbol: 'XBTUSD',
      ms: 60_000,
    })
    const client = await connectClient(cleanup, emulator, '/bitmex/realtime?subscribe=quote:XBTUSD')
    client.say(subscribe('nonsense:XBTUSD'))
    client.say(subscribe('trade:NONE'))
    client.say(subscribe('quote:XBTUSD'))
    client.say(subscribe('trade:XBTUSD'))
    client.say({ op: 'unsubscribe', args: ['quote:XBTUSD'] })
    const answers = () => client.messages().filter(({ success, status }) => success || status)
    await waitFor(() => answers().length === 6)
    expect(answers()).toMatchObject([
      { success: true, subscribe: 'quote:XBTUSD' },
      { status: 400, error: 'Unknown table: nonsense' },
      { status: 400, error: 'Unknown or expired symbol.', request: { args: ['trade:NONE'] } },
      { status: 400, error: 'You are already subscribed to this topic: quote:XBTUSD' },
      { status: 400, error: 'Unknown or expired symbol.' },
      { success: true, unsubscribe: 'quote:XBTUSD' },
    ])
  })
})

describe('BitMEX by REST', () => {
  it('stamps bars with their end, opens them at the close before, and pages by offset within one time', async () => {
    const emulator = await start({ rate: 500 })
    const get = (path: string) => request(emulator, `/bitmex/api/v1${path}`)
    const count = async () => (await get('/trade?symbol=XBTUSD&count=200')).body.length
    await expect.poll(count, { interval: 500, timeout: 10_000 }).toBeGreaterThan(100)
    const first = await get('/trade?symbol=XBTUSD&count=50')
    const second = await get('/trade?symbol=XBTUSD&count=50&start=50')
    const ids = [...first.body, ...second.body].map(({ trdMatchID }: { trdMatchID: string }) => trdMatchID)
    expect(new Set(ids).size).toBe(100)
    const { body } = await get('/trade/bucketed?symbol=XBTUSD&binSize=1m&partial=true&count=5')
    expect(new Date(body[0].timestamp).getTime() % 60_000).toBe(0)
    expect(new Date(body[0].timestamp).getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(first.headers.get('x-ratelimit-remaining')).toBeDefined()
  })

  it('lists an inverse and linear perpetuals beside what is none, and the whole book at depth 0', async () => {
    const emulator = await start()
    const get = (path: string) => request(emulator, `/bitmex/api/v1${path}`)
    const { body } = await get('/instrument/active')
    expect(body.map(({ symbol, isInverse }: { symbol: string; isInverse?: boolean }) => [symbol, isInverse])).toEqual([
      ['XBTUSD', true],
      ['ETHUSDT', false],
      ['.BXBT', undefined],
      ['XBTM26-XBTU26', false],
    ])
    const levels = async (depth: number) => (await get(`/orderBook/L2?symbol=XBTUSD&depth=${depth}`)).body.length
    expect(await levels(25)).toBe(50)
    expect(await levels(0)).toBeGreaterThan(100)
    expect((await get('/orderBook/L2')).body.error.message).toContain('symbol')
  })

  it('takes thirty requests a minute, says when to come again, and shuts out who does not listen', async () => {
    const emulator = await start()
    const get = () => request(emulator, '/bitmex/api/v1/instrument/active')
    const answers = await Promise.all(Array.from({ length: 40 }, get))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30)
    const refused = answers.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(refused?.body.error.message).toContain('Rate limit exceeded')
    await Promise.all(Array.from({ length: 60 }, get))
    expect((await get()).status).toBe(403)
  })
})
