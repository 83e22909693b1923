import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../lib/clock.js'
import { requestText } from './http.js'

const clock = systemClock()
const servers: Server[] = []

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

describe('requestText', () => {
  it('returns body, headers and the moments around them, compressed or not', async () => {
    const url = await serve((request, response) => {
      response.setHeader('x-mbx-used-weight-1m', '17')
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(`hello ${request.url}`))
    })
    const before = clock.wall()
    const answer = await requestText(`${url}/depth?limit=5`, { clock })
    expect(answer.status).toBe(200)
    expect(answer.headers['x-mbx-used-weight-1m']).toBe('17')
    expect(Buffer.from(answer.body).toString()).toBe('hello /depth?limit=5')
    expect(answer.asked).toBeGreaterThanOrEqual(before)
    expect(answer.wall).toBeGreaterThanOrEqual(answer.asked)
  })

  it('asks for page after page over the same connections, not with a handshake each', async () => {
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      response.end('page')
    })
    for (let page = 0; page < 20; page++) await requestText(`${url}/?page=${page}`, { clock })
    // The next request may leave just before the connection of the last one is free again.
    expect(sockets.size).toBeLessThanOrEqual(2)
  })

  it('asks again where a connection that was kept is closed while the request is on its way', async () => {
    let asked = 0
    const url = await serve((request, response) => {
      // The second request comes over the connection of the first, which ends without an answer.
      if (++asked === 2) request.socket.destroy()
      else response.end(`answer ${asked}`)
    })
    await requestText(url, { clock })
    await new Promise(setImmediate)
    expect(Buffer.from((await requestText(url, { clock })).body).toString()).toBe('answer 3')
  })

  it('returns refusals and redirects instead of hiding or following them', async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.url === '/moved' ? 302 : 429, { location: '/', 'retry-after': '3' }).end('no')
    })
    expect(await requestText(url, { clock })).toMatchObject({ status: 429, headers: { 'retry-after': '3' } })
    expect(await requestText(`${url}/moved`, { clock })).toMatchObject({ status: 302 })
  })

  it('ends a server that accepts and then says nothing, before and within the body', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/body') response.write('begun')
    })
    for (const path of ['/', '/body'])
      await expect(requestText(url + path, { clock, timeoutMs: 80 })).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
        message: expect.stringContaining('did not answer within 80 ms'),
      })
  })

  it('refuses a body that would fill the memory', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(Buffer.alloc(1_000_000)))
    })
    await expect(requestText(url, { clock, maxBytes: 100_000 })).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  })

  it('tells why a host could not be reached, without the query', async () => {
    const url = await serve(() => {})
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
    const failure = await requestText(`${url}/x?key=secret`, { clock }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringContaining('ECONNREFUSED') })
    expect(String(failure)).not.toContain('secret')
  })

  it('ends a body cut in the middle as a failure, not as a short answer', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('only this')
      setImmediate(() => response.destroy())
    })
    await expect(requestText(url, { clock })).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  })

  it('throws the reason of an abort, at once or while waiting', async () => {
    const url = await serve(() => {})
    const abort = new AbortController()
    const pending = requestText(url, { clock }, abort.signal)
    abort.abort(new Error('stopped'))
    await expect(pending).rejects.toThrow('stopped')
    await expect(requestText(url, { clock }, abort.signal)).rejects.toThrow('stopped')
  })
})
