import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import {
  Cleanup,
  connectClient,
  orderFaults,
  request,
  startTestEmulator,
  waitFor,
} from '../../testkit/emulator-client.js'
import type { Emulator } from './emulate.js'
import type { PlayOptions } from './player.js'
import { readRecording } from './recording.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

interface Rec {
  readonly capture?: string
  readonly conn?: string
  readonly recv?: string
  readonly direction?: string
  readonly transport?: string
  readonly url?: string
  readonly message: string
}

async function recording(name: string, records: readonly Rec[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'player-'))
  cleanup.add(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  const text = records
    .map((record) => JSON.stringify({ direction: 'in', transport: 'ws', capture: 'a', conn: '1', ...record }))
    .join('\n')
  await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

const play = (options: PlayOptions) => startTestEmulator(cleanup, { play: options })
const state = async (emulator: Emulator) => (await request(emulator, '/_emulator/state')).body
const done = (emulator: Emulator) => waitFor(async () => (await state(emulator)).done)
const at = (seconds: number) => `2024-01-01T00:00:${String(seconds).padStart(2, '0')}.1234567Z`
const stream = (name: string, data: string) => `{"stream":"${name}","data":${data}}`

describe('a recording of Binance', () => {
  const trade = (id: number) => stream('btcusdt@trade', `{"e":"trade","t":${id},"p":"1.500"}`)
  const depth = (id: number) => stream('btcusdt@depth@100ms', `{"u":${id}}`)
  const url = (path: string) => `https://api.binance.com${path}`
  const records: readonly Rec[] = [
    { recv: at(3), message: trade(3) },
    { recv: at(1), conn: '2', message: depth(1) },
    { recv: at(2), conn: '2', message: depth(2) },
    { recv: at(4), message: trade(4) },
    { recv: at(9), capture: 'b', message: trade(9) },
    { direction: 'out', recv: at(1), message: 'never sent again' },
    { recv: at(1), transport: 'http', url: url('/api/v1/depth?symbol=BTCUSDT&limit=5'), message: '{"lastUpdateId":1}' },
    { recv: at(4), transport: 'http', url: url('/api/v3/depth?symbol=BTCUSDT&limit=5'), message: '{"lastUpdateId":4}' },
    { message: trade(100) },
  ]

  it('gives each connection the frames of its streams, byte for byte, in order of receipt', async () => {
    const emulator = await play({ file: await recording('binance.ndjson.gz', records), pace: 'max' })
    expect(await state(emulator)).toMatchObject({ capture: 'a', played: 0, total: 4, done: false })
    // Asks for nothing yet: frames begin half a second after the first who asks.
    const raw = await connectClient(cleanup, emulator, '/binance/ws')
    const both = await connectClient(cleanup, emulator, '/binance/stream?streams=btcusdt@depth@100ms')
    both.say({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 1 })
    raw.say({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 1 })
    await done(emulator)
    await waitFor(() => both.heard.length === 5 && raw.heard.length === 3)
    expect(both.heard).toEqual(['{"result":null,"id":1}', depth(1), depth(2), trade(3), trade(4)])
    expect(raw.heard.slice(1)).toEqual(['{"e":"trade","t":3,"p":"1.500"}', '{"e":"trade","t":4,"p":"1.500"}'])
    expect(await state(emulator)).toMatchObject({ played: 4, total: 4, done: true })
  })

  it('answers requests with the record nearest to its own clock, and says what it has not', async () => {
    const emulator = await play({ file: await recording('binance.ndjson', records), pace: 'max' })
    const get = (path: string) => request(emulator, `/binance${path}`)
    expect((await get('/api/v3/depth?symbol=BTCUSDT&limit=1000')).body).toEqual({ lastUpdateId: 1 })
    const client = await connectClient(cleanup, emulator, '/binance/ws/btcusdt@trade')
    await waitFor(() => client.heard.length === 2)
    await done(emulator)
    expect((await get('/api/v3/depth?symbol=BTCUSDT&limit=1000')).body).toEqual({ lastUpdateId: 4 })
    expect((await get('/api/v3/time')).body.serverTime).toBe(Date.parse('2024-01-01T00:00:04.123Z'))
    expect(await get('/api/v3/depth?symbol=ETHUSDT')).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('ETHUSDT') },
    })
    const { body } = await get('/api/v3/exchangeInfo')
    expect(body.symbols).toMatchObject([{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' }])
  })

  it('a recorded list of instruments is given as it was, if the capture stands in it', async () => {
    const info = '{"symbols":[{"symbol":"BTCUSDT","baseAsset":"BTC"}]}'
    const listed = { capture: 'other', recv: at(1), transport: 'http', url: url('/api/v3/exchangeInfo'), message: info }
    const emulator = await play({ file: await recording('binance.ndjson', [...records, listed]) })
    expect((await request(emulator, '/binance/api/v3/exchangeInfo')).body).toEqual(JSON.parse(info))
  })

  it('keeps the pace it was given', async () => {
    const emulator = await play({ file: await recording('binance.ndjson', records), pace: 2, capture: 'a' })
    const began = performance.now()
    const client = await connectClient(cleanup, emulator, '/binance/ws/btcusdt@trade')
    await waitFor(() => client.heard.length > 1)
    // Half a second until it begins, and three seconds of the recording in half of the time.
    expect(performance.now() - began).toBeGreaterThan(1990)
    await done(emulator)
  })

  it('faults reach recorded frames', async () => {
    const emulator = await play({ file: await recording('binance.ndjson', records), pace: 'max' })
    await orderFaults(emulator, { exchange: 'binance', fault: 'lose', channel: 'trades', symbol: 'BTCUSDT' })
    const client = await connectClient(cleanup, emulator, '/binance/ws/btcusdt@trade')
    await waitFor(() => client.heard.length > 0)
    expect(client.messages()[0].t).toBe(4)
  })
})

describe('a recording of Bitfinex', () => {
  const subscribed = (channel: string, chanId: number) =>
    JSON.stringify({ event: 'subscribed', channel, chanId, symbol: 'tBTCUSD', pair: 'BTCUSD' })
  const frames = [
    '{"event":"info","version":2,"serverId":"x","platform":{"status":1}}',
    '{"event":"conf","status":"OK","flags":65536}',
    subscribed('ticker', 7),
    '[7,[1,2,3,4,5,6,7,8,9,10],1]',
    subscribed('trades', 8),
    '[8,[[5,1617617932920,-0.5,1.50]],2]',
    '[7,"hb",3]',
    '[8,"te",[6,1617617932921,1e-7,1.5],4]',
  ]
  const records: readonly Rec[] = [
    { recv: at(0), conn: '2', message: '[1,"hb"]' },
    ...frames.map((message, i) => ({ recv: at(i), message })),
    {
      capture: 'other',
      recv: at(1),
      transport: 'http',
      url: 'https://api-pub.bitfinex.com/v2/conf/pub:list:pair:exchange',
      message: '[["ETHUSD"]]',
    },
  ]

  it('repeats one connection with its own numbers and sequence, and answers what it was asked', async () => {
    const emulator = await play({ file: await recording('bitfinex.ndjson', records), pace: 'max' })
    const client = await connectClient(cleanup, emulator, '/bitfinex/ws/2')
    client.say({ event: 'conf', flags: 65_536 })
    client.say({ event: 'subscribe', channel: 'trades', symbol: 'tBTCUSD', subId: 't1' })
    client.say({ event: 'subscribe', channel: 'trades', symbol: 'tNOPE' })
    client.say({ event: 'ping', cid: 1 })
    await done(emulator)
    await waitFor(() => client.heard.length === 10)
    const [info, conf, refused, pong, ...rest] = client.heard
    expect([info, conf]).toEqual(frames.slice(0, 2))
    expect(JSON.parse(refused ?? '')).toMatchObject({ event: 'error', code: 10300, symbol: 'tNOPE' })
    expect(JSON.parse(pong ?? '')).toMatchObject({ event: 'pong', cid: 1 })
    expect(rest).toEqual(frames.slice(2))
    const late = await connectClient(cleanup, emulator, '/bitfinex/ws/2')
    late.say({ event: 'subscribe', channel: 'trades', symbol: 'tBTCUSD' })
    await waitFor(() => late.heard.includes(frames[4] ?? ''))
  })

  it('puts the time of receipt behind what was recorded without one, for a client that wants times', async () => {
    const emulator = await play({ file: await recording('bitfinex.ndjson', records), pace: 'max' })
    const client = await connectClient(cleanup, emulator, '/bitfinex/ws/2')
    client.say({ event: 'conf', flags: 229_376 })
    client.say({ event: 'subscribe', channel: 'trades', symbol: 'tBTCUSD', subId: 't1' })
    await done(emulator)
    await waitFor(() => client.heard.length === 8)
    expect(JSON.parse(client.heard[1] ?? '')).toEqual({ event: 'conf', status: 'OK', flags: 65_536 + 32_768 })
    const last = frames[7] ?? ''
    expect(client.heard.at(-1)).toBe(`${last.slice(0, -1)},${Date.parse(at(7))}]`)
  })

  it('lists the pairs of the recording beside those that were listed', async () => {
    const emulator = await play({ file: await recording('bitfinex.ndjson', records) })
    const { body } = await request(emulator, '/bitfinex/v2/conf/pub:list:pair:exchange,pub:list:pair:futures')
    expect(body).toEqual([['ETHUSD', 'BTCUSD'], []])
    expect((await request(emulator, '/bitfinex/v2/platform/status')).body).toEqual([1])
  })
})

it('what cannot be played is refused with a remedy', async () => {
  const file = await recording('binance.ndjson', [{ recv: at(1), message: '{}' }])
  const broken = await recording('binance.ndjson', [])
  await writeFile(broken, '{"direction":\n')
  const damaged = await recording('binance.ndjson.gz', [{ recv: at(1), message: '{}' }])
  await writeFile(damaged, 'not compressed')
  for (const [options, message] of [
    [{ file: '/nowhere/binance.ndjson' }, /nowhere/],
    [{ file: '/nowhere/binance.ndjson.gz' }, /nowhere/],
    [{ file, exchange: 'mtgox' }, /mtgox/],
    [{ file, capture: 'none' }, /none/],
    [{ file, pace: 0 }, /--pace/],
    [{ file: broken }, /Line 1/],
    [{ file: damaged }, /damaged|read/],
  ] as const)
    await expect(play(options)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
})

const { DCCD_FIXTURES } = process.env
const fixtures = DCCD_FIXTURES ?? resolve(import.meta.dirname, '../../../shared/fixtures')

describe.skipIf(!existsSync(join(fixtures, 'binance.ndjson.gz')))(
  'recordings beside the project (skipped when absent)',
  () => {
    it('a Binance capture arrives complete and in order', async () => {
      const file = join(fixtures, 'binance.ndjson.gz')
      const capture = 'BINANCE@2021-08-14'
      const { frames } = await readRecording(file, capture)
      const streams = [...new Set(frames.map(({ text }) => JSON.parse(text).stream))]
      const emulator = await play({ file, capture, pace: 'max' })
      const client = await connectClient(cleanup, emulator, `/binance/stream?streams=${streams.join('/')}`)
      await waitFor(() => client.heard.length >= frames.length)
      expect(client.heard).toEqual(frames.map(({ text }) => text))
    })

    it('a Bitfinex capture arrives complete and in order', async () => {
      const file = join(fixtures, 'bitfinex.ndjson.gz')
      const { frames } = await readRecording(file)
      const emulator = await play({ file, pace: 'max' })
      const client = await connectClient(cleanup, emulator, '/bitfinex/ws/2')
      const [{ symbol }] = frames.flatMap(({ text }) => (text.includes('"subscribed"') ? [JSON.parse(text)] : []))
      client.say({ event: 'conf', flags: 65_536 })
      client.say({ event: 'subscribe', channel: 'trades', symbol })
      await waitFor(() => client.heard.length >= frames.length)
      expect(client.heard).toEqual(frames.map(({ text }) => text))
      const sequence = client.messages().flatMap((m) => (Array.isArray(m) ? [m.at(-1)] : []))
      expect(sequence).toEqual(sequence.map((_, i) => i + 1))
    })
  },
)
