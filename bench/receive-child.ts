import WebSocket from 'ws'
import { type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'

const [port = '', seconds = '', pairs = ''] = process.argv.slice(2)
const wanted = JSON.parse(pairs) as Record<string, { pair: string; symbol: string }[]> // from recording.ts
let frames = 0
const sockets: WebSocket[] = []
for (const [id, list] of Object.entries(wanted)) {
  const adapter = exchanges[id]
  if (!adapter) continue
  const subscriptions = list.map(({ pair, symbol }): Subscription => {
    const named = { channel: 'trades' as const, symbol }
    return { id: subscriptionId(named), ...named, pair }
  })
  for (const plan of adapter.live.plan(subscriptions)) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${id}${plan.path}`, { perMessageDeflate: false })
    socket.on('open', () => {
      const messages = adapter.live.converse(plan).open()
      for (const [at, message] of messages.entries()) {
        setTimeout(() => socket.send(message), (at * 1000) / adapter.limits.messagesPerSecond)
      }
    })
    socket.on('message', () => {
      frames++
    })
    sockets.push(socket)
  }
}
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000))
for (const socket of sockets) socket.terminate()
const { user, system } = process.cpuUsage()
const peakMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ trades: frames, cpuSeconds: (user + system) / 1e6, peakMb })}\n`)
