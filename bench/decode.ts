import WebSocket from 'ws'
import { Deriver } from '../src/capture/deriver.js'
import type { Sink } from '../src/capture/sink.js'
import { COINS } from '../src/emulator/coins.js'
import { startEmulator, VENUES } from '../src/emulator/emulate.js'
import { type ExchangeAdapter, type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { type Figure, figure } from './figure.js'

const COLLECT_MS = 3000
const LEAST_MS = 400
const ROUNDS = 3
const drop: Sink = { row() {}, fact() {} }

/** Frames of one channel as the emulated venue sends them, from the first one on. */
async function collect(adapter: ExchangeAdapter, subscription: Subscription, port: number): Promise<string[]> {
  const [plan] = adapter.live.plan([subscription])
  if (!plan) return []
  const conversation = adapter.live.converse(plan)
  const frames: string[] = []
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${adapter.id}${plan.path}`, { perMessageDeflate: false })
  socket.on('open', () => {
    for (const message of conversation.open()) socket.send(message)
  })
  socket.on('message', (data) => frames.push(data.toString()))
  await new Promise((resolve) => setTimeout(resolve, COLLECT_MS))
  socket.terminate()
  return frames
}

/** Frames per CPU-second of `act`, the median of some rounds of at least `LEAST_MS`. */
function speed(frames: readonly string[], act: () => void): number {
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage()
    let runs = 0
    let used = 0
    while (used < LEAST_MS * 1000) {
      act()
      runs++
      const { user, system } = process.cpuUsage(begin)
      used = user + system
    }
    rates.push((runs * frames.length) / (used / 1e6))
  }
  return rates.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0
}

/** Reading frames beside `JSON.parse` of the same frames, and the whole way to rows with the book kept. */
export async function benchDecode(): Promise<Figure[]> {
  const emulator = await startEmulator({ port: 0, rate: 500, instruments: 1 })
  const figures: Figure[] = []
  try {
    for (const { exchange, instruments } of VENUES) {
      const adapter = exchanges[exchange]
      const spec = instruments(COINS.slice(0, 1))[0]
      if (!adapter || !spec) continue
      for (const { channel, depths, intervals } of adapter.capabilities) {
        const interval = intervals?.[0]
        const depth = channel === 'book' ? depths?.find((each) => each >= 100) : undefined
        const named = { channel, symbol: spec.symbol, ...(depth ? { depth } : {}), ...(interval ? { interval } : {}) }
        const subscription = { id: subscriptionId(named), ...named, pair: spec.pair }
        const frames = await collect(adapter, subscription, emulator.port)
        if (frames.length < 20) continue
        const plan = { path: '/', subscriptions: [subscription] }
        const beside = speed(frames, () => {
          for (const frame of frames) JSON.parse(frame)
        })
        const ours = speed(frames, () => {
          const conversation = adapter.live.converse(plan)
          conversation.open()
          for (const frame of frames) conversation.read(frame)
        })
        figures.push(figure(`decode/${exchange}/${channel} vs JSON.parse`, 'frames per CPU-second', ours, beside))
        const bytes = frames.map((frame) => new TextEncoder().encode(frame))
        const planned = { ...subscription, time_step: 60, keep: 100 }
        const body = JSON.stringify({ exchange, path: '/', subscriptions: [planned] })
        const kept = speed(frames, () => {
          const deriver = new Deriver(() => adapter, drop)
          deriver.process({ type: 'open', connection: 1, wall: 1n, mono: 1n, body })
          let n = 0
          for (const frame of bytes) deriver.process({ type: 'in', connection: 1, n: n++, wall: 2n, mono: 2n, frame })
        })
        const name = `decode and keep books/${exchange}/${channel} vs JSON.parse`
        figures.push(figure(name, 'frames per CPU-second', kept, beside))
      }
    }
  } finally {
    await emulator.close()
  }
  return figures
}
