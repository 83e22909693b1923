import { afterEach, describe, expect, it } from 'vitest'
import { BookKeeper } from '../src/capture/keeper.js'
import { listInstruments } from '../src/capture/list-instruments.js'
import { type ExchangeAdapter, type Reading, type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { Cleanup, connectClient, request, startTestEmulator, waitFor } from '../testkit/emulator-client.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

function adapterOf(id: string): ExchangeAdapter {
  const adapter = exchanges[id]
  if (!adapter) throw new Error(`no adapter ${id}`)
  return adapter
}

/** The adapter's conversation with the emulated venue: everything it says is sent, everything heard is read and kept. */
async function talk(adapter: ExchangeAdapter, more: readonly Omit<Subscription, 'id' | 'pair'>[] = []) {
  const emulator = await startTestEmulator(cleanup, { instruments: 2, rate: 200 })
  const instruments = await listInstruments(adapter.instruments, async ({ path }) =>
    JSON.stringify((await request(emulator, `/${adapter.id}${path}`)).body),
  )
  const traded = instruments.filter(({ status, kind }) => status === 'trading' && kind === 'spot')
  const wanted = traded.flatMap(({ symbol, kind }) =>
    adapter.capabilities
      .filter(({ kinds }) => kinds?.includes(kind) ?? true)
      .map(({ channel, depths, intervals }) => ({
        channel,
        symbol,
        ...(depths?.[1] === undefined ? {} : { depth: depths[1] }),
        ...(intervals?.[0] === undefined ? {} : { interval: intervals[0] }),
      })),
  )
  const subscriptions = [...wanted, ...more].map((each) => ({ id: subscriptionId(each), pair: 'A/B', ...each }))
  const [plan] = adapter.live.plan(subscriptions)
  if (!plan) throw new Error('nothing planned')
  const client = await connectClient(cleanup, emulator, `/${adapter.id}${plan.path}`)
  const conversation = adapter.live.converse(plan)
  const readings: Reading[] = []
  client.socket.on('message', (data) => readings.push(conversation.read(String(data))))
  const say = (messages: readonly string[]) => {
    for (const message of messages) client.say(message)
  }
  say(conversation.open())
  const confirmed = () => readings.flatMap((each) => (each.kind === 'ack' ? each.confirmed : []))
  const eventsOf = (id: string) =>
    readings.flatMap((each) => (each.kind === 'data' && each.subscription === id ? each.events : []))
  return { subscriptions, conversation, readings, say, confirmed, eventsOf, traded }
}

describe.each(['kraken', 'bitfinex'])('%s against the emulated venue', (id) => {
  const adapter = adapterOf(id)

  it('understands every frame, is confirmed everything, and its books agree with every checksum', async () => {
    const { subscriptions, readings, confirmed, eventsOf, traded } = await talk(adapter)
    const trades = () => traded.every(({ symbol }) => eventsOf(`trades ${symbol}`).length > 20)
    await waitFor(() => trades() && readings.length > 1000)
    expect(confirmed().sort()).toEqual(subscriptions.map((each) => each.id).sort())
    const strange = readings.filter(({ kind }) => !['data', 'ack', 'heartbeat', 'notice'].includes(kind))
    expect(strange).toEqual([])
    expect(readings.flatMap(({ events }) => events).filter(({ kind }) => kind === 'break')).toEqual([])
    for (const { id: own, channel, depth } of subscriptions) {
      expect(eventsOf(own).length, own).toBeGreaterThan(0)
      if (channel !== 'book') continue
      const keeper = new BookKeeper(adapter.book, depth)
      let vouched = 0
      for (const event of eventsOf(own)) {
        const kept =
          event.kind === 'book_snapshot'
            ? keeper.snapshot(event)
            : event.kind === 'book_delta'
              ? keeper.delta(event)
              : undefined
        expect(kept?.outcome, own).toMatch(/snapshot|applied/)
        if (kept?.outcome === 'applied' && kept.vouched) vouched++
      }
      expect(vouched, own).toBeGreaterThan(10)
    }
  })

  it('has one unknown instrument refused by name, takes one book anew, and ends one subscription', async () => {
    const stranger = { channel: 'trades', symbol: id === 'kraken' ? 'NONE/USD' : 'tNONE:USD' } as const
    const { subscriptions, conversation, readings, say, eventsOf } = await talk(adapter, [stranger])
    const of = (channel: Subscription['channel']) => subscriptions.find((each) => each.channel === channel)?.id ?? ''
    const snapshots = () => eventsOf(of('book')).filter(({ kind }) => kind === 'book_snapshot').length
    const released = () => readings.flatMap((each) => (each.kind === 'ack' ? each.released : []))
    await waitFor(() => readings.some(({ kind }) => kind === 'reject') && snapshots() === 1)
    expect(readings.find(({ kind }) => kind === 'reject')).toMatchObject({
      code: 'UNKNOWN_INSTRUMENT',
      rejected: [subscriptionId(stranger)],
    })
    say(conversation.resync(of('book')))
    await waitFor(() => snapshots() === 2)
    expect(released()).toEqual([of('book')])
    say(conversation.unsubscribe([of('trades')]))
    await waitFor(() => released().includes(of('trades')))
    const before = eventsOf(of('trades')).length
    const heard = readings.length
    await waitFor(() => readings.length > heard + 200)
    expect(eventsOf(of('trades')).length).toBe(before)
  })
})
