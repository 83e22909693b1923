import { afterEach, describe, expect, it } from 'vitest'
import { BookKeeper } from '../src/capture/keeper.js'
import { VENUES } from '../src/emulator/emulate.js'
import { type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import type { MarketData } from '../src/model/event.js'
import { Cleanup, connectClient, startTestEmulator, waitFor } from '../testkit/emulator-client.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

/** Events of one instrument's book that are enough to call it right. */
const CHANGES = 30

// The two were written apart from the same sheets: where one misread the protocol, they do not understand each other.
describe('adapters on emulated exchanges', () => {
  for (const adapter of Object.values(exchanges)) {
    const reason = VENUES.some(({ exchange }) => exchange === adapter.id) ? '' : ' (skipped: no such emulator)'
    it.skipIf(reason)(`${adapter.id} understands its emulator and keeps its books right${reason}`, async () => {
      const emulator = await startTestEmulator(cleanup, { exchanges: [adapter.id], rate: 300 })
      const rest = async (path: string) =>
        (await fetch(`http://127.0.0.1:${emulator.port}/${adapter.id}${path}`)).text()
      const instruments = adapter.instruments.read(await rest(adapter.instruments.path))
      const listed = instruments.filter(({ status }) => status === 'trading').slice(0, 2)
      const subscriptions = listed.flatMap(({ symbol, pair }) =>
        adapter.capabilities.map(({ channel, depths, intervals }): Subscription => {
          const depth = depths?.[1]
          const interval = intervals?.[0]
          const of = { channel, symbol, ...(depth ? { depth } : {}), ...(interval ? { interval } : {}) }
          return { id: subscriptionId(of), pair, ...of }
        }),
      )
      const [plan, more] = adapter.live.plan(subscriptions)
      expect(more).toBeUndefined()
      if (!plan) return
      const conversation = adapter.live.converse(plan)
      const client = await connectClient(cleanup, emulator, `/${adapter.id}${plan.path}`)

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
      let at = 0
      const listen = () => {
        for (; at < client.heard.length; at++) {
          const reading = conversation.read(client.heard[at] ?? '')
          if (reading.kind === 'ack') {
            for (const id of reading.confirmed) confirmed.add(id)
            for (const id of reading.released) released.add(id)
          } else if (reading.kind === 'data') {
            brought.set(reading.subscription, (brought.get(reading.subscription) ?? 0) + reading.events.length)
            for (const event of reading.events)
              if (event.kind === 'break') strange.push(event.detail)
              else book(reading.subscription, event)
          } else if (reading.kind !== 'heartbeat' && reading.kind !== 'notice') strange.push(JSON.stringify(reading))
        }
      }

      for (const message of conversation.open()) client.say(message)
      await waitFor(() => {
        listen()
        const quiet = subscriptions.some(({ id }) => !brought.get(id))
        return strange.length > 0 || (!quiet && [...keepers.values()].every(({ changes }) => changes >= CHANGES))
      })
      expect(strange).toEqual([])
      if (adapter.live.acknowledges) expect([...confirmed].sort()).toEqual(subscriptions.map(({ id }) => id).sort())

      const ended = subscriptions.slice(0, 2).map(({ id }) => id)
      for (const message of conversation.unsubscribe(ended)) client.say(message)
      await waitFor(() => {
        listen()
        return strange.length > 0 || ended.every((id) => released.has(id))
      })
      expect(strange).toEqual([])
    })
  }
})
