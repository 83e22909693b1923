import { isRecord } from './api-client.js'

/** What is followed: channels of one instrument. */
export interface LiveTopic {
  readonly exchange: string
  readonly pair: string
  readonly channels: readonly string[]
}

type Listener = (message: Readonly<Record<string, unknown>>) => void

/** Market events as they happen, over one WebSocket that is open while somebody follows something and comes back after a cut. */
export class LiveFeed {
  private readonly address: () => string
  private readonly followers = new Map<number, { readonly topic: LiveTopic; readonly listener: Listener }>()
  private socket: WebSocket | undefined
  private timer: number | undefined
  private failures = 0
  private next = 1

  constructor(address: () => string) {
    this.address = address
  }

  /** Hears what happens to a topic, and `{type: 'open'}` and `{type: 'lost'}` of the connection, until the answer is called. */
  follow(topic: LiveTopic, listener: Listener): () => void {
    const id = this.next++
    this.followers.set(id, { topic, listener })
    if (this.socket?.readyState === WebSocket.OPEN) this.send('subscribe', topic)
    else if (!this.socket) this.open()
    return () => {
      this.followers.delete(id)
      const others = [...this.followers.values()].some((each) => sameTopic(each.topic, topic))
      if (this.followers.size === 0) this.close()
      else if (!others && this.socket?.readyState === WebSocket.OPEN) this.send('unsubscribe', topic)
    }
  }

  private open(): void {
    const socket = new WebSocket(this.address())
    this.socket = socket
    socket.onopen = () => {
      this.failures = 0
      for (const { topic, listener } of this.followers.values()) {
        this.send('subscribe', topic)
        listener({ type: 'open' })
      }
    }
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data !== 'string') return
      const parsed: unknown = JSON.parse(event.data)
      for (const message of Array.isArray(parsed) ? parsed : [parsed]) if (isRecord(message)) this.heard(message)
    }
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.socket = undefined
      if (this.followers.size === 0) return
      for (const { listener } of this.followers.values()) listener({ type: 'lost' })
      this.failures++
      this.timer = window.setTimeout(() => this.open(), Math.min(500 * 2 ** this.failures, 8000))
    }
  }

  private close(): void {
    window.clearTimeout(this.timer)
    const { socket } = this
    this.socket = undefined
    // A browser complains about one that is closed before it is open.
    if (socket?.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close()
    else socket?.close()
  }

  private heard(message: Readonly<Record<string, unknown>>): void {
    for (const { topic, listener } of this.followers.values()) {
      if (message.exchange !== undefined && message.exchange !== topic.exchange) continue
      if (message.pair !== undefined && message.pair !== topic.pair) continue
      listener(message)
    }
  }

  private send(action: 'subscribe' | 'unsubscribe', { exchange, pair, channels }: LiveTopic): void {
    this.socket?.send(JSON.stringify({ action, exchange, pair, channels }))
  }
}

function sameTopic(a: LiveTopic, b: LiveTopic): boolean {
  return a.exchange === b.exchange && a.pair === b.pair && a.channels.join() === b.channels.join()
}
