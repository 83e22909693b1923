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

const start = (options: Partial<EmulatorOptions> = {}) =>
  startTestEmulator(cleanup, { exchanges: ['bybit'], ...options })
const get = async (emulator: Emulator, path: string) => (await request(emulator, `/bybit/v5/market/${path}`)).body
const connect = (emulator: Emulator, category = 'linear') =>
  connectClient(cleanup, emulator, `/bybit/v5/public/${category}`)
const subscribe = (...args: string[]) => ({ req_id: 'r', op: 'subscribe', args })

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

interface BookMessage {
  readonly type: string
  readonly cts: number
  readonly data: { readonly b: [string, string][]; readonly a: [string, string][]; readonly u: number }
}

/** The sheet's rule: a snapshot replaces, a size of 0 removes, `u` rises by one. */
class Book {
  readonly bids = new Map<string, string>()
  readonly asks = new Map<string, string>()
  u = 0

  apply({ type, data }: BookMessage): void {
    if (type === 'snapshot') for (const side of [this.bids, this.asks]) side.clear()
    else expect(data.u).toBe(this.u + 1)
    this.u = data.u
    for (const [side, levels] of [
      [this.bids, data.b],
      [this.asks, data.a],
    ] as const)
      for (const [price, size] of levels)
        if (size === '0') expect(side.delete(price), `removal of ${price}, which was never told`).toBe(true)
        else side.set(price, size)
  }

  best(): string[][][] {
    const sorted = (side: ReadonlyMap<string, string>, sign: number) =>
      [...side].sort((a, b) => sign * (Number(a[0]) - Number(b[0]))).slice(0, 25)
    return [sorted(this.bids, -1), sorted(this.asks, 1)]
  }
}

