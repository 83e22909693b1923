import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Cleanup, connectClient, request, startTestEmulator, waitFor } from '../../../testkit/emulator-client.js'
import { nanosFromIso } from '../../model/time.js'
import type { EmulatorOptions } from '../emulate.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const VENUE = 'coinbase_advanced'
const start = (options: Partial<EmulatorOptions> = {}) => startTestEmulator(cleanup, { exchanges: [VENUE], ...options })
const ask = (channel: string, product = 'BTC-USD', type = 'subscribe') => ({ type, product_ids: [product], channel })

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

interface Update {
  readonly side: 'bid' | 'offer'
  readonly price_level: string
  readonly new_quantity: string
  readonly event_time: string
}

describe('Coinbase Advanced over real sockets', () => {
  it('counts every message of a connection, and its book and trades are the true ones', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connectClient(cleanup, emulator, `/${VENUE}/`)
    client.say({ type: 'subscribe', channel: 'heartbeats' })
    for (const channel of ['market_trades', 'level2', 'ticker', 'candles']) client.say(ask(channel))
    const of = (channel: string) => client.messages().filter((message) => message.channel === channel)
    await waitFor(() => of('l2_data').length > 60 && of('market_trades').length > 4 && of('heartbeats').length > 0)
    await emulator.close()
    expect(client.messages().map(({ sequence_num }) => sequence_num)).toEqual(client.heard.map((_, index) => index))

    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const states = new Map(
      lines.filter((l) => l.kind === 'book' && l.pair === 'BTC/USD').map((l) => [l.exchange_time, l]),
    )
    const book = { bid: new Map<number, string>(), offer: new Map<number, string>() }
    let compared = 0
    for (const { events } of of('l2_data')) {
      const updates: Update[] = events[0].updates
      for (const { side, price_level, new_quantity } of updates)
        if (Number(new_quantity) === 0) book[side].delete(Number(price_level))
        else book[side].set(Number(price_level), new_quantity)
      const wanted = states.get(String(nanosFromIso(updates[0]?.event_time)))
      if (!wanted) continue
      const best = (side: 'bid' | 'offer', sign: number) =>
        [...book[side]]
          .sort(([a], [b]) => sign * (a - b))
          .slice(0, 25)
          .map(([price, size]) => [price, Number(size)])
      const numbers = (levels: string[][]) => levels.map((level) => level.map(Number))
      expect(best('bid', -1)).toEqual(numbers(wanted.bids))
      expect(best('offer', 1)).toEqual(numbers(wanted.asks))
      compared++
    }
    expect(compared).toBeGreaterThan(50)

    const trades = new Map(
      lines.filter(({ kind, pair }) => kind === 'trade' && pair === 'BTC/USD').map((l) => [l.trade_id, l]),
    )
    const ids: number[] = []
    for (const { events } of of('market_trades').slice(1))
      for (const row of [...events[0].trades].reverse()) {
        ids.push(Number(row.trade_id))
        expect(trades.get(row.trade_id)).toMatchObject({
          price: row.price,
          taker_side: row.side === 'SELL' ? 'buy' : 'sell',
        })
      }
    expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index))
  })

  it('answers with all that is subscribed, refuses unknown products, and hangs up on more than eight messages a second', async () => {
    const emulator = await start()
    const client = await connectClient(cleanup, emulator, `/${VENUE}/`)
    client.say(ask('level2'))
    client.say(ask('ticker'))
    client.say(ask('ticker', 'NONE-USD'))
    client.say(ask('level2', 'BTC-USD', 'unsubscribe'))
    await waitFor(() => client.messages().filter(({ channel }) => channel === 'subscriptions').length === 3)
    const answers = client.messages().filter(({ channel, type }) => channel === 'subscriptions' || type === 'error')
    expect(answers).toMatchObject([
      { events: [{ subscriptions: { level2: ['BTC-USD'] } }] },
      { events: [{ subscriptions: { level2: ['BTC-USD'], ticker: ['BTC-USD'] } }] },
      { type: 'error', message: expect.stringContaining('NONE-USD is not a valid product') },
      { events: [{ subscriptions: { ticker: ['BTC-USD'] } }] },
    ])
    for (let times = 0; times < 12; times++) client.say(ask('ticker'))
    await waitFor(() => client.closed() !== undefined)
  })

  it('counts the messages of all connections together, and tells what it refused', async () => {
    const emulator = await start()
    const one = await connectClient(cleanup, emulator, `/${VENUE}/`)
    const other = await connectClient(cleanup, emulator, `/${VENUE}/`)
    for (const client of [one, other]) for (let times = 0; times < 4; times++) client.say(ask('ticker'))
    await waitFor(() => one.messages().length >= 4 && other.messages().length >= 4)
    expect([one.closed(), other.closed()]).toEqual([undefined, undefined])
    other.say(ask('ticker'))
    await waitFor(() => other.closed() !== undefined)
    const { body } = await request(emulator, '/_emulator/state')
    expect(body.exchanges[VENUE].refused).toEqual({ connections: 0, requests: 0, messages: 1 })
  })

  it('lists products and what only stands for them, and serves trades, candles and books', async () => {
    const emulator = await start({ rate: 300 })
    const get = async (path: string) => (await request(emulator, `/${VENUE}/api/v3/brokerage/market${path}`)).body
    await expect
      .poll(async () => (await get('/products/BTC-USD/ticker?limit=10')).trades?.length, { interval: 500 })
      .toBe(10)
    const { products } = await get('/products?product_type=SPOT')
    expect(products.slice(0, 2)).toMatchObject([
      { product_id: 'BTC-USD', alias: '' },
      { product_id: 'BTC-USDC', alias: 'BTC-USD' },
    ])
    const now = Math.floor(Date.now() / 1000)
    const { candles } = await get(`/products/BTC-USD/candles?granularity=ONE_MINUTE&start=${now - 600}&end=${now}`)
    expect(Number(candles[0].high)).toBeGreaterThanOrEqual(Number(candles[0].low))
    expect((await get('/product_book?product_id=BTC-USD&limit=5')).pricebook.bids).toHaveLength(5)
  })
})
