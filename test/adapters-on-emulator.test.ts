import { afterEach, describe, expect, it } from 'vitest'
import { BookKeeper } from '../src/capture/keeper.js'
import { listInstruments } from '../src/capture/list-instruments.js'
import { VENUES } from '../src/emulator/emulate.js'
import { type ExchangeAdapter, type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { CHANNEL_OF, type MarketData } from '../src/model/event.js'
import type { Instrument } from '../src/model/instrument.js'
import { strangeIn } from '../src/model/shape.js'
import { Cleanup, connectClient, startTestEmulator, waitFor } from '../testkit/emulator-client.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

/** Events of one instrument's book that are enough to call it right. */
const CHANGES = 30

/** As the engine does: not faster than the venue allows. */
async function paced({ limits: { messagesPerSecond } }: ExchangeAdapter): Promise<void> {
  if (messagesPerSecond < 20) await new Promise((resolve) => setTimeout(resolve, 1000 / messagesPerSecond))
}

// The two were written apart from the same sheets: where one misread the protocol, they do not understand each other.
describe('adapters on emulated exchanges', () => {
  for (const adapter of Object.values(exchanges)) {
    const reason = VENUES.some(({ exchange }) => exchange === adapter.id) ? '' : ' (skipped: no such emulator)'
    it.skipIf(reason)(`${adapter.id} understands its emulator and keeps its books right${reason}`, async () => {
      const emulator = await startTestEmulator(cleanup, { exchanges: [adapter.id], rate: 300 })
      const rest = async (path: string) =>
        (await fetch(`http://127.0.0.1:${emulator.port}/${adapter.id}${path}`)).text()
      const instruments = await listInstruments(adapter.instruments, ({ path }) => rest(path))
      const kinds = new Map<string, Instrument[]>()
      for (const each of instruments.filter(({ status }) => status === 'trading')) {
        const kind = `${each.kind} ${each.amountUnit}`
        kinds.set(kind, [...(kinds.get(kind) ?? []), each])
      }
      const listed = [...kinds.values()].flatMap((each) => each.slice(0, 2))
      const wanted = listed.flatMap(({ symbol, pair, kind }) =>
        adapter.capabilities
          .filter(({ kinds: of }) => of?.includes(kind) ?? true)
          .flatMap(({ channel, depths, intervals }) => {
            const interval = intervals?.[0]
            // Among the least deep are those that are made otherwise than the others.
            return (depths?.slice(0, 3) ?? [undefined]).map((depth): Subscription => {
              const of = { channel, symbol, ...(depth ? { depth } : {}), ...(interval ? { interval } : {}) }
              return { id: subscriptionId(of), pair, ...of }
            })
          }),
      )
      const pollOf = ({ channel }: Subscription) => adapter.polls?.find((each) => each.channel === channel)
      const subscriptions = wanted.filter((each) => !pollOf(each))
      for (const each of wanted) {
        const call = pollOf(each)?.call([each])
        if (!call) continue
        const events = call.read(await rest(call.path)).filter(({ symbol }) => symbol === each.symbol)
        expect(events.map(({ kind }) => CHANNEL_OF[kind])).toEqual([each.channel])
      }
      const connections = await Promise.all(
        adapter.live.plan(subscriptions).map(async (plan) => ({
          ids: plan.subscriptions.map(({ id }) => id),
          conversation: adapter.live.converse(plan),
          client: await connectClient(cleanup, emulator, `/${adapter.id}${plan.path}`),
          at: 0,
        })),
      )

      const confirmed = new Set<string>()
      const released = new Set<string>()
      const strange: string[] = []
      const brought = new Map<string, number>()
      const keepers = new Map(
        subscriptions
          .filter(({ channel }) => channel === 'book')
          .map((each) => [
            each.id,
            { each, keeper: new BookKeeper(adapter.book, each.depth), changes: 0, asked: false },
          ]),
      )
      const book = (id: string, event: MarketData) => {
        const own = keepers.get(id)
        if (!own || (event.kind !== 'book_snapshot' && event.kind !== 'book_delta')) return
        const kept = event.kind === 'book_snapshot' ? own.keeper.snapshot(event) : own.keeper.delta(event)
        if (kept.outcome === 'applied') own.changes++
        if (kept.outcome === 'broken') strange.push(`${id}: ${kept.code} ${kept.detail}`)
        if (own.keeper.crossed) strange.push(`${id} is crossed`)
        const call = adapter.book.snapshot?.(own.each)
        if (own.keeper.ready || own.asked || !call) return
        own.asked = true
        void rest(call.path).then((body) => {
          own.asked = false
          book(id, call.read(body))
        })
      }
      const listen = () => {
        for (const connection of connections) hear(connection)
      }
      const hear = (connection: (typeof connections)[number]) => {
        const { conversation, client } = connection
        for (; connection.at < client.heard.length; connection.at++) {
          const frame = client.heard[connection.at] ?? ''
          const reading = conversation.read(frame)
          if (reading.kind === 'ack') {
            for (const id of reading.confirmed) confirmed.add(id)
            for (const id of reading.released) released.add(id)
          } else if (reading.kind === 'data') {
            const channel = subscriptions.find(({ id }) => id === reading.subscription)?.channel
            const shape = channel && adapter.shapes[channel]
            if (shape) strange.push(...strangeIn(JSON.parse(frame), shape).map(({ what, name }) => `${what} ${name}`))
            for (const event of reading.events) {
              if (event.kind === 'break') {
                strange.push(event.detail)
                continue
              }
              const owner = subscriptions.find(
                ({ id, channel, symbol }) =>
                  reading.shared?.includes(id) && channel === CHANNEL_OF[event.kind] && symbol === event.symbol,
              )
              const id = owner?.id ?? reading.subscription
              brought.set(id, (brought.get(id) ?? 0) + 1)
              book(id, event)
            }
          } else if (reading.kind !== 'heartbeat' && reading.kind !== 'notice') strange.push(JSON.stringify(reading))
        }
      }

      for (const { conversation, client } of connections)
        for (const message of conversation.open()) {
          client.say(message)
          await paced(adapter)
        }
      await waitFor(() => {
        listen()
        const quiet = subscriptions.some(({ id }) => !brought.get(id))
        return strange.length > 0 || (!quiet && [...keepers.values()].every(({ changes }) => changes >= CHANGES))
      })
      expect(strange).toEqual([])
      if (adapter.live.acknowledges) expect([...confirmed].sort()).toEqual(subscriptions.map(({ id }) => id).sort())

      for (const { ids, conversation, client } of connections)
        for (const message of conversation.unsubscribe(ids)) {
          client.say(message)
          await paced(adapter)
        }
      await waitFor(() => {
        listen()
        return strange.length > 0 || subscriptions.every(({ id }) => released.has(id))
      })
      expect(strange).toEqual([])
    })
  }
})
