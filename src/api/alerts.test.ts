import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ask } from '../../testkit/api-client.js'
import { createServices } from '../app.js'
import { parseConfig } from '../config/parse.js'
import type { LocalPorts } from '../service/services.js'
import { type Api, serveApi } from './server.js'

// Over a data folder in which an earlier daemon left two alerts.

let folder: string
let ports: LocalPorts
let api: Api
let receiver: Server
let received: string[]
let status: number

const KEPT = {
  message: 'the connection ended',
  severity: 'warning',
  code: 'CONNECTION_LOST',
  count: 7,
  since: '2026-11-26T10:00:00.000000000Z',
  last_at: '2026-11-26T10:05:00.000000000Z',
  acknowledged_at: null,
}
const ALERTS = {
  version: 1,
  next: 3,
  alerts: [
    { ...KEPT, id: 1, key: 'binance_BTC_USDT_trades', resolved_at: '2026-11-26T10:06:00.000000000Z' },
    { ...KEPT, id: 2, key: 'binance_ETH_USDT_trades', resolved_at: null },
  ],
}

async function serve(alerts = '') {
  const environment = {}
  const text = `settings: { data_path: ${folder} }\nstream_jobs: [{ exchange: binance, pairs: [BTC/USDT], channels: [trades] }]\n${alerts}`
  const parsed = parseConfig(text, { file: join(folder, 'config.yml'), environment })
  await writeFile(join(folder, 'config.yml'), text)
  ports = await createServices().openLocal(folder, { parsed, environment })
  api = await serveApi(ports, { host: '127.0.0.1', port: 0 })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dccd-alerts-'))
  await mkdir(join(folder, '.dccd'), { recursive: true })
  await writeFile(join(folder, '.dccd', 'alerts.json'), JSON.stringify(ALERTS))
  received = []
  status = 200
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (data) => {
      body += String(data)
    })
    request.on('end', () => {
      received.push(body)
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await api.close()
  await ports.close()
  receiver.closeAllConnections()
  receiver.close()
  await rm(folder, { recursive: true, force: true })
})

const webhook = () =>
  `alerts: { webhook_url: "http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks/secret" }`
const ids = async (query: string) =>
  ((await ask(api.port, `/api/v1/alerts${query}`)).body as { id: number }[]).map(({ id }) => id)

it('lists what fails before what is over, and either alone', async () => {
  await serve()
  const { body } = await ask(api.port, '/api/v1/alerts')
  expect(body).toMatchObject([
    {
      id: 2,
      active: true,
      key: 'binance_ETH_USDT_trades',
      scope: 'connection',
      remedy: 'None needed: it reconnects by itself.',
      count: 7,
    },
    { id: 1, active: false },
  ])
  expect(await ids('?state=active')).toEqual([2])
  expect(await ids('?state=past')).toEqual([1])
  expect(await ids('?limit=1')).toEqual([2])
})

it('an acknowledged alert stays so for whoever asks next, from a file', async () => {
  await serve()
  const post = { method: 'POST', body: {} }
  const first = await ask(api.port, '/api/v1/alerts/2/ack', post)
  expect(first.body).toMatchObject({ id: 2, active: true, acknowledged_at: expect.stringContaining('T') })
  expect((await ask(api.port, '/api/v1/alerts/2/ack', post)).body).toEqual(first.body)
  expect(await ask(api.port, '/api/v1/alerts/3/ack', post)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  expect(await ask(api.port, '/api/v1/alerts/x/ack', post)).toMatchObject({ status: 400, body: { field: 'id' } })
  const other = await createServices().openLocal(folder)
  expect(other.alerts.list()[0]).toEqual(first.body)
  await other.close()
})

it('a test message arrives at the receiver, whose address is not shown', async () => {
  await serve(webhook())
  const { body, text } = await ask(api.port, '/api/v1/alerts/test', { method: 'POST', body: {} })
  expect(body).toEqual({ receiver: expect.stringMatching(/^127\.0\.0\.1:\d+$/), status: 200 })
  expect(received).toEqual([expect.stringContaining('alerts arrive here')])
  expect(text).not.toContain('secret')
})

it('a test says when the receiver refuses it, and when there is none', async () => {
  await serve(webhook())
  status = 410
  const answer = await ask(api.port, '/api/v1/alerts/test', { method: 'POST', body: {} })
  expect(answer).toMatchObject({
    status: 502,
    body: { code: 'ALERT_FAILED', message: expect.stringContaining('answered 410') },
  })
  expect(answer.text).not.toContain('secret')
  await api.close()
  await ports.close()
  await serve()
  expect(await ask(api.port, '/api/v1/alerts/test', { method: 'POST', body: {} })).toMatchObject({
    status: 422,
    body: { code: 'UNSUPPORTED', remedy: 'Set alerts.webhook_url.' },
  })
})
