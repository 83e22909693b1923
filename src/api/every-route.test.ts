import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ask, ask } from '../../testkit/api-client.js'
import { type ApiOnData, apiOnData } from '../../testkit/api-on-data.js'
import { fakePorts } from '../../testkit/fake-ports.js'
import { QueryHost } from '../daemon/query-host.js'
import { systemClock } from '../lib/clock.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import type { Ports } from '../service/ports.js'
import { hasBody, ROUTES } from '../service/routes.js'
import { Tokens } from '../service/tokens.js'
import { queryThread } from '../threads/query.js'
import { type Api, serveApi } from './server.js'

// Routes that are no operations stand here by name, so that none of them goes around what holds for all.

interface Other {
  /** Asked as it should be. */
  readonly query?: string
  readonly body?: unknown
  readonly role: 'open' | 'read' | 'control'
  /** Wrong queries, and the field that is at fault. */
  readonly wrongQueries?: readonly (readonly [query: string, field: string])[]
  /** Wrong bodies, and the field that is at fault. */
  readonly wrongBodies?: readonly (readonly [body: unknown, field: string])[]
  /** Wrong fields of the path. */
  readonly wrongPaths?: readonly string[]
}

const stream = { exchange: 'binance', pair: 'BTC/USDT', channels: ['trades'] }
const history = '?symbol=binance:BTC/USDT&from=1&to=2&resolution=60'
const histo = { exchange: 'binance', pair: 'BTC/USDT', span: 3600 }
const wrongStreams = [
  [{ ...stream, exchange: 7 }, 'exchange'],
  [{ ...stream, pair: 'x'.repeat(100) }, 'pair'],
  [{ ...stream, channels: 'trades' }, 'channels'],
  [{ ...stream, channels: [] }, 'channels'],
  [[stream], ''],
  ['"text"', ''],
] as const

