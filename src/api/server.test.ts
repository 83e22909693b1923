import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { fakePorts, streamRow } from '../../testkit/fake-ports.js'
import type { StreamStatus } from '../daemon/stream-status.js'
import type { HealthPorts } from '../service/health.js'
import { isOwnHost } from './place.js'
import { type Api, type ApiOptions, serveApi } from './server.js'

const row = streamRow

const open: Api[] = []

afterEach(async () => {
  for (const api of open.splice(0)) await api.close()
})

async function serve(rows: () => StreamStatus[] = () => [row], lags?: HealthPorts['lags'], options?: ApiOptions) {
  const ports = fakePorts({ streams: { ...fakePorts().streams, status: rows }, ...(lags && { lags }) })
  const api = await serveApi(ports, options ?? { host: '127.0.0.1', port: 0 })
  open.push(api)
  return api
}

/** A request as no browser or fetch would let us write it. */
async function ask(api: Api, path: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const request = httpRequest({ host: '127.0.0.1', port: api.port, path, agent: false, ...options })
  request.end()
  const [response] = await once(request, 'response')
  let text = ''
  for await (const part of response) text += part
  return { status: response.statusCode, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}

async function raw(api: Api, text: string): Promise<string> {
  const socket = connect(api.port, '127.0.0.1')
  socket.write(text)
  let answer = ''
  for await (const part of socket) answer += part
  return answer
}

describe('the HTTP API', () => {
  it('GET /health tells version, uptime and how many tasks are in which state', async () => {
    const api = await serve(() => [row, { ...row, state: 'connecting' }, { ...row, state: 'stopped', running: false }])
    expect(api.port).toBeGreaterThan(0)
    const answer = await ask(api, '/health')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      status: 'ok',
      version: '9.9.9',
      uptime_s: 61,
      streams: { waiting: 0, connecting: 1, subscribing: 0, live: 1, degraded: 0, draining: 0, failed: 0, stopped: 1 },
      journal_lag_ms: 0,
      store_lag_ms: null,
      drifts: [],
    })
  })

  it('/health is not always ok (defect: it was)', async () => {
    const status = async (api: Api) => (await ask(api, '/health')).body.status
    expect(await status(await serve(() => [row, { ...row, state: 'failed' }]))).toBe('degraded')
    expect(await status(await serve(() => [row, { ...row, state: 'degraded' }]))).toBe('degraded')
    expect(
      await status(
        await serve(
          () => [row],
          () => ({ journalMs: 1001 }),
        ),
      ),
    ).toBe('degraded')
    const well = await serve(
      () => [row],
      () => ({ journalMs: 900, storeMs: 30_000 }),
    )
    expect((await ask(well, '/health')).body).toMatchObject({ status: 'ok', journal_lag_ms: 900, store_lag_ms: 30_000 })
  })

  it('GET /api/v1/streams gives the rows of the manager', async () => {
    const answer = await ask(await serve(), '/api/v1/streams')
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body).toEqual([
      expect.objectContaining({
        key: 'binance_BTC_USDT_trades',
        time_step: 60,
        last_frame: '2025-11-24T16:00:00.000000001Z',
        last_event: null,
        error: null,
      }),
    ])
  })

  it('a name that somebody else pointed at this machine is refused (DNS rebinding)', async () => {
    const api = await serve()
    for (const host of [`evil.example:${api.port}`, `127.0.0.1.evil.example:${api.port}`, '127.0.0.1', `127.0.0.1:1`]) {
      const answer = await ask(api, '/api/v1/streams', { headers: { host } })
      expect([answer.status, answer.body.code], host).toEqual([403, 'HOST_REFUSED'])
      expect(Object.keys(answer.body)).toEqual(['code', 'message', 'field', 'remedy'])
    }
    for (const host of [`localhost:${api.port}`, `LOCALHOST:${api.port}`, `[::1]:${api.port}`])
      expect((await ask(api, '/health', { headers: { host } })).status).toBe(200)
    const where = { host: '127.0.0.1', port: 80, origins: [] }
    expect(isOwnHost('localhost', where)).toBe(true)
    expect(isOwnHost(undefined, where)).toBe(false)
    expect((await raw(api, 'GET /health HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n')).slice(9, 12)).toBe('403')
    expect((await raw(api, 'GET /health HTTP/1.0\r\n\r\n')).slice(0, 12)).toBe('HTTP/1.1 403')
  })

  it('a method that is not taken is refused with those that are', async () => {
    const api = await serve()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await ask(api, '/health', { method, headers: { 'content-type': 'application/json' } })
      expect([answer.status, answer.body.code, answer.headers.allow], method).toEqual([405, 'METHOD_REFUSED', 'GET'])
    }
    const answer = await ask(api, '/api/v1/streams', { method: 'DELETE' })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, POST'])
    expect((await ask(api, '/api/v1/streams/a%2Fb/stop')).status).toBe(405)
    expect((await ask(api, '/nothing', { method: 'POST' })).status).toBe(404)
    expect(
      (await raw(api, `HEAD /health HTTP/1.1\r\nhost: localhost:${api.port}\r\nconnection: close\r\n\r\n`)).slice(
        9,
        12,
      ),
    ).toBe('405')
  })

  it('a page of another site is refused, also where the browser sends no body (CSRF)', async () => {
    const api = await serve()
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${api.port + 1}` },
      { origin: `https://127.0.0.1:${api.port}` },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await ask(api, '/api/v1/sync', { method: 'POST', headers })
      expect([answer.status, answer.body.code], JSON.stringify(headers)).toEqual([403, 'ORIGIN_REFUSED'])
    }
    const own = { origin: `http://localhost:${api.port}`, 'sec-fetch-site': 'same-origin' }
    expect((await ask(api, '/api/v1/sync', { method: 'POST', headers: own })).body.code).toBe('REMOTE_NOT_FOUND')
  })

  it('what is not there, and what is not HTTP, gets a coded answer', async () => {
    const api = await serve()
    expect(await ask(api, '/api/v2/x')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
    expect(await ask(api, '/%zz')).toMatchObject({ status: 400, body: { code: 'USAGE' } })
    expect(await raw(api, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400[\s\S]*"code":"USAGE"/)
    expect(await raw(api, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431[\s\S]*"code":"USAGE"/,
    )
  })

  it('a failure behind the API is a coded answer and not the end of the server', async () => {
    let broken = true
    const api = await serve(() => {
      if (broken) throw new Error('boom')
      return [row]
    })
    expect(await ask(api, '/api/v1/streams')).toMatchObject({ status: 500, body: { code: 'INTERNAL' } })
    broken = false
    expect(await ask(api, '/api/v1/streams')).toMatchObject({ status: 200 })
  })

  it('a port in use is told with its number', async () => {
    const api = await serve()
    await expect(serve(undefined, undefined, { host: '127.0.0.1', port: api.port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`${api.port}`),
    })
    await api.close()
    expect((await serve(undefined, undefined, { host: 'localhost', port: api.port })).port).toBe(api.port)
  })

  it('close does not wait for clients that keep their connection open', async () => {
    const api = await serve()
    const socket = connect(api.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`GET /health HTTP/1.1\r\nhost: localhost:${api.port}\r\n\r\n`)
    await once(socket, 'data')
    // The next request has begun and will never be whole.
    socket.write('GET /health HTTP/1.1\r\nhost:')
    await ask(api, '/health')
    const ended = once(socket, 'close')
    const before = performance.now()
    await api.close()
    await ended
    expect(performance.now() - before).toBeLessThan(5000)
  })

  it('an abort closes it', async () => {
    const abort = new AbortController()
    const api = await serveApi(fakePorts(), { host: '127.0.0.1', port: 0 }, abort.signal)
    abort.abort()
    await api.close()
    await expect(ask(api, '/health')).rejects.toThrow('ECONNREFUSED')
  })
})
