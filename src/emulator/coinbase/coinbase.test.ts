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
  startTestEmulator(cleanup, { exchanges: ['coinbase'], ...options })
const ask = (channels: string[], product = 'BTC-USD', type = 'subscribe') => ({
  type,
  product_ids: [product],
  channels,
})

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

type Levels = [string, string][]

describe('Coinbase over real sockets', () => {
  it('a book kept by the documented rule is the true one at every message', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connectClient(cleanup, emulator, '/coinbase/')
    client.say(ask(['level2_batch']))
    const frames = () => client.messages().filter(({ type }) => type === 'snapshot' || type === 'l2update')
    await waitFor(() => frames().length > 60)
    await emulator.close()
    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const truths = new Map(
      lines.filter((l) => l.kind === 'book' && l.pair === 'BTC/USD').map((line) => [line.exchange_time, line]),
    )
    const book = { buy: new Map<string, string>(), sell: new Map<string, string>() }
    let last = 0n
    let compared = 0
    for (const frame of frames()) {
      const changes: [string, string, string][] =
        frame.type === 'snapshot'
          ? [
              ...frame.bids.map(([price, size]: string[]) => ['buy', price, size]),
              ...frame.asks.map(([price, size]: string[]) => ['sell', price, size]),
            ]
          : frame.changes
      for (const [side, price, size] of changes) {
        const levels = side === 'buy' ? book.buy : book.sell
        if (Number(size) === 0) levels.delete(price)
        else levels.set(price, size)
      }
      const time = nanosFromIso(frame.time) ?? 0n
      expect(time).toBeGreaterThan(last)
      last = time
      const best = (levels: Map<string, string>, sign: number): Levels =>
        [...levels].sort((a, b) => sign * (Number(a[0]) - Number(b[0]))).slice(0, 25)
      const wanted = truths.get(String(time))
      expect(wanted, frame.time).toBeDefined()
      expect(best(book.buy, -1)).toEqual(wanted.bids)
      expect(best(book.sell, 1)).toEqual(wanted.asks)
      compared++
    }
    expect(compared).toBeGreaterThan(60)
  })

  it('matches carry the maker’s side, tickers the taker’s, and ids rise by one from the last match on', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connectClient(cleanup, emulator, '/coinbase/')
    await waitFor(async () => (await request(emulator, '/coinbase/products/BTC-USD/trades?limit=1')).body.length > 0)
    client.say(ask(['matches', 'ticker', 'heartbeat']))
    const of = (type: string) => client.messages().filter((message) => message.type === type)
    await waitFor(() => of('match').length > 40 && of('ticker').length > 10 && of('heartbeat').length > 0)
    await emulator.close()
    const lines = (await readFile(truth, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const trades = new Map(
      lines.filter(({ kind }) => kind === 'trade').map((line) => [`${line.symbol} ${line.trade_id}`, line]),
    )
    const [first] = of('last_match')
    let before = first.trade_id
    for (const match of of('match')) {
      expect(match.trade_id).toBe(before + 1)
      before = match.trade_id
      const trade = trades.get(`BTC-USD ${match.trade_id}`)
      expect(trade).toMatchObject({ price: match.price, amount: match.size })
      expect(trade.taker_side).toBe(match.side === 'buy' ? 'sell' : 'buy')
      expect(trade.exchange_time).toBe(String(nanosFromIso(match.time)))
    }
    for (const ticker of of('ticker').slice(1))
      expect(trades.get(`BTC-USD ${ticker.trade_id}`)?.taker_side).toBe(ticker.side)
  })

  it('answers with the list of all subscriptions, and fails a message for one bad name', async () => {
    const emulator = await start()
    const client = await connectClient(cleanup, emulator, '/coinbase/')
    const answers = () => client.messages().filter(({ type }) => type === 'subscriptions' || type === 'error')
    client.say(ask(['matches', 'level2_batch']))
    client.say({ type: 'subscribe', product_ids: ['ETH-USD', 'NONE-USD'], channels: ['matches'] })
    client.say(ask(['level2']))
    client.say(ask(['nonsense']))
    client.say('{')
    client.say(ask(['matches'], 'BTC-USD', 'unsubscribe'))
    await waitFor(() => answers().length === 6)
    const list = (...names: string[]) => ({
      type: 'subscriptions',
      channels: names.map((name) => ({ name, product_ids: ['BTC-USD'] })),
    })
    expect(answers()).toMatchObject([
      list('matches', 'level2_batch'),
      { type: 'error', message: 'Failed to subscribe', reason: 'NONE-USD is not a valid product' },
      { type: 'error', reason: 'level2 requires authentication' },
      { type: 'error', reason: 'nonsense is not a valid channel' },
      { type: 'error', message: 'Malformed JSON' },
      list('level2_batch'),
    ])
  })

  it('refuses the product that a fault names as it refuses an unknown one', async () => {
    const emulator = await start()
    await orderFaults(emulator, {
      fault: 'reject',
      exchange: 'coinbase',
      channel: 'trades',
      symbol: 'BTC-USD',
      ms: 60_000,
    })
    const client = await connectClient(cleanup, emulator, '/coinbase/')
    client.say(ask(['matches']))
    client.say(ask(['level2_batch']))
    await waitFor(() => client.heard.length > 2)
    expect(client.messages()[0]).toMatchObject({ type: 'error', reason: 'BTC-USD is not a valid product' })
    expect(client.messages()[1]).toMatchObject({ type: 'subscriptions' })
  })
})

