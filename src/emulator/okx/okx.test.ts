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

const start = (options: Partial<EmulatorOptions> = {}) => startTestEmulator(cleanup, { exchanges: ['okx'], ...options })
const get = async (emulator: Emulator, path: string) => (await request(emulator, `/okx/api/v5/${path}`)).body
const connect = (emulator: Emulator, path = 'public') => connectClient(cleanup, emulator, `/okx/ws/v5/${path}`)
const arg = (channel: string, instId = 'BTC-USDT') => ({ channel, instId })
const subscribe = (...args: object[]) => ({ id: 'r1', op: 'subscribe', args })

async function truthFile(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return join(path, 'truth.ndjson')
}

interface BookRow {
  readonly asks: [string, string][]
  readonly bids: [string, string][]
  readonly ts: string
  readonly checksum: number
  readonly seqId: number
  readonly prevSeqId: number
}

describe('OKX over real sockets', () => {
  it('a book kept by the chain of numbers is the true one at every state, and the checksum is always 0', async () => {
    const truth = await truthFile()
    const emulator = await start({ truth, rate: 300 })
    const client = await connect(emulator)
    client.say(subscribe(arg('books')))
    const books = () => client.messages().filter(({ action }) => action !== undefined)
    await waitFor(() => books().length > 25)
    await emulator.close()
    const lines = (await readFile(truth, 'utf8')).trim().split('\n')
    const states = new Map(
      lines
        .map((line) => JSON.parse(line))
        .filter((line) => line.kind === 'book' && line.pair === 'BTC/USDT')
        .map((line) => [line.exchange_time, [line.bids, line.asks]]),
    )
    const [bids, asks] = [new Map<string, string>(), new Map<string, string>()]
    const best = (side: ReadonlyMap<string, string>, sign: number) =>
      [...side].sort((a, b) => sign * (Number(a[0]) - Number(b[0]))).slice(0, 25)
    let last = -1
    let compared = 0
    for (const { action, data } of books()) {
      const [row] = data as [BookRow]
      expect(row.prevSeqId).toBe(action === 'snapshot' ? -1 : last)
      expect(row.checksum).toBe(0)
      last = row.seqId
      for (const [side, levels] of [
        [bids, row.bids],
        [asks, row.asks],
      ] as const)
        for (const [price, size] of levels)
          if (size === '0') expect(side.delete(price), `removal of ${price}, which was never told`).toBe(true)
          else side.set(price, size)
      expect(Math.max(bids.size, asks.size)).toBeLessThanOrEqual(400)
      const state = states.get(String(BigInt(row.ts) * 1_000_000n))
      if (!state) continue
      expect([best(bids, -1), best(asks, 1)]).toEqual(state)
      compared++
    }
    expect(compared).toBeGreaterThan(15)
  })

  it('every fill comes by itself on one socket, and merged by order and price on the other', async () => {
    const emulator = await start({ rate: 300 })
    const [open, business] = [await connect(emulator), await connect(emulator, 'business')]
    business.say(subscribe(arg('trades-all')))
    open.say(subscribe(arg('trades')))
    const rows = (client: typeof open): Record<string, string>[] => client.messages().flatMap(({ data }) => data ?? [])
    await waitFor(() => rows(open).filter(({ count }) => Number(count) > 1).length > 2)
    const merged = rows(open).slice(1)
    const lastId = Number(merged.at(-1)?.tradeId)
    await waitFor(() => Number(rows(business).at(-1)?.tradeId) >= lastId)
    const fills = new Map(rows(business).map((row) => [Number(row.tradeId), row]))
    const ids = [...fills.keys()]
    expect(ids).toEqual(ids.map((_, n) => (ids[0] ?? 0) + n))
    let before: number | undefined
    for (const row of merged) {
      const [id, count] = [Number(row.tradeId), Number(row.count)]
      if (before !== undefined) expect(id - count).toBe(before)
      before = id
      const own = Array.from({ length: count }, (_, n) => fills.get(id - n))
      if (own.includes(undefined)) continue
      expect(new Set(own.map((fill) => `${fill?.px} ${fill?.side}`))).toEqual(new Set([`${row.px} ${row.side}`]))
      expect(own.reduce((sum, fill) => sum + Number(fill?.sz), 0)).toBeCloseTo(Number(row.sz), 8)
    }
  })

  it('answers each argument, names what does not exist, and keeps text pings apart from JSON', async () => {
    const emulator = await start()
    const client = await connect(emulator)
    client.say('ping')
    client.say(subscribe(arg('bbo-tbt'), arg('trades-all'), arg('books', 'NONE-USDT'), arg('mark-price')))
    client.say({ op: 'dance' })
    const events = () => client.heard.filter((text) => text.includes('"event"')).map((text) => JSON.parse(text))
    await waitFor(() => events().length === 5)
    expect(client.heard[0]).toBe('pong')
    expect(events().map(({ event, code }) => [event, code])).toEqual([
      ['subscribe', undefined],
      ['error', '60018'],
      ['error', '60018'],
      ['error', '60018'],
      ['error', '60012'],
    ])
    expect(events()[2].msg).toContain('channel:books,instId:NONE-USDT')
    client.say({ op: 'unsubscribe', args: [arg('bbo-tbt')] })
    await waitFor(() => events().length === 6)
    expect(events()[5]).toMatchObject({ event: 'unsubscribe', arg: arg('bbo-tbt') })
  })

  it('refuses the 481st request of an hour, and the fourth connection of a second', async () => {
    const emulator = await start()
    const client = await connect(emulator)
    for (let n = 0; n < 481; n++) client.say({ op: 'unsubscribe', args: [arg('books')] })
    const errors = () => client.messages().filter(({ event }) => event === 'error')
    await waitFor(() => errors().length > 0)
    expect(client.messages().length).toBe(481)
    expect(errors()[0].code).toBe('60014')
    const opened = await Promise.allSettled(Array.from({ length: 8 }, () => connect(emulator)))
    expect(opened.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(3)
  })

  it('says that it will end connections for an upgrade', async () => {
    const emulator = await start()
    const client = await connect(emulator)
    await orderFaults(emulator, { fault: 'close', exchange: 'okx', notice: true })
    await waitFor(() => client.messages().some(({ code }) => code === '64008'))
  })

  it('goes on for as long as it announced, and ends then', async () => {
    const emulator = await start({ rate: 300 })
    const client = await connect(emulator)
    client.say(subscribe(arg('books')))
    await waitFor(() => client.messages().some(({ action }) => action === 'update'))
    await orderFaults(emulator, { fault: 'close', exchange: 'okx', notice: true, ms: 700 })
    await waitFor(() => client.messages().some(({ code }) => code === '64008'))
    const notice = client.messages().findIndex(({ code }) => code === '64008')
    await waitFor(() => client.closed() === 1001)
    expect(
      client
        .messages()
        .slice(notice)
        .some(({ action }) => action === 'update'),
    ).toBe(true)
  })

  it('tells of a swap: funding, mark and index, open interest; liquidations begin with the last one there was', async () => {
    const emulator = await start({ rate: 300 })
    const client = await connect(emulator)
    const swap = ['funding-rate', 'mark-price', 'open-interest'].map((channel) => arg(channel, 'BTC-USDT-SWAP'))
    client.say(subscribe(...swap, arg('index-tickers'), { channel: 'liquidation-orders', instType: 'SWAP' }))
    const of = (channel: string) => client.messages().filter(({ arg: a, data }) => data && a.channel === channel)
    await waitFor(() => of('liquidation-orders').length > 1 && of('mark-price').length > 1)
    for (const { channel } of [...swap, arg('index-tickers')]) expect(of(channel).length, channel).toBeGreaterThan(0)
    const [funding] = of('funding-rate')[0].data
    expect(Number(funding.nextFundingTime) - Number(funding.fundingTime)).toBe(28_800_000)
    const [[stale], [fresh]] = of('liquidation-orders').map(({ data }) => data)
    expect(Number(fresh.details[0].ts) - Number(stale.details[0].ts)).toBeGreaterThan(0)
  })

  it('pages trades and candles back from the newest, and answers nonsense with a code in a 200', async () => {
    const emulator = await start({ rate: 300 })
    await waitFor(async () => (await get(emulator, 'market/trades?instId=BTC-USDT')).data.length > 60)
    const first = (await get(emulator, 'market/history-trades?instId=BTC-USDT&limit=20')).data
    const after = first.at(-1).tradeId
    const second = (await get(emulator, `market/history-trades?instId=BTC-USDT&limit=20&after=${after}`)).data
    const ids = [...first, ...second].map(({ tradeId }) => Number(tradeId))
    expect(ids).toEqual(ids.map((_, n) => (ids[0] ?? 0) - n))
    const [bar] = (await get(emulator, 'market/candles?instId=BTC-USDT&bar=1m')).data
    expect(bar).toHaveLength(9)
    expect((await get(emulator, `market/candles?instId=BTC-USDT&bar=1m&after=${bar[0]}`)).data[0]?.[0]).not.toBe(bar[0])
    for (const [path, code] of [
      ['market/trades?instId=NONE-USDT', '51001'],
      ['market/candles?instId=BTC-USDT&bar=7m', '51000'],
      ['public/instruments?instType=NONE', '51000'],
    ])
      expect((await get(emulator, path ?? '')).code, path).toBe(code)
  })

  it('an endpoint that is asked too often answers 429 until the next two seconds', async () => {
    const emulator = await start()
    const ask = () => request(emulator, '/okx/api/v5/public/time')
    const answers = await Promise.all(Array.from({ length: 45 }, ask))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.body).toMatchObject({ code: '50011' })
    await waitFor(async () => (await ask()).status === 200)
  })
})
