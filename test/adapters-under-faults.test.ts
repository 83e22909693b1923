import { afterEach, describe, expect, it } from 'vitest'
import { listInstruments } from '../src/capture/list-instruments.js'
import { refusedAnswer } from '../src/capture/refused-answer.js'
import type { Emulator } from '../src/emulator/emulate.js'
import { VENUES } from '../src/emulator/emulate.js'
import { type ExchangeAdapter, type Json, type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import type { MarketData, Trade } from '../src/model/event.js'
import type { Instrument } from '../src/model/instrument.js'
import { SECOND } from '../src/model/time.js'
import { refusalOf } from '../src/net/refusal.js'
import { Cleanup, connectClient, startTestEmulator, waitFor } from '../testkit/emulator-client.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const played = Object.values(exchanges).filter(({ id }) => VENUES.some(({ exchange }) => exchange === id))

async function get(emulator: Emulator, adapter: ExchangeAdapter, path: string) {
  const answer = await fetch(`http://127.0.0.1:${emulator.port}/${adapter.id}${path}`)
  return { status: answer.status, body: await answer.text() }
}

async function order(emulator: Emulator, fault: object): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${emulator.port}/_emulator/faults`, {
    method: 'POST',
    body: JSON.stringify(fault),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

function listed(emulator: Emulator, adapter: ExchangeAdapter): Promise<readonly Instrument[]> {
  return listInstruments(adapter.instruments, async ({ path }) => (await get(emulator, adapter, path)).body)
}

async function traded(emulator: Emulator, adapter: ExchangeAdapter): Promise<Instrument> {
  const found = (await listed(emulator, adapter)).find(({ status, base }) => status === 'trading' && base === 'BTC')
  if (!found) throw new Error('no instrument trades')
  return found
}

function tradesOf(symbol: string): Subscription {
  return { id: subscriptionId({ channel: 'trades', symbol }), channel: 'trades', symbol, pair: 'BTC/USD' }
}

/** A conversation on one connection: `heard` reads what has come since it was asked last. */
async function talk(emulator: Emulator, adapter: ExchangeAdapter, subscriptions: readonly Subscription[]) {
  const [plan, ...more] = adapter.live.plan(subscriptions)
  if (!plan || more.length) throw new Error('not one connection')
  const conversation = adapter.live.converse(plan)
  const client = await connectClient(cleanup, emulator, `/${adapter.id}${plan.path}`)
  for (const message of conversation.open()) client.say(message)
  let at = 0
  const heard = () => {
    const frames = client.heard.slice(at)
    at += frames.length
    return frames.map((frame) => {
      const reading = conversation.read(frame)
      for (const message of reading.reply ?? []) client.say(message)
      return reading
    })
  }
  return { client, heard }
}

describe.each(played.map((adapter) => [adapter.id, adapter] as const))('%s', (_id, adapter) => {
  it('F4 a symbol that it rejects, or confirms and never sends, costs the others nothing', async () => {
    const emulator = await startTestEmulator(cleanup, { exchanges: [adapter.id], rate: 300, instruments: 1 })
    const good = tradesOf((await traded(emulator, adapter)).symbol)
    const wrong = tradesOf(good.symbol.replace(/BTC|XBT/, 'ZZZ'))
    expect(wrong.symbol).not.toBe(good.symbol)
    const { heard } = await talk(emulator, adapter, [good, wrong])
    const ended = new Map<string, string>()
    const came = new Map<string, number>()
    await waitFor(() => {
      for (const reading of heard()) {
        if (reading.kind === 'ack') for (const id of reading.confirmed) ended.set(id, 'confirmed')
        if (reading.kind === 'reject') for (const id of reading.rejected) ended.set(id, reading.code)
        if (reading.kind === 'data')
          came.set(reading.subscription, (came.get(reading.subscription) ?? 0) + reading.events.length)
      }
      return (came.get(good.id) ?? 0) > 5 && ended.has(wrong.id)
    })
    expect(ended.get(good.id)).toBe('confirmed')
    expect(came.get(wrong.id) ?? 0).toBe(0)
    // Streams of Binance that do not exist are confirmed: only the list of instruments tells.
    expect(ended.get(wrong.id)).toMatch(
      /^binance/.test(adapter.id) ? /confirmed/ : /UNKNOWN_INSTRUMENT|SUBSCRIBE_REJECTED/,
    )
  })

  it('an instrument that is delisted while it runs leaves the list or is closed there, the others stay', async () => {
    const emulator = await startTestEmulator(cleanup, { exchanges: [adapter.id], instruments: 2 })
    const before = (await listed(emulator, adapter)).filter(({ status }) => status === 'trading')
    const { symbol } = await traded(emulator, adapter)
    await order(emulator, { fault: 'delist', exchange: adapter.id, symbol, ms: 60_000 })
    const after = (await listed(emulator, adapter)).filter(({ status }) => status === 'trading')
    const names = (list: readonly Instrument[]) => list.map((each) => each.symbol).sort()
    expect(names(after)).toEqual(names(before).filter((each) => each !== symbol))
  })

  it('F3 while it is in maintenance every answer is an error with a code, and afterwards it is understood again', async () => {
    const emulator = await startTestEmulator(cleanup, { exchanges: [adapter.id], instruments: 1 })
    const [list] = adapter.instruments
    if (!list) throw new Error('no list')
    await order(emulator, { fault: 'status', exchange: adapter.id, status: 503, ms: 200 })
    const { status, body } = await get(emulator, adapter, list.path)
    expect(status).toBe(503)
    const answer = { status, body: new TextEncoder().encode(body), headers: {}, asked: 0n, wall: 0n, mono: 0n }
    expect(refusedAnswer(adapter, refusalOf, list.path, answer).code).toMatch(/EXCHANGE_DOWN|CONNECT_FAILED/)
    // Whoever took it for a 200 would not take it for data.
    expect(() => list.read(body)).toThrow(expect.objectContaining({ name: 'CollectorError' }))
    await waitFor(async () => (await get(emulator, adapter, list.path)).status === 200)
    expect((await listed(emulator, adapter)).length).toBeGreaterThan(0)
  })

  const past = adapter.history?.find(({ channel }) => channel === 'trades')
  it.skipIf(!past)('H4 the same trade live and by REST is the same event', async () => {
    if (!past) return
    const emulator = await startTestEmulator(cleanup, { exchanges: [adapter.id], rate: 250, instruments: 1 })
    const { symbol, restSymbol = symbol } = await traded(emulator, adapter)
    const { heard } = await talk(emulator, adapter, [tradesOf(symbol)])
    const live: Trade[] = []
    await waitFor(() => {
      for (const { events } of heard()) for (const event of events) if (event.kind === 'trade') live.push(event)
      return live.length >= 40
    })
    const times = live.map(({ exchangeTime = 0n }) => exchangeTime).sort((a, b) => Number(a - b))
    const [from, until] = [(times[0] ?? 0n) - SECOND, (times.at(-1) ?? 0n) + 1n]
    const byId = new Map<string | undefined, MarketData>()
    let cursor: Json | undefined
    for (let pages = 0; pages < 20; pages++) {
      const call = past.page({ symbol, restSymbol, from, until }, cursor)
      let answer = { status: 0, body: '' }
      // The more a slow machine has heard meanwhile, the more pages there are: some come closer together than the exchange allows.
      await waitFor(async () => {
        answer = await get(emulator, adapter, call.path)
        return answer.status !== 429
      })
      const { status, body } = answer
      expect(status, body).toBe(200)
      const page = call.read(body)
      for (const event of page.events) if (event.kind === 'trade') byId.set(event.tradeId, plain(event))
      if (page.next === undefined) break
      cursor = page.next
    }
    const both = live.filter(({ tradeId }) => byId.has(tradeId))
    expect(both.length).toBeGreaterThan(20)
    for (const each of both) expect(byId.get(each.tradeId)).toEqual(plain(each))
  })
})

/** One number may be spelled in two ways. */
function plain(trade: Trade): Trade {
  const { price, amount } = trade
  return { ...trade, price: canonicalDecimal(price) ?? price, amount: canonicalDecimal(amount) ?? amount }
}
