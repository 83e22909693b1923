import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { BOOK, frameOf, PER_SECOND, symbolsOf } from './instrument-load.js'

/** An exchange of so many instruments for `worker.ts`: it sends when `POST /send?from=&until=` asks, and answers that when the sockets have taken all. */
const symbols = symbolsOf(Number(process.argv[2]))
const start = Date.now()
/** The connection that each stream was asked for on. */
const streams = new Map<string, WebSocket>()
const nameOf = (at: number) =>
  `${(symbols[at % symbols.length] ?? '').toLowerCase()}@${Math.floor(at / symbols.length) % 2 ? 'trade' : 'depth@100ms'}`

const listed = JSON.stringify({
  symbols: symbols.map((symbol) => ({
    symbol,
    status: 'TRADING',
    baseAsset: symbol.slice(0, -4),
    quoteAsset: 'USDT',
    filters: [
      { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
      { filterType: 'LOT_SIZE', stepSize: '0.00001000' },
    ],
  })),
})

function send(at: number): void {
  streams.get(nameOf(at))?.send(frameOf(symbols, at, start))
}

/** `PER_SECOND` of them, some each few milliseconds, as they would come. */
async function sendAll(from: number, until: number): Promise<void> {
  const began = Date.now()
  for (let at = from; at < until; ) {
    const due = Math.min(until, from + Math.floor(((Date.now() - began) * PER_SECOND) / 1000))
    while (at < due) send(at++)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  while ([...streams.values()].some(({ bufferedAmount }) => bufferedAmount > 0))
    await new Promise((resolve) => setTimeout(resolve, 5))
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
  response.setHeader('content-type', 'application/json')
  if (pathname === '/send') await sendAll(Number(searchParams.get('from')), Number(searchParams.get('until')))
  response.end(pathname.endsWith('/exchangeInfo') ? listed : pathname.endsWith('/depth') ? BOOK : '{}')
})
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const { method, params, id } = JSON.parse(String(data)) // of our own adapter
    if (method !== 'SUBSCRIBE') return
    for (const stream of params) streams.set(stream, socket)
    socket.send(JSON.stringify({ result: null, id }))
    // The first change of a book is what its snapshot is asked for at.
    for (let at = 0; at < symbols.length; at++) if (params.includes(nameOf(at))) send(at)
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`)) // it listens on a port
