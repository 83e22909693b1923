import { afterEach, describe, expect, it } from 'vitest'
import { Cleanup, connectClient, startTestEmulator, waitFor } from '../../../testkit/emulator-client.js'
import { nanosFromMs } from '../../model/time.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

interface Frame {
  readonly stream: string
  readonly data: Readonly<Record<string, unknown>>
}

const start = (options = {}) =>
  startTestEmulator(cleanup, { exchanges: ['binance_usdm', 'binance_coinm'], rate: 200, ...options })

/** A client that asks for streams; `frames` are those of one stream so far. */
async function listen(port: Awaited<ReturnType<typeof start>>, path: string, streams: readonly string[]) {
  const client = await connectClient(cleanup, port, path)
  client.say(JSON.stringify({ method: 'SUBSCRIBE', params: streams, id: 1 }))
  await waitFor(() => client.heard.includes('{"result":null,"id":1}'))
  const frames = (stream: string): Frame['data'][] =>
    client.heard
      .map((text): Partial<Frame> => JSON.parse(text))
      .filter((frame) => frame.stream === stream)
      .map(({ data }) => data ?? {})
  return { client, frames }
}

describe('emulated Binance futures', () => {
  it('confirm a stream on the path of the other group, or on the old one, and stay silent', async () => {
    const emulator = await start()
    const both = ['btcusdt@aggTrade', 'btcusdt@bookTicker', 'btcusdt@markPrice@1s']
    const [open, closed, old] = await Promise.all(
      ['/market/stream', '/public/stream', '/stream'].map((path) => listen(emulator, `/binance_usdm${path}`, both)),
    )
    await waitFor(() => !!open?.frames('btcusdt@markPrice@1s').length && !!closed?.frames('btcusdt@bookTicker').length)
    expect(open?.frames('btcusdt@aggTrade').length).toBeGreaterThan(0)
    expect(open?.frames('btcusdt@bookTicker')).toEqual([])
    for (const silent of [closed, old]) expect(silent?.frames('btcusdt@aggTrade')).toEqual([])
    await waitFor(() => !!old?.frames('btcusdt@bookTicker').length)
    await expect(connectClient(cleanup, emulator, '/binance_coinm/public/stream')).rejects.toThrow()
  })

  it('chain changes by `pu`, with holes in `U`, and join a REST snapshot', async () => {
    const emulator = await start()
    const { frames } = await listen(emulator, '/binance_usdm/public/stream', ['btcusdt@depth@100ms', 'btcusdt@depth'])
    await waitFor(() => frames('btcusdt@depth@100ms').length > 3)
    const answer = await fetch(`http://127.0.0.1:${emulator.port}/binance_usdm/fapi/v1/depth?symbol=BTCUSDT&limit=1000`)
    const { lastUpdateId } = (await answer.json()) as { lastUpdateId: number }
    await waitFor(() => frames('btcusdt@depth@100ms').some(({ u }) => Number(u) > lastUpdateId))
    for (const stream of ['btcusdt@depth@100ms', 'btcusdt@depth']) {
      const chain = frames(stream)
      for (const [n, { U, pu }] of chain.entries()) {
        const before = chain[n - 1]
        if (!before) continue
        expect(pu).toBe(before.u)
        expect(Number(U)).toBeGreaterThan(Number(before.u) + 1)
      }
    }
    const joins = frames('btcusdt@depth@100ms').filter(
      ({ U, u, pu }) => (Number(U) <= lastUpdateId && lastUpdateId <= Number(u)) || pu === lastUpdateId,
    )
    expect(joins.length).toBeGreaterThan(0)
  })

  it('tell mark, index and rate each second; dated contracts have no rate', async () => {
    const emulator = await start()
    const { frames } = await listen(emulator, '/binance_usdm/market/stream', [
      'btcusdt@markPrice@1s',
      'btcusdt_351228@markPrice@1s',
    ])
    await waitFor(() => frames('btcusdt@markPrice@1s').length > 1)
    const [one, two] = frames('btcusdt@markPrice@1s')
    expect(Number(two?.E) - Number(one?.E)).toBe(1000)
    expect(Number(one?.E) % 1000).toBe(0)
    expect(one).toMatchObject({ e: 'markPriceUpdate', s: 'BTCUSDT', st: 1, ps: 'BTCUSDT' })
    expect(frames('btcusdt_351228@markPrice@1s')[0]).toMatchObject({ r: '', T: 0, i: one?.i })
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${emulator.port}/binance_usdm${path}`)
      return JSON.parse(await answer.text())
    }
    const past = await get('/fapi/v1/fundingRate?symbol=BTCUSDT&limit=3')
    expect(past).toHaveLength(3)
    expect(await get(`/fapi/v1/fundingRate?symbol=BTCUSDT&startTime=${past[0].fundingTime}`)).toEqual(past)
    expect(await get('/fapi/v1/premiumIndex?symbol=BTCUSDT')).toMatchObject({ nextFundingTime: one?.T })
  })

  it('tell the index of COIN-M by pair, and its amounts in contracts', async () => {
    const emulator = await start()
    const { frames } = await listen(emulator, '/binance_coinm/stream', [
      'btcusd@indexPrice@1s',
      'btcusd_perp@markPrice@1s',
      'btcusd_perp@aggTrade',
    ])
    await waitFor(() => !!frames('btcusd@indexPrice@1s').length && !!frames('btcusd_perp@aggTrade').length)
    expect(frames('btcusd@indexPrice@1s')[0]).toMatchObject({ e: 'indexPriceUpdate', i: 'BTCUSD' })
    expect(frames('btcusd_perp@aggTrade')[0]).toMatchObject({
      s: 'BTCUSD_PERP',
      q: expect.stringMatching(/^\d+$/),
      st: 2,
    })
    await waitFor(() => frames('btcusd_perp@markPrice@1s').length > 0)
    expect(frames('btcusd_perp@markPrice@1s')[0]).not.toHaveProperty('i')
  })

  it('publish at most one forced order a second and symbol', async () => {
    const emulator = await start({ rate: 1000 })
    const { frames } = await listen(emulator, '/binance_usdm/market/stream', ['btcusdt@forceOrder'])
    await waitFor(() => frames('btcusdt@forceOrder').length > 2)
    const seconds = frames('btcusdt@forceOrder').map(({ E }) => Math.floor(Number(E) / 1000))
    expect(new Set(seconds).size).toBe(seconds.length)
  })

  it('refuse too much weight, and ban who goes on', async () => {
    const emulator = await start({ rate: 1 })
    const url = `http://127.0.0.1:${emulator.port}/binance_usdm/fapi/v1/aggTrades?symbol=BTCUSDT`
    const statuses: number[] = []
    for (let n = 0; n < 160 && statuses.at(-1) !== 418; n++) statuses.push((await fetch(url)).status)
    expect([...new Set(statuses)]).toEqual([200, 429, 418])
    expect(statuses.indexOf(429)).toBeLessThanOrEqual(121)
  })

  it('know no candles before the market began, ids with times, or wrong depths', async () => {
    const emulator = await start({ rate: 1 })
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${emulator.port}/binance_usdm/fapi/v1/${path}`)
      return [answer.status, JSON.parse(await answer.text())]
    }
    expect(await get('depth?symbol=BTCUSDT&limit=7')).toMatchObject([400, { code: -4021 }])
    expect(await get('depth?symbol=NONE')).toMatchObject([400, { code: -1121 }])
    expect(await get('aggTrades?symbol=BTCUSDT&fromId=1&startTime=1')).toMatchObject([400, { code: -1128 }])
    expect(await get(`aggTrades?symbol=BTCUSDT&startTime=0&endTime=3600000`)).toMatchObject([400, { code: -4165 }])
    expect(await get('historicalTrades?symbol=BTCUSDT')).toMatchObject([401, { code: -2014 }])
    const [, { openInterest, time }] = await get('openInterest?symbol=BTCUSDT')
    expect(Number(openInterest)).toBeGreaterThan(0)
    expect(nanosFromMs(time)).toBeDefined()
  })
})
