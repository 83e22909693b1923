import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { absent, dumpAnswer } from './dump.js'
import { parseFaultBody } from './fault.js'
import type { FaultEngine } from './fault-engine.js'
import { inTime, SocketLink } from './socket-link.js'
import type { HttpAnswer, Venue } from './venue.js'

const MAX_MESSAGE_BYTES = 1024 * 1024
const MAX_BODY_BYTES = 1024 * 1024

export interface EmulatorServerOptions {
  readonly venues: readonly Venue[]
  readonly faults: FaultEngine
  readonly clock: Clock
  /** Instead of the lifetime that a venue gives its connections. */
  readonly lifetimeMs?: number
  /** Figures for `GET /_emulator/state` beside the server's own. */
  state(): Record<string, unknown>
}

interface Visitors {
  readonly venue: Venue
  readonly links: Set<SocketLink>
  opened: number
  requests: number
  recentOpens: bigint[]
  readonly recentMessages: bigint[]
  /** What broke a limit of the venue and was refused: the venue bans who goes on. */
  readonly refused: { connections: number; requests: number; messages: number }
}

/** What a request gets that breaks a limit. */
const LIMITED: ReadonlySet<number> = new Set([403, 418, 429])

/** HTTP and WebSocket of every venue on one loopback port, each below `/<exchange>`; `/_emulator/` is the emulator's own. */
export class EmulatorServer {
  private readonly options: EmulatorServerOptions
  private readonly visitors: ReadonlyMap<string, Visitors>
  private readonly http: Server
  /** Every connection, also one that is just becoming a WebSocket and is nobody's yet: one that was left would hold up the end. */
  private readonly open = new Set<Socket>()
  private readonly sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })

  constructor(options: EmulatorServerOptions) {
    this.options = options
    this.visitors = new Map(
      options.venues.map((venue) => [
        venue.exchange,
        {
          venue,
          links: new Set<SocketLink>(),
          opened: 0,
          requests: 0,
          recentOpens: [],
          recentMessages: [],
          refused: { connections: 0, requests: 0, messages: 0 },
        },
      ]),
    )
    this.http = createServer((request, response) => this.answer(request, response))
    this.http.on('connection', (socket) => {
      this.open.add(socket)
      socket.on('close', () => this.open.delete(socket))
    })
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head))
  }

  /** Listens on 127.0.0.1; gives the port. Throws PORT_IN_USE. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.http.once('error', (error: NodeJS.ErrnoException) => {
        const message = `The emulator cannot listen on 127.0.0.1:${port}: ${error.message}.`
        const remedy = 'Stop what uses the port, or give another --port (0 takes a free one).'
        reject(
          error.code === 'EADDRINUSE' || error.code === 'EACCES'
            ? new CollectorError('PORT_IN_USE', message, { remedy, cause: error })
            : asCollectorError(error, 'CONNECT_FAILED'),
        )
      })
      this.http.listen(port, '127.0.0.1', () => {
        const address: AddressInfo | string | null = this.http.address()
        if (address && typeof address === 'object') resolve(address.port)
        else reject(new CollectorError('CONNECT_FAILED', 'The emulator has no port.'))
      })
    })
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    for (const { links } of this.visitors.values()) for (const link of links) link.cut()
    this.sockets.close()
    if (!this.http.listening) return
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve())
      for (const socket of this.open) socket.destroy()
    })
  }

  private route(request: IncomingMessage) {
    const url = parseUrl(request.url ?? '/')
    if (!url) return undefined
    const [, first = ''] = url.pathname.split('/')
    return { first, path: url.pathname.slice(first.length + 1) || '/', query: url.searchParams }
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const route = this.route(request)
    if (route?.first === '_emulator') {
      this.control(request, response, route.path).catch((error: unknown) => {
        const { code, message, remedy } = asCollectorError(error, 'USAGE')
        reply(response, json(400, { error: { code, message, remedy } }))
      })
      return
    }
    const here = this.visitors.get(route?.first ?? '')
    if (!route || !here) {
      reply(response, json(404, { error: `No such exchange; there are: ${[...this.visitors.keys()].join(', ')}` }))
      return
    }
    const { faults } = this.options
    const { exchange } = here.venue
    if (faults.refusing(exchange)) {
      request.socket.destroy()
      return
    }
    here.requests++
    const wanted = faults.httpStatus(exchange, route.path)
    const dump = here.venue.dump?.(route.path)
    if (wanted) reply(response, here.venue.refusal(wanted.status, wanted.retryAfterS))
    else if (dump === null) reply(response, absent())
    else if (dump) reply(response, dumpAnswer(dump, route.path, faults.dump(exchange, route.path)))
    else if (request.method !== 'GET') reply(response, json(405, { error: 'Only GET' }))
    else {
      const answer = here.venue.http({ path: route.path, query: route.query })
      if (LIMITED.has(answer.status)) here.refused.requests++
      reply(response, answer)
    }
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const route = this.route(request)
    const here = this.visitors.get(route?.first ?? '')
    if (!route || !here) {
      deny(socket, 404, 'Not Found')
      return
    }
    const { faults, clock, lifetimeMs } = this.options
    const { venue } = here
    if (faults.refusing(venue.exchange)) {
      socket.destroy()
      return
    }
    if (tooMany(here, clock.mono())) {
      here.refused.connections++
      deny(socket, 429, 'Too Many Requests')
      return
    }
    const link = new SocketLink({
      exchange: venue.exchange,
      number: ++here.opened,
      manners: lifetimeMs === undefined ? venue.manners : { ...venue.manners, lifetimeMs },
      faults,
      clock,
      mayHear: () => inTime(here.recentMessages, venue.manners.addressMessagesPerSecond, clock.mono()),
      tooMany: () => here.refused.messages++,
    })
    let upgraded = false
    const session = venue.connect(link, route.path, route.query)
    if (!session) {
      deny(socket, 404, 'Not Found')
      return
    }
    socket.once('close', () => {
      if (!upgraded) session.closed()
    })
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      upgraded = true
      here.links.add(link)
      client.on('close', () => here.links.delete(link))
      link.attach(client, session)
    })
  }

  private async control(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { faults } = this.options
    if (path === '/faults' && request.method === 'POST') {
      // A page open in a browser on this machine must not be able to do it.
      if (request.headers.origin !== undefined) {
        reply(response, json(403, { error: 'Not from a browser' }))
        return
      }
      const wanted = parseFaultBody(await body(request), [...this.visitors.keys()])
      faults.schedule(wanted)
      reply(response, json(202, { accepted: wanted.length }))
    } else if (path === '/faults' && request.method === 'GET') reply(response, json(200, faults.list()))
    else if (path === '/state' && request.method === 'GET') reply(response, json(200, this.state()))
    else reply(response, json(404, { error: 'There are /_emulator/faults (GET, POST) and /_emulator/state (GET).' }))
  }

  private state(): unknown {
    const exchanges: Record<string, unknown> = {}
    for (const [exchange, { links, opened, requests, refused }] of this.visitors) {
      let sent = 0
      for (const link of links) sent += link.sent
      exchanges[exchange] = {
        connections: links.size,
        connections_opened: opened,
        http_requests: requests,
        frames_sent: sent,
        refused,
      }
    }
    return { ...this.options.state(), exchanges }
  }
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url, 'http://127.0.0.1')
  } catch {
    return undefined
  }
}

function tooMany(here: Visitors, now: bigint): boolean {
  const limit = here.venue.manners.connects
  if (!limit) return false
  const since = now - BigInt(limit.perMs) * 1_000_000n
  here.recentOpens = here.recentOpens.filter((time) => time > since)
  if (here.recentOpens.length >= limit.count) return true
  here.recentOpens.push(now)
  return false
}

function deny(socket: Duplex, status: number, text: string): void {
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

function reply(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new CollectorError('USAGE', `A body of more than ${MAX_BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