describe('Bybit over real sockets', () => {
  it.each(['50', '200', '1000'])(
    'a book of depth %s kept by the rule is the true one at every state',
    async (depth) => {
      const truth = await truthFile()
      const emulator = await start({ truth, rate: 300 })
      const client = await connect(emulator)
      client.say(subscribe(`orderbook.${depth}.BTCUSDT`))
      const books = (): BookMessage[] => client.messages().filter(({ topic }) => topic?.startsWith('orderbook'))
      await waitFor(() => books().length > 25)
      await emulator.close()
      const lines = (await readFile(truth, 'utf8')).trim().split('\n')
      const states = new Map(
        lines
          .map((line) => JSON.parse(line))
          .filter((line) => line.kind === 'book' && line.pair === 'BTC/USDT:perp')
          .map((line) => [line.exchange_time, [line.bids, line.asks]]),
      )
      const book = new Book()
      let compared = 0
      for (const message of books()) {
        book.apply(message)
        expect(Math.max(book.bids.size, book.asks.size)).toBeLessThanOrEqual(Number(depth))
        const state = states.get(String(BigInt(message.cts) * 1_000_000n))
        if (!state) continue
        expect(book.best()).toEqual(state)
        compared++
      }
      expect(compared).toBeGreaterThan(15)
    },
  )

  it('refuses a request as a whole and names the topic; confirms, answers pings, and ends what is unsubscribed', async () => {
    const emulator = await start()
    const client = await connect(emulator)
    const answers = () => client.messages().filter(({ op }) => op !== undefined)
    client.say(subscribe('publicTrade.BTCUSDT', 'publicTrade.NONEUSDT'))
    client.say(subscribe('orderbook.500.BTCUSDT'))
    client.say(subscribe('publicTrade.BTCUSDT'))
    client.say(subscribe('publicTrade.ETHUSDT', 'publicTrade.BTCUSDT'))
    client.say({ op: 'ping', req_id: 'p' })
    client.say('not json')
    await waitFor(() => answers().length === 6)
    expect(answers().map(({ success, ret_msg: message }) => [success, message])).toEqual([
      [false, 'error:handler not found,topic:publicTrade.NONEUSDT'],
      [false, 'error:handler not found,topic:orderbook.500.BTCUSDT'],
      [true, ''],
      [false, 'error:already subscribed,topic:publicTrade.BTCUSDT'],
      [true, 'pong'],
      [false, 'error:unknown op undefined'],
    ])
    await waitFor(() => client.messages().some(({ topic }) => topic === 'publicTrade.BTCUSDT'))
    expect(client.messages().some(({ topic }) => topic === 'publicTrade.ETHUSDT')).toBe(false)
    client.say({ op: 'unsubscribe', args: ['publicTrade.BTCUSDT'] })
    await waitFor(() => answers().length === 7)
    const trades = () => client.messages().filter(({ topic }) => topic?.startsWith('publicTrade')).length
    const before = trades()
    client.say(subscribe('orderbook.1.BTCUSDT'))
    await waitFor(() => client.messages().filter(({ topic }) => topic?.startsWith('orderbook')).length > 10)
    expect(trades()).toBe(before)
  })

  it('spot takes ten topics in a request, and every socket 21 000 characters in all', async () => {
    const emulator = await start({ instruments: 12 })
    const spot = await connect(emulator, 'spot')
    const topics = (await get(emulator, 'instruments-info?category=spot')).result.list.map(
      ({ symbol }: { symbol: string }) => `publicTrade.${symbol}`,
    )
    spot.say(subscribe(...topics.slice(0, 11)))
    spot.say(subscribe(...topics.slice(0, 10)))
    await waitFor(() => spot.messages().filter(({ op }) => op === 'subscribe').length === 2)
    expect(
      spot
        .messages()
        .filter(({ op }) => op === 'subscribe')
        .map(({ ret_msg: message }) => message),
    ).toEqual(['error:args size >10', 'subscribe'])
    const linear = await connect(emulator)
    linear.say(subscribe(...Array.from({ length: 1100 }, () => 'orderbook.50.BTCUSDT')))
    await waitFor(() => linear.messages().length > 0)
    expect(linear.messages()[0]).toMatchObject({ success: false, ret_msg: 'error:args length is too long' })
  })

  it('a ticker of a contract comes whole, then as changes that lead to what the next subscriber gets', async () => {
    const emulator = await start()
    const client = await connect(emulator)
    client.say(subscribe('tickers.BTCUSDT'))
    const tickers = () => client.messages().filter(({ topic }) => topic === 'tickers.BTCUSDT')
    await waitFor(() => tickers().length > 2)
    const state = Object.assign({}, ...tickers().map(({ data }) => data))
    expect(tickers().map(({ type }) => type)).toEqual([
      'snapshot',
      ...tickers()
        .slice(1)
        .map(() => 'delta'),
    ])
    expect(Object.keys(tickers()[1].data).length).toBeLessThan(Object.keys(state).length)
    expect(Number(state.openInterest)).toBeCloseTo(2 * Number(state.singleOpenInterest), 5)
  })

  it('lists contracts page by page, gives newest trades and candles first, and refuses nonsense in a 200', async () => {
    const emulator = await start({ instruments: 3 })
    const first = (await get(emulator, 'instruments-info?category=linear&limit=1')).result
    const second = (await get(emulator, `instruments-info?category=linear&limit=1&cursor=${first.nextPageCursor}`))
      .result
    expect([...first.list, ...second.list].map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'ETHUSDT'])
    expect(second.nextPageCursor).toBe('')
    await waitFor(
      async () => (await get(emulator, 'recent-trade?category=inverse&symbol=BTCUSD')).result.list.length > 5,
    )
    const { list } = (await get(emulator, 'recent-trade?category=inverse&symbol=BTCUSD&limit=5')).result
    expect(list).toHaveLength(5)
    expect(Number(list[0].time)).toBeGreaterThan(Number(list[4].time))
    const bars = (await get(emulator, 'kline?category=linear&symbol=BTCUSDT&interval=1')).result.list
    expect(bars[0]).toHaveLength(7)
    for (const path of [
      'kline?category=linear&symbol=BTCUSDT&interval=7',
      'orderbook?category=none&symbol=BTCUSDT',
      'x',
    ])
      expect((await get(emulator, path)).retCode, path).toBe(10001)
  })

  it('an address that asks too often is refused for a while', async () => {
    const emulator = await start()
    const ask = async () => (await fetch(`http://127.0.0.1:${emulator.port}/bybit/v5/market/time`)).status
    let status = 200
    for (let n = 0; n < 20 && status === 200; n++)
      status = Math.max(...(await Promise.all(Array.from({ length: 100 }, ask))))
    expect(status).toBe(403)
    expect(await ask()).toBe(403)
  })

  it('a fault refuses one instrument of one market', async () => {
    const emulator = await start()
    await orderFaults(emulator, {
      fault: 'reject',
      exchange: 'bybit',
      channel: 'trades',
      symbol: 'spot/BTCUSDT',
      ms: 60_000,
    })
    const [spot, linear] = [await connect(emulator, 'spot'), await connect(emulator)]
    for (const client of [spot, linear]) client.say(subscribe('publicTrade.BTCUSDT'))
    await waitFor(() => spot.messages().length > 0 && linear.messages().length > 0)
    expect(spot.messages()[0]).toMatchObject({ success: false })
    expect(linear.messages()[0]).toMatchObject({ success: true })
  })
})