const OTHERS: Readonly<Record<string, Other>> = {
  'GET /': { role: 'open' },
  'GET /favicon.svg': { role: 'open' },
  'GET /assets/*': { role: 'open' },
  'GET /health': { role: 'open' },
  'GET /metrics': { role: 'read' },
  'GET /api/docs': { role: 'read' },
  'GET /api/docs.css': { role: 'read' },
  'GET /api/openapi.json': { role: 'read' },
  'GET /api/v1/session': { role: 'open' },
  'POST /api/v1/session': {
    role: 'open',
    body: { token: 'x' },
    wrongBodies: [
      [{ token: 7 }, 'token'],
      [{ token: 'x', role: 'control' }, 'role'],
      [{}, 'token'],
    ],
  },
  'DELETE /api/v1/session': { role: 'open' },
  'GET /api/v1/events': {
    role: 'read',
    wrongQueries: [
      ['?topics=colour', 'topics.0'],
      ['?topics=', 'topics.0'],
      ['?colour=red', 'colour'],
      [`?last_event_id=${'9'.repeat(200)}`, 'last_event_id'],
    ],
  },
  'GET /api/v1/live': { role: 'read' },
  'GET /udf/config': { role: 'read' },
  'GET /udf/time': { role: 'read' },
  'GET /udf/search': {
    role: 'read',
    query: '?query=btc&limit=3',
    wrongQueries: [
      ['?limit=x', 'limit'],
      ['?limit=0', 'limit'],
      [`?query=${'x'.repeat(200)}`, 'query'],
      ['?query=a&query=b', 'query'],
    ],
  },
  'GET /udf/symbols': {
    role: 'read',
    query: '?symbol=binance:BTC/USDT',
    wrongQueries: [
      ['', 'symbol'],
      ['?symbol=', 'symbol'],
      [`?symbol=${'x'.repeat(200)}`, 'symbol'],
    ],
  },
  'GET /udf/history': {
    role: 'read',
    query: history,
    wrongQueries: [
      ['', 'symbol'],
      [history.replace('from=1', 'from=-1'), 'from'],
      [history.replace('to=2', 'to=1e400'), 'to'],
      [history.replace('to=2', 'to=x'), 'to'],
      [`${history}&countback=0`, 'countback'],
      [history.replace('=60', `=${'9'.repeat(20)}`), 'resolution'],
    ],
  },
  'GET /api/streams': { role: 'read' },
  'POST /api/streams/start': { role: 'control', body: stream, wrongBodies: wrongStreams },
  'POST /api/streams/stop': { role: 'control', body: stream, wrongBodies: wrongStreams },
  'GET /api/config': { role: 'read' },
  'POST /api/config/validate': {
    role: 'read',
    body: {},
    wrongBodies: [
      [[1], ''],
      ['7', ''],
    ],
  },
  'PUT /api/config': {
    role: 'control',
    body: {},
    wrongBodies: [
      [[1], ''],
      ['7', ''],
    ],
  },
  'GET /api/jobs': { role: 'read' },
  'POST /api/jobs/histo': {
    role: 'control',
    body: histo,
    wrongBodies: [
      [{ ...histo, span: 'day' }, 'span'],
      [{ ...histo, span: 1 }, 'span'],
      [{ ...histo, exchange: null }, 'exchange'],
      [{ ...histo, format: 7 }, 'format'],
      [{ exchange: 'binance' }, 'pair'],
    ],
  },
  'DELETE /api/jobs/histo/:exchange/:slug/:span': { role: 'control' },
  'POST /api/backfill': {
    role: 'control',
    body: {},
    wrongBodies: [
      [{ exchange: 7 }, 'exchange'],
      [{ pairs: 'BTC/USDT' }, 'pairs'],
      [{ parallel: 0 }, 'parallel'],
      [{ start: 7 }, 'start'],
    ],
  },
  'GET /api/backfill': { role: 'read' },
  'GET /api/backfill/:id': { role: 'read', wrongPaths: ['/api/backfill/x', '/api/backfill/-1', '/api/backfill/1e99'] },
  'DELETE /api/backfill/:id': { role: 'control' },
  'POST /api/collect': { role: 'control' },
  'GET /api/scheduler': { role: 'read' },
  'POST /api/scheduler/start': { role: 'control' },
  'POST /api/scheduler/stop': { role: 'control' },
  'GET /api/inventory': { role: 'read' },
  'GET /api/metrics': { role: 'read' },
  'GET /api/logs': {
    role: 'read',
    wrongQueries: [
      ['?tail=all', 'tail'],
      ['?tail=0', 'tail'],
      ['?tail=99999999', 'tail'],
    ],
  },
  'GET /api/storage': { role: 'read' },
  'POST /api/storage/sync': { role: 'control' },
}

const places = (Object.entries(ROUTES) as [OperationName, (typeof ROUTES)[OperationName]][]).map(([name, route]) => ({
  name: `${route.method} ${route.path}`,
  method: route.method as string,
  path: route.path.replace(/\{\w+\}/g, '1'),
  role: OPERATIONS[name].role as Other['role'],
  body: hasBody(route) ? {} : undefined,
}))
const others = Object.entries(OTHERS).map(([name, { role, query = '', body }]) => {
  const [method = '', path = ''] = name.split(' ')
  return { name, method, path: path.replace(/:\w+/g, '1').replace('*', 'x.js') + query, role, body: body as unknown }
})

it('every route of the API stands in a table', () => {
  const text = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n')
  const written = [...text.matchAll(/app\.(get|post|put|patch|delete)\(\s*'([^']+)'/g)].map(
    ([, method = '', path = '']) => `${method.toUpperCase()} ${path}`,
  )
  expect(written.length).toBeGreaterThan(25)
  expect(written.filter((name) => !OTHERS[name])).toEqual([])
})

