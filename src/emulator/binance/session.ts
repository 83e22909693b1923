import type { FrameLabel, Link, Session } from '../venue.js'

const MAX_STREAMS = 1024

/** What a session asks of its venue. */
export interface StreamHub {
  subscribe(stream: string, session: BinanceSession): void
  unsubscribe(stream: string, session: BinanceSession): void
  /** Whether a fault wants this stream refused. */
  refuses(stream: string): boolean
  nowMs(): number
}

/** Takes up a connection at `/stream` or `/ws`, with the streams that its address names; `undefined` at any other path. */
export function openSession(
  link: Link,
  path: string,
  query: URLSearchParams,
  hub: StreamHub,
): BinanceSession | undefined {
  const [, form, ...streams] = decoded(path).split('/')
  if (form !== 'stream' && form !== 'ws') return undefined
  const session = new BinanceSession(link, form === 'stream', hub)
  const asked = form === 'stream' ? (query.get('streams')?.split('/') ?? []) : streams
  session.add(asked.filter((stream) => stream !== ''))
  return session
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** One WebSocket connection to Binance: `/stream` (wrapped frames) or `/ws` (raw ones). */
export class BinanceSession implements Session {
  private readonly link: Link
  private readonly hub: StreamHub
  private readonly streams = new Set<string>()
  private combined: boolean

  constructor(link: Link, combined: boolean, hub: StreamHub) {
    this.link = link
    this.combined = combined
    this.hub = hub
  }

  add(streams: readonly string[]): void {
    for (const stream of streams) {
      if (this.streams.has(stream)) continue
      this.streams.add(stream)
      this.hub.subscribe(stream, this)
    }
  }

  push(stream: string, text: string, label: FrameLabel): void {
    this.link.send(this.combined ? `{"stream":${JSON.stringify(stream)},"data":${text}}` : text, label)
  }

  closed(): void {
    for (const stream of this.streams) this.hub.unsubscribe(stream, this)
    this.streams.clear()
  }

  warn(): void {
    this.link.send(JSON.stringify({ e: 'serverShutdown', E: this.hub.nowMs() }))
  }

  receive(text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      this.fail(3, 'Invalid JSON: expected value at line 1 column 1', null)
      return
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.fail(2, 'Invalid request: request must be an object', null)
      return
    }
    const { method, params, id } = message as { method?: unknown; params?: unknown; id?: unknown }
    if (id !== undefined && id !== null && typeof id !== 'number' && typeof id !== 'string') {
      this.fail(2, 'Invalid request: request ID must be an unsigned integer', null)
      return
    }
    this.handle(method, params, id ?? null)
  }

  private handle(method: unknown, params: unknown, id: number | string | null): void {
    switch (method) {
      case 'SUBSCRIBE':
      case 'UNSUBSCRIBE': {
        if (!isTextList(params) || params.length === 0) {
          this.fail(2, 'Invalid request: params must be a non-empty array of stream names', id)
          return
        }
        if (method === 'UNSUBSCRIBE') this.remove(params)
        else if (params.some((stream) => this.hub.refuses(stream))) {
          this.fail(2, 'Invalid request: stream not available', id)
          return
        } else if (new Set([...this.streams, ...params]).size > MAX_STREAMS) {
          this.fail(2, `Invalid request: more than ${MAX_STREAMS} streams`, id)
          return
        } else this.add(params)
        this.reply(null, id)
        return
      }
      case 'LIST_SUBSCRIPTIONS':
        this.reply([...this.streams], id)
        return
      case 'SET_PROPERTY':
        if (Array.isArray(params) && params[0] === 'combined' && typeof params[1] === 'boolean') {
          this.combined = params[1]
          this.reply(null, id)
        } else this.fail(0, 'Unknown property', id)
        return
      case 'GET_PROPERTY':
        this.reply(this.combined, id)
        return
      default:
        this.fail(
          2,
          'Invalid request: unknown variant, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`',
          id,
        )
    }
  }

  private remove(streams: readonly string[]): void {
    for (const stream of streams) if (this.streams.delete(stream)) this.hub.unsubscribe(stream, this)
  }

  private reply(result: unknown, id: number | string | null): void {
    this.link.send(JSON.stringify({ result, id }))
  }

  private fail(code: number, msg: string, id: number | string | null): void {
    this.link.send(JSON.stringify({ code, msg, id }))
  }
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