describe('Coinbase by REST', () => {
  it('pages trades by id without overlap or hole, with cursors in headers', async () => {
    // A past instead of a wait: asking again and again spends what the exchange allows.
    const emulator = await start({ rate: 100, past: 10 })
    const page = (query: string) => request(emulator, `/coinbase/products/BTC-USD/trades?${query}`)
    const newest = await page('limit=20')
    const older = await page(`limit=20&after=${newest.headers.get('cb-after')}`)
    const ids = [...newest.body, ...older.body].map(({ trade_id }: { trade_id: number }) => trade_id)
    expect(ids).toEqual(Array.from({ length: 40 }, (_, n) => (ids[0] ?? 0) - n))
  })

  it('writes candles as time, low, high, open, close, volume, refuses too many, and words errors as the venue does', async () => {
    const emulator = await start({ rate: 500 })
    const get = (path: string) => request(emulator, `/coinbase/products${path}`)
    await waitFor(async () => (await get('/BTC-USD/candles?granularity=60')).body.length > 0)
    const [[time, low, high, open, close, volume]] = (await get('/BTC-USD/candles?granularity=60')).body
    expect(time % 60).toBe(0)
    expect(Math.min(open, close)).toBeGreaterThanOrEqual(low)
    expect(Math.max(open, close)).toBeLessThanOrEqual(high)
    expect(volume).toBeGreaterThan(0)
    const tooMany = await get('/BTC-USD/candles?granularity=60&start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z')
    expect([tooMany.status, tooMany.body.message]).toEqual([400, expect.stringContaining('exceeds 300')])
    expect(await get('/NONE-USD/book?level=2')).toMatchObject({ status: 404, body: { message: 'NotFound' } })
  })

  it('lists the day of every product in one answer, as that of one tells it', async () => {
    const emulator = await start({ rate: 500 })
    const get = (path: string) => request(emulator, `/coinbase/products${path}`)
    await waitFor(async () => Number((await get('/BTC-USD/stats')).body.volume) > 0)
    const { body } = await get('/stats')
    expect(Object.keys(body)).toEqual(expect.arrayContaining(['BTC-USD', 'ETH-USD']))
    const { volume, last } = body['BTC-USD'].stats_24hour
    expect(Number(volume)).toBeGreaterThan(0)
    const later = (await get('/BTC-USD/stats')).body
    expect(Number(later.volume)).toBeGreaterThanOrEqual(Number(volume))
    expect(Number(last)).toBeGreaterThan(10_000)
  })

  it('limits to ten requests a second after a burst of fifteen', async () => {
    const emulator = await start()
    const answers = await Promise.all(Array.from({ length: 40 }, () => request(emulator, '/coinbase/products')))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(15)
    expect(refused[0]?.body).toEqual({ message: 'Public rate limit exceeded' })
  })
})
