import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createConfig } from '../config/parse.js'
import { systemClock } from '../lib/clock.js'
import type { CollectorError } from '../model/error.js'
import { postText } from '../net/post.js'
import { Alerts } from './alerts.js'
import { HealthMonitor } from './health-monitor.js'

interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

let server: Server
let url: string
let received: Received[]
/** Status of the next answers; 200 when there is none; 0 never answers. */
let statuses: number[]
let errors: CollectorError[]

beforeEach(async () => {
  received = []
  statuses = []
  errors = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (data) => {
      body += String(data)
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const status = statuses.shift() ?? 200
      if (status) response.writeHead(status).end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/secret`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const clock = systemClock()

function alerting(format: 'auto' | 'slack' | 'ntfy' = 'auto') {
  const target = createConfig({ alerts: { webhook_url: url, format }, stream_jobs: [] }, '/').alerts
  const alerts = new Alerts(target, {
    clock,
    machine: 'nas',
    onError: (error) => errors.push(error),
    post: (to, message, signal) => postText(to, message, { clock }, signal),
  })
  const health = new HealthMonitor({
    // Below a file there is no folder: nothing is ever written.
    path: join(import.meta.filename, 'metrics.json'),
    clock,
    onError: () => {},
    onAlert: (alert) => alerts.send(alert),
    alertAfter: 3,
  })
  return { alerts, health }
}

const LOST = { code: 'CONNECTION_LOST', message: 'the connection ended' }

it('tells once that streams fail, all of them in one message, and once that they work again', async () => {
  const { alerts, health } = alerting()
  for (let n = 0; n < 7; n++) for (const key of ['a', 'b']) health.recordFailure(key, LOST)
  health.recordFailure('c', LOST)
  await alerts.close(5000)
  expect(received).toHaveLength(1)
  expect(received[0]?.headers['content-type']).toBe('application/json')
  const { text } = JSON.parse(received[0]?.body ?? '') as { text: string }
  expect(text).toMatch(
    /^dccd on nas: failing\na: 3 failures in a row, the last one CONNECTION_LOST: the connection ended\nb: /,
  )
  expect(text).not.toContain('c:')
  for (const key of ['a', 'b', 'c']) health.recordSuccess(key)
  health.recordSuccess('a')
  await alerts.close(5000)
  expect(received).toHaveLength(2)
  expect(JSON.parse(received[1]?.body ?? '').text).toMatch(/^dccd on nas: resolved\na works again\nb works again\n/)
})

it('what has given up is told at once', async () => {
  const { alerts, health } = alerting()
  health.recordFailure('a', { code: 'UNKNOWN_INSTRUMENT', message: 'binance does not list XX/YY' }, { final: true })
  await alerts.close(5000)
  expect(received[0]?.body).toContain('a: 1 failure, the last one UNKNOWN_INSTRUMENT')
})

it('ntfy gets plain text with headers', async () => {
  const { alerts, health } = alerting('ntfy')
  health.recordFailure('a', LOST, { final: true })
  await alerts.close(5000)
  expect(received[0]?.headers).toMatchObject({
    'x-title': 'dccd on nas: failing',
    'x-priority': 'high',
    'content-type': 'text/plain; charset=utf-8',
  })
  expect(received[0]?.body).toMatch(/^a: 1 failure/)
})

it('is tried again when the receiver fails', async () => {
  const { alerts, health } = alerting()
  statuses = [503]
  health.recordFailure('a', LOST, { final: true })
  await alerts.close(5000)
  expect(received).toHaveLength(2)
  expect(received[0]?.body).toBe(received[1]?.body)
  expect(errors).toEqual([])
})

it('a receiver that never answers holds nothing up, and no message shows the secret of its address', async () => {
  const { alerts, health } = alerting()
  statuses = [0, 0, 0, 0, 0]
  health.recordFailure('a', LOST, { final: true })
  const began = clock.mono()
  await alerts.close(300)
  expect(Number(clock.mono() - began) / 1e6).toBeLessThan(2000)
  expect(JSON.stringify(errors)).not.toContain('secret')
})

it('without an address nothing is sent or kept', async () => {
  const { alerts, health } = alerting()
  alerts.configure({ webhook_url: null, format: 'auto', max_consecutive_errors: 3 })
  health.recordFailure('a', LOST, { final: true })
  await alerts.close(1000)
  expect(received).toEqual([])
})
