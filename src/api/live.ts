import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import { asCollectorError, CollectorError } from '../model/error.js'
import { checked } from '../service/check-input.js'
import { exchange, pair } from '../service/fields.js'
import type { LiveFollower, LiveHub } from '../service/live-hub.js'
import { errorBody } from './error-body.js'

const CLIENTS_MOST = 200
const TOPICS_MOST = 2000
/** What a client has not taken yet, from which on events are left out for it, and until which it stays so. */
const BEHIND_MOST = 1024 * 1024
const BEHIND_LEAST = 128 * 1024
const CHECK_MS = 1000
const PING_MS = 20_000

const wish = z.strictObject({
  action: z.enum(['subscribe', 'unsubscribe']),
  exchange,
  pair,
  channels: z.array(z.string().min(1).max(20)).min(1).max(20),
})

/** `GET /api/v1/live`: market events over a WebSocket, by subscription. Who is too slow is told what it missed, then dropped. */
export function addLiveRoute(app: FastifyInstance, hub: LiveHub, slowMs: number): void {
  let clients = 0
  app.get('/api/v1/live', { websocket: true }, (socket) => {
    if (clients >= CLIENTS_MOST) {
      socket.close(1013, `${CLIENTS_MOST} clients follow already`)
      return
    }
    clients++
    new LiveClient(socket, hub, slowMs)
    socket.once('close', () => clients--)
  })
}

/** One open feed, with its bounded queue. */
class LiveClient {
  readonly #socket: WebSocket
  readonly #follower: LiveFollower
  readonly #slowMs: number
  readonly #missed = new Map<string, { exchange: string; pair: string; count: number }>()
  #waiting: string[] = []
  #behindSince: number | undefined
  #heard = true
  #beats = 0

  constructor(socket: WebSocket, hub: LiveHub, slowMs: number) {
    this.#socket = socket
    this.#slowMs = slowMs
    this.#follower = hub.follow({
      event: ({ exchange, pair }, json) => {
        if (this.#behind()) this.#miss(exchange, pair, 1)
        else this.#queue(json())
      },
      missed: ({ exchange, pair, count }) => this.#miss(exchange, pair, count),
    })
    const timer = setInterval(() => this.#check(), CHECK_MS)
    timer.unref()
    socket.on('message', (data, isBinary) => this.#hear(isBinary ? undefined : String(data)))
    socket.on('pong', () => {
      this.#heard = true
    })
    socket.on('error', () => socket.terminate())
    socket.once('close', () => {
      clearInterval(timer)
      this.#follower.close()
    })
  }

  #hear(text: string | undefined): void {
    try {
      const { action, ...topic } = checked(wish, parsed(text))
      if (action === 'unsubscribe') this.#follower.remove(topic)
      else {
        if (this.#follower.following + topic.channels.length > TOPICS_MOST)
          throw new CollectorError('TOO_MANY_REQUESTS', `one client follows at most ${TOPICS_MOST} channels`)
        this.#follower.add(topic)
      }
      this.#queue(JSON.stringify({ type: `${action}d`, ...topic }))
    } catch (cause) {
      this.#queue(JSON.stringify({ type: 'error', ...errorBody(asCollectorError(cause, 'INTERNAL')) }))
    }
  }

  /** What comes in one turn goes out as one message: an array. */
  #queue(json: string): void {
    this.#waiting.push(json)
    if (this.#waiting.length > 1) return
    queueMicrotask(() => {
      const text = `[${this.#waiting.join(',')}]`
      this.#waiting = []
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text)
    })
  }

  #behind(): boolean {
    const bytes = this.#socket.bufferedAmount
    if (this.#behindSince === undefined && bytes > BEHIND_MOST) this.#behindSince = Date.now()
    return this.#behindSince !== undefined
  }

  #miss(exchange: string, pair: string, count: number): void {
    const key = `${exchange} ${pair}`
    const known = this.#missed.get(key)
    if (known) known.count += count
    else this.#missed.set(key, { exchange, pair, count })
  }

  #check(): void {
    const { bufferedAmount } = this.#socket
    // What came in one turn may be the last for long.
    if (this.#behind()) {
      if (bufferedAmount < BEHIND_LEAST) this.#behindSince = undefined
      else if (Date.now() - (this.#behindSince ?? 0) > this.#slowMs) {
        this.#tellMissed()
        this.#socket.close(1013, 'too slow')
        // Whoever does not read does not answer the goodbye either.
        setTimeout(() => this.#socket.terminate(), CHECK_MS).unref()
        return
      }
    }
    if (this.#behindSince === undefined) this.#tellMissed()
    if (++this.#beats % (PING_MS / CHECK_MS) !== 0) return
    if (!this.#heard) this.#socket.terminate()
    this.#heard = false
    this.#socket.ping()
  }

  #tellMissed(): void {
    for (const missed of this.#missed.values()) this.#queue(JSON.stringify({ type: 'missed', ...missed }))
    this.#missed.clear()
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw new CollectorError('USAGE', 'this is not JSON', {
      remedy: 'Send {"action": "subscribe", "exchange": "binance", "pair": "BTC/USDT", "channels": ["trades"]}.',
    })
  }
}
