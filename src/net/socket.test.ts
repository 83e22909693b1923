import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../lib/clock.js'
import { openSocket, type SocketClose, type SocketOptions } from './socket.js'

const clock = systemClock()
const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function portOf(server: Server | TcpServer | WebSocketServer): Promise<number> {
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function serve(onConnection: (peer: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  closers.push(() => {
    for (const peer of server.clients) peer.terminate()
    server.close()
  })
  server.on('connection', onConnection)
  return `ws://127.0.0.1:${await portOf(server)}/stream?token=secret`
}

function connect(url: string, options: Partial<SocketOptions> = {}, signal?: AbortSignal) {
  const log: string[] = []
  const frames: { data: Buffer; binary: boolean; wall: bigint; mono: bigint }[] = []
  let closes = 0
  let opened = () => {}
  let closed = (_: SocketClose) => {}
  let framed = () => {}
  const open = new Promise<void>((resolve) => {
    opened = resolve
  })
  const close = new Promise<SocketClose>((resolve) => {
    closed = resolve
  })
  const socket = openSocket(
    url,
    {
      onOpen: () => {
        log.push('open')
        opened()
      },
      onFrame: (data, binary, wall, mono) => {
        frames.push({ data, binary, wall, mono })
        log.push('frame')
        framed()
      },
      onPing: () => log.push('ping'),
      onClose: (reason) => {
        closes += 1
        log.push('close')
        closed(reason)
      },
    },
    { clock, ...options },
    signal,
  )
  const until = async (condition: () => boolean) => {
    while (!condition())
      await new Promise<void>((resolve) => {
        framed = resolve
        setImmediate(resolve)
      })
  }
  return { socket, log, frames, open, close, until, closes: () => closes }
}

describe('openSocket', () => {
  it('delivers every frame verbatim and stamped, from the first one sent with the upgrade', async () => {
    const url = await serve((peer) => {
      peer.send('{"first":1}')
      peer.send(Buffer.from([0xff, 0x00]))
      peer.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { binary: false })
    })
    const before = clock.wall()
    const client = connect(url)
    await client.until(() => client.frames.length === 3)
    expect(client.log[0]).toBe('open')
    expect(client.frames.map(({ data, binary }) => [data.toString('hex'), binary])).toEqual([
      [Buffer.from('{"first":1}').toString('hex'), false],
      ['ff00', true],
      ['22c32822', false],
    ])
    for (const { wall } of client.frames) expect(wall).toBeGreaterThanOrEqual(before)
    client.socket.close()
    expect(await client.close).toEqual({ code: 1000, reason: '' })
  })

  it('sends, and answers to pings count as life', async () => {
    const url = await serve((peer) => peer.on('message', (data) => peer.send(`echo ${data.toString()}`)))
    const client = connect(url)
    client.socket.send('too early: ignored')
    await client.open
    client.socket.send('hi')
    client.socket.ping()
    await client.until(() => client.frames.length === 1 && client.log.includes('ping'))
    expect(client.frames[0]?.data.toString()).toBe('echo hi')
    client.socket.terminate()
    await client.close
    client.socket.send('too late: ignored')
    expect(client.socket.bufferedAmount).toBe(0)
  })

  it('a clean close by the exchange is a loss, not the end of the work (zombie stream, clean close)', async () => {
    const client = connect(await serve((peer) => peer.close(1001, 'going away')))
    const close = await client.close
    expect(close).toMatchObject({ code: 1001, reason: 'going away', error: { code: 'CONNECTION_LOST' } })
    expect(close.error?.message).not.toContain('secret')
  })

  it('a broken connection is a loss', async () => {
    const client = connect(await serve((peer) => peer.terminate()))
    expect(await client.close).toMatchObject({ code: 1006, error: { code: 'CONNECTION_LOST' } })
  })

  it('a frame beyond the limit ends the connection with a readable error', async () => {
    const client = connect(await serve((peer) => peer.send('x'.repeat(2000))), { maxFrameBytes: 1000 })
    expect(await client.close).toMatchObject({ error: { code: 'BAD_MESSAGE', scope: 'connection' } })
    expect(client.frames).toEqual([])
  })

  it.each([
    [429, { 'retry-after': '9' }, { code: 'RATE_LIMITED', retry: { afterMs: 9000 } }],
    [418, {}, { code: 'BANNED' }],
    [403, {}, { code: 'BANNED' }],
    [503, {}, { code: 'CONNECT_FAILED' }],
    [302, { location: 'ws://127.0.0.1:1/' }, { code: 'CONNECT_FAILED' }],
    [404, {}, { code: 'CONNECT_FAILED' }],
  ])('an upgrade refused with %i says what it means', async (status, headers, expected) => {
    const server = createServer()
    server.on('upgrade', (_request, socket) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 ${status} No\r\n${lines.join('')}content-length: 0\r\n\r\n`)
    })
    closers.push(() => server.close())
    server.listen(0, '127.0.0.1')
    const client = connect(`ws://127.0.0.1:${await portOf(server)}`)
    const close = await client.close
    expect(close.error).toMatchObject(expected)
    expect(client.log).toEqual(['close'])
  })

  it('refused, unknown host, TLS against plain, not an address: CONNECT_FAILED, once, after the call', async () => {
    const tcp = createTcpServer((peer) => peer.end('this is not TLS\n'))
    tcp.listen(0, '127.0.0.1')
    const port = await portOf(tcp)
    const gone = createTcpServer()
    gone.listen(0, '127.0.0.1')
    const closedPort = await portOf(gone)
    await new Promise((resolve) => gone.close(resolve))
    closers.push(() => tcp.close())
    const urls = [
      `ws://127.0.0.1:${closedPort}`,
      'ws://no-such-host.invalid',
      `wss://127.0.0.1:${port}`,
      `ws://127.0.0.1:${port}`,
      'http//nonsense',
      'ftp://127.0.0.1',
    ]
    for (const url of urls) {
      const client = connect(url)
      expect(client.log).toEqual([])
      const close = await client.close
      expect(close.error, url).toMatchObject({ code: 'CONNECT_FAILED' })
      expect(close.error?.message.length).toBeGreaterThan(10)
      client.socket.terminate()
      client.socket.close()
      expect(client.closes()).toBe(1)
    }
  })

  it('a host that accepts and never answers is given up after the timeout', async () => {
    const tcp = createTcpServer((peer) => closers.push(() => peer.destroy()))
    tcp.listen(0, '127.0.0.1')
    closers.push(() => tcp.close())
    const client = connect(`ws://127.0.0.1:${await portOf(tcp)}`, { connectTimeoutMs: 60 })
    const close = await client.close
    expect(close.error).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringContaining('60 ms') })
  })

  it('terminate while connecting, and an abort before and after the open, end without an error', async () => {
    const url = await serve(() => {})
    const connecting = connect(url)
    connecting.socket.terminate()
    expect(await connecting.close).not.toHaveProperty('error')
    expect(connecting.log).toEqual(['close'])

    const abort = new AbortController()
    const open = connect(url, {}, abort.signal)
    await open.open
    abort.abort()
    expect(await open.close).not.toHaveProperty('error')

    const early = connect(url, {}, abort.signal)
    expect(early.log).toEqual([])
    expect(await early.close).not.toHaveProperty('error')
    expect(early.log).toEqual(['close'])
  })

  it('a peer that ignores our close is cut off after two seconds', async () => {
    const url = await serve((peer) => peer.pause())
    const client = connect(url)
    await client.open
    const before = clock.mono()
    client.socket.close()
    expect(await client.close).toMatchObject({ code: 1006 })
    expect(Number(clock.mono() - before) / 1e6).toBeGreaterThan(1900)
    expect(client.closes()).toBe(1)
  })

  it('nothing is delivered after terminate, even from a chunk that is being read', async () => {
    const url = await serve((peer) => {
      for (let i = 0; i < 50; i++) peer.send(`${i}`)
    })
    let seen = 0
    await new Promise<void>((resolve) => {
      const socket = openSocket(
        url,
        {
          onOpen() {},
          onFrame() {
            seen += 1
            socket.terminate()
          },
          onClose: () => resolve(),
        },
        { clock },
      )
    })
    expect(seen).toBe(1)
  })
})
