import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ask, type Asked, ask } from '../../testkit/api-client.js'
import { type ApiOnData, apiOnData } from '../../testkit/api-on-data.js'
import { inputSchema, type JsonSchema } from '../service/json-schema.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import { hasBody, pathFields, ROUTES, type Route } from '../service/routes.js'

// What the fuzz test finds by chance, here by name: each route, each field of it.

let api: ApiOnData
beforeAll(async () => {
  api = await apiOnData()
})
afterAll(() => api.close())

const routes = Object.entries(ROUTES) as [OperationName, Route][]

/** Asks a route with these fields and nothing else; the fields of its path are there. */
function send(route: Route, fields: Readonly<Record<string, unknown>>, more: Ask = {}): Promise<Asked> {
  let { path } = route
  const rest = new Map(Object.entries(fields))
  for (const name of pathFields(route)) {
    path = path.replace(`{${name}}`, encodeURIComponent(String(rest.get(name) ?? '1')))
    rest.delete(name)
  }
  if (hasBody(route)) return ask(api.port, path, { method: route.method, body: Object.fromEntries(rest), ...more })
  const query = new URLSearchParams([...rest].map(([name, value]): [string, string] => [name, String(value)]))
  return ask(api.port, `${path}?${query}`, { method: route.method, ...more })
}

/** A value that a field cannot have; undefined where any text will do. */
function wrong(schema: JsonSchema, asText: boolean): unknown {
  const types = [schema.type ?? (schema.anyOf ?? []).flatMap(({ type }) => type ?? [])].flat()
  if (types.length === 0) return undefined
  if (!asText) return types.includes('object') ? 7 : { not: 'this' }
  if (types.includes('string')) return schema.enum || schema.pattern ? '\u0001' : undefined
  return types.includes('array') ? '' : 'x'
}

describe.each(routes)('%s', (name, route) => {
  const schema = inputSchema(OPERATIONS[name].input)
  const properties = Object.entries(schema.properties ?? {})

  it('refuses a field that there is not, by its name', async () => {
    expect(await send(route, { colour: 'red' })).toMatchObject({ status: 400, body: { code: 'USAGE' } })
    if ((schema.required ?? []).length === 0)
      expect((await send(route, { colour: 'red' })).body).toMatchObject({ field: 'colour', remedy: expect.any(String) })
  })

  it('refuses a value of another type, naming the field', async () => {
    const names = new Set(pathFields(route))
    for (const [field, of] of properties) {
      const asText = names.has(field) || !hasBody(route) || route.headers?.[field] !== undefined
      const value = wrong(of, asText)
      if (value === undefined || route.headers?.[field]) continue
      const others = Object.fromEntries(
        (schema.required ?? []).filter((each) => each !== field).map((each) => [each, SENSIBLE[each]]),
      )
      const { status, body } = await send(route, { ...others, [field]: value })
      expect([field, status, body]).toMatchObject([field, 400, { code: 'USAGE', message: expect.any(String) }])
      expect(String((body as { field: string }).field).split('.')[0], `field of ${field}`).toBe(field)
    }
  })

  it('refuses a body that is too large, and one that is no JSON', async () => {
    if (!hasBody(route)) return
    const large = await send(route, {}, { body: JSON.stringify({ colour: 'x'.repeat(1_100_000) }) })
    expect(large).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } })
    expect(await send(route, {}, { body: '{"a":' })).toMatchObject({ status: 400, body: { code: 'USAGE' } })
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' }
    expect(await send(route, {}, form)).toMatchObject({ status: 415, body: { code: 'MEDIA_TYPE_REFUSED' } })
  })
})

/** Something that a required field may be. */
const SENSIBLE: Readonly<Record<string, unknown>> = {
  exchange: 'binance',
  pair: 'BTC/USDT',
  kind: 'trades',
  interval: '1m',
  at: '2026-11-24T00:00:00Z',
  sql: 'SELECT 1',
  yaml: 'a: 1',
  pairs: ['BTC/USDT'],
  channels: ['trades'],
  changes: [{ path: ['settings'] }],
  etag: 'x',
  key: 'none',
  job: 'none',
  id: 1,
  paused: true,
}

describe('a path that leads elsewhere', () => {
  it.each([
    '/../../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/assets/..%5c..%5cetc%5cpasswd',
    '/api/v1/streams/..%2f..%2f..%2fetc%2fpasswd/log',
    '/api/v1/streams/%2e%2e%2fconfig/stop',
    '/api/v1/export?exchange=..%2f..&pair=BTC/USDT&kind=trades',
    '/api/v1/read?exchange=binance&pair=..%2f..%2fetc/passwd&kind=trades',
    '/api/jobs/histo/..%2f..%2fetc/passwd/3600',
    '/%00',
  ])('%s gives no file', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status, text } = await ask(api.port, path, { method, ...(method === 'POST' ? { body: {} } : {}) })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(text).not.toMatch(/root:|stream_jobs/)
    }
  })
})