describe('nobody from elsewhere, and nobody without a token, by any route', () => {
  const tokens = new Tokens([
    { token: 'control-token-of-the-owner', role: 'control' },
    { token: 'read-token-of-a-guest', role: 'read' },
  ])
  let api: Api
  beforeAll(async () => {
    const { settings, ...config } = fakePorts().config()
    // Each asker is a client of its own, so that none has guessed too often.
    const trusting = { ...config, settings: { ...settings, ui_trusted_proxy: true } }
    const ports = fakePorts({ config: () => trusting, tokens: () => tokens })
    api = await serveApi(ports, { host: '127.0.0.1', port: 0, uiFolder: '/nowhere' })
  })
  afterAll(() => api.close())
  let clients = 0
  const send = async ({ method, path, body }: Ask & { path: string }, headers: Record<string, string>) => {
    const from = { 'x-forwarded-for': `10.0.${clients >> 8}.${clients++ & 255}` }
    const answer = await ask(api.port, path, { ...(method && { method }), body, headers: { ...from, ...headers } })
    return [answer.status, (answer.body as { code?: string } | undefined)?.code]
  }
  const control = { authorization: 'Bearer control-token-of-the-owner' }

  it.each([...places, ...others])('$name', async (place) => {
    expect(await send(place, { ...control, host: 'evil.example' }), 'a foreign host').toEqual([403, 'HOST_REFUSED'])
    expect(await send(place, { ...control, origin: 'https://evil.example' })).toEqual([403, 'ORIGIN_REFUSED'])
    if (place.method !== 'GET')
      expect(await send(place, { ...control, 'sec-fetch-site': 'cross-site' })).toEqual([403, 'ORIGIN_REFUSED'])
    expect(await send(place, { authorization: 'Bearer guess' }), 'a wrong token').toEqual([401, 'UNAUTHORIZED'])
    if (place.role === 'open') return
    expect(await send(place, {}), 'no token').toEqual([401, 'UNAUTHORIZED'])
    expect(await send(place, { cookie: 'dccd_session=control.9999999999999.a.b' })).toEqual([401, 'UNAUTHORIZED'])
    if (place.role === 'control')
      expect(await send(place, { authorization: 'Bearer read-token-of-a-guest' })).toEqual([403, 'FORBIDDEN'])
  })
})

describe('routes beside the operations', () => {
  let api: ApiOnData
  beforeAll(async () => {
    api = await apiOnData()
  })
  afterAll(() => api.close())

  const cases = Object.entries(OTHERS).flatMap(([name, { wrongQueries = [], wrongBodies = [], wrongPaths = [] }]) => {
    const [method = '', path = ''] = name.split(' ')
    return [
      ...wrongQueries.map(([query, field]) => ({ method, path: path + query, field, body: undefined })),
      ...wrongBodies.map(([body, field]) => ({ method, path, field, body: body as unknown })),
      ...wrongPaths.map((path) => ({ method, path, field: 'id', body: undefined })),
    ]
  })
  it.each(cases)('$method $path refuses $body, naming $field', async ({ method, path, field, body }) => {
    const answer = await ask(api.port, path, { method, body })
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { code: 'USAGE', field, message: expect.any(String), remedy: expect.any(String) },
    ])
  })

  const takers = Object.entries(OTHERS).filter(([, { body }]) => body !== undefined)
  it.each(takers)('%s refuses a body that is too large, and one that is no JSON', async (name) => {
    const [method = '', path = ''] = name.split(' ')
    const send = (body: string, type = 'application/json') =>
      ask(api.port, path, { method, body, headers: { 'content-type': type } })
    expect(await send(JSON.stringify({ x: 'x'.repeat(1_100_000) }))).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE' },
    })
    expect(await send('{"a":')).toMatchObject({ status: 400, body: { code: 'USAGE' } })
    expect(await send('a=1', 'application/x-www-form-urlencoded')).toMatchObject({
      status: 415,
      body: { code: 'MEDIA_TYPE_REFUSED' },
    })
  })
})

/** What nobody means. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom<unknown>('../../etc/passwd', '__proto__', '9'.repeat(30), '-1', '1e400', 'NaN', '', null, true),
  fc.double(),
  fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
)

describe('what nobody means, to routes beside the operations', () => {
  let api: ApiOnData
  beforeAll(async () => {
    api = await apiOnData()
  })
  afterAll(() => api.close())

  const named = Object.entries(OTHERS).filter(([name]) => !/events|live|assets|docs|favicon| \/$/.test(name))
  it.each(named)('%s is never an error of ours', async (name, { query = '', body }) => {
    const [method = '', path = ''] = name.split(' ')
    const fields = [...new URLSearchParams(query).keys(), ...Object.keys(body ?? {})]
    const given = fc.record(Object.fromEntries(fields.map((field) => [field, nasty])), { requiredKeys: [] })
    const extra = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), nasty, { maxKeys: 1 })
    const place = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((text) => encodeURIComponent(text))
    await fc.assert(
      fc.asyncProperty(given, extra, place, async (fields, more, part) => {
        const values: Record<string, unknown> = { ...Object(body), ...fields, ...more }
        const texts = Object.entries(values).map(([field, value]): [string, string] => [
          field,
          typeof value === 'string' ? value : String(JSON.stringify(value)),
        ])
        const address = path.replace(/:\w+/g, () => part)
        const answer =
          body === undefined
            ? await ask(api.port, `${address}?${new URLSearchParams(texts)}`, { method })
            : await ask(api.port, address, { method, body: values })
        expect([answer.status, answer.text]).not.toMatchObject([500, expect.any(String)])
        if (answer.status >= 400)
          expect(answer.body).toMatchObject({ code: expect.any(String), remedy: expect.any(String) })
        expect(answer.text).not.toContain('root:')
      }),
      { numRuns: 40 },
    )
  })
})

describe('the thread that serves the API', () => {
  it('opens no stored data for any route', async () => {
    const data = await apiOnData()
    const { port1, port2 } = new MessageChannel()
    const thread = Object.assign(port2, { terminate: async () => port2.close() })
    const queries = new QueryHost(
      data.ports.config(),
      (config) => {
        queryThread(port1, { role: 'query', dataPath: data.ports.dataPath, config })
        return thread as never // a port has all of a thread that is used here
      },
      systemClock(),
    )
    let opened = 0
    const parts: Partial<Ports> = {
      data() {
        opened++
        return Promise.reject(new Error('stored data was opened'))
      },
      offload: (name, input, signal) => queries.ask(name, input, signal),
      offloadText: (name, input, signal) => queries.askText(name, input, signal),
    }
    const real = data.ports
    const ports = new Proxy<Ports>(real, {
      get(_, name) {
        const own: unknown = Reflect.get(name in parts ? parts : real, name)
        return typeof own === 'function' ? own.bind(real) : own
      },
    })
    const api = await serveApi(ports, { host: '127.0.0.1', port: 0 })
    const at = 'at=2026-11-24T00:00:00Z'
    const dataset = 'exchange=binance&pair=BTC/USDT'
    const asked = {
      'GET /api/v1/instruments': `?exchange=binance&${at}`,
      'GET /api/v1/book': `?${dataset}&${at}`,
      'GET /api/v1/candles': `?${dataset}&interval=1m`,
      'GET /api/v1/read': `?${dataset}&kind=trades`,
    } as const
    const looks = [...places, ...others].filter(({ name, method }) => method === 'GET' && !/events|live/.test(name))
    for (const { name, path } of looks) {
      const { status, text } = await ask(api.port, path + ((asked as Record<string, string>)[name] ?? ''))
      expect(text, name).not.toContain('stored data was opened')
      expect(status, name).not.toBe(500)
    }
    const bars = '/udf/history?symbol=binance:BTC/USDT&from=1795427940&to=1795428600&resolution=1'
    expect((await ask(api.port, bars)).body).toMatchObject({ s: 'ok' })
    const [inMain, apart] = await Promise.all(
      [data.port, api.port].map((port) => ask(port, `/api/v1/candles?${dataset}&interval=1m`)),
    )
    expect(apart?.text).toBe(inMain?.text)
    expect(apart?.headers['content-type']).toBe(inMain?.headers['content-type'])
    expect(opened).toBe(0)
    await api.close()
    await queries.close()
    await data.close()
  })
})
