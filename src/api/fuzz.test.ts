import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ask, ask } from '../../testkit/api-client.js'
import { type ApiOnData, apiOnData } from '../../testkit/api-on-data.js'
import { ERRORS } from '../model/error.js'
import type { JsonSchema } from '../service/json-schema.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import { type OpenApiOperation, openApi } from './openapi.js'

// Requests made from the OpenAPI document alone, valid and not, over every route of an API on real data.

let api: ApiOnData

beforeAll(async () => {
  api = await apiOnData()
})
afterAll(() => api.close())

const routes = Object.entries(openApi('1').paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
    name: operation.operationId as OperationName,
  })),
)

/** What somebody might mean by a field of this name. */
const SENSIBLE: Readonly<Record<string, readonly unknown[]>> = {
  exchange: ['binance', 'kraken'],
  pair: ['BTC/USDT', 'ETH/USDT:perp'],
  kind: ['trades', 'ohlc', 'book_deltas'],
  interval: ['1m', '1d'],
  from: ['2026-11-24T00:00:00Z', '0'],
  until: ['2027-01-01', '1795428050000000000'],
  at: ['1795428010000000000'],
  columns: [['price'], ['price', 'exchange_time']],
  key: ['binance_BTC_USDT_trades_book', 'none'],
  sql: ['SELECT count(*) FROM trades', "SELECT * FROM read_csv('/etc/passwd')", 'ATTACH ', "COPY trades TO '/tmp/x'"],
  yaml: ['stream_jobs: [{exchange: binance, pairs: [BTC/USDT], channels: [trades]}]', 'a: [', '*a', '***'],
  etag: ['x'],
  channels: [['trades'], ['ohlc']],
  start: ['last', 'origin'],
  pairs: [['BTC/USDT'], ['SOL/USDT']],
  changes: [
    [{ path: ['settings', 'ui_rate_limit'], value: 5 }],
    [{ path: ['stream_jobs', 0, 'pairs', 2], value: 'SOL/USDT' }],
    [{ path: ['stream_jobs'] }],
  ],
  job: ['backfill:binance:BTC/USDT:ohlc:1m'],
  'if-match': ['"x"'],
  search: ['btc'],
  cursor: ['WzIwMDAwLFsiMSIsbnVsbCxudWxsLCIxIiwiMSJdXQ', 'WzIwMDAwLFsiMSIsIjEiXV0', 'WzIwMDAwLFsiMSJdXQ'], // places among trades, book_deltas, ohlc
  topics: ['status'],
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom<unknown>(
    '../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    "'; DROP TABLE held; --",
    '\u0000',
    '__proto__',
    '9'.repeat(30),
    '-1',
    'NaN',
    '1e400',
    'x'.repeat(3000),
    '',
  ),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 4 }),
  fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
)

/** What somebody might mean with a field. */
function meanings(name: string, schema: JsonSchema): unknown[] {
  const known: unknown[] = [...(SENSIBLE[name] ?? [])]
  if (Array.isArray(schema.enum)) known.push(...schema.enum)
  if (schema.type === 'integer' || schema.type === 'number') known.push(schema.minimum ?? 1, 3)
  if (schema.type === 'boolean') known.push(true, false)
  if (schema.default !== undefined) known.push(schema.default)
  return known
}

/** Values of one field: those that somebody might mean, and others unless all are to be meant. */
function fieldOf(name: string, schema: JsonSchema, meant: boolean): fc.Arbitrary<unknown> {
  const known = meanings(name, schema)
  if (known.length === 0) return nasty
  return meant ? fc.constantFrom(...known) : fc.oneof(fc.constantFrom(...known), nasty)
}

function requiredIn(operation: OpenApiOperation): readonly string[] {
  return bodyOf(operation)?.required ?? []
}

function bodyOf(operation: OpenApiOperation): JsonSchema | undefined {
  const body = operation.requestBody as { content: { 'application/json': { schema: JsonSchema } } } | undefined // made by openApi
  return body?.content['application/json'].schema
}

function fieldsOf(operation: OpenApiOperation): Record<string, { place: string; schema: JsonSchema }> {
  const inBody = Object.entries(bodyOf(operation)?.properties ?? {})
  return {
    ...Object.fromEntries(operation.parameters.map((each) => [each.name, { place: each.in, schema: each.schema }])),
    ...Object.fromEntries(inBody.map(([name, schema]) => [name, { place: 'body', schema }])),
  }
}

/** A value as it stands in an address. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',')
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function requestOf(
  path: string,
  method: string,
  operation: OpenApiOperation,
): fc.Arbitrary<{ path: string; options: Ask }> {
  const fields = fieldsOf(operation)
  const required = [
    ...operation.parameters.filter((each) => each.required).map(({ name }) => name),
    ...requiredIn(operation),
  ]
  const values = (meant: boolean) =>
    fc.record(
      Object.fromEntries(
        Object.entries(fields)
          // What nobody could mean anything with is left out of what is meant, unless it has to be there.
          .filter(([name, { schema }]) => !meant || required.includes(name) || meanings(name, schema).length > 0)
          .map(([name, { schema }]) => [name, fieldOf(name, schema, meant)]),
      ),
      {
        requiredKeys: meant
          ? required
          : operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name),
      },
    )
  const extra = fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), nasty, { maxKeys: 1 })
  const wild = fc.tuple(values(false), extra).map(([given, more]) => ({ ...given, ...more }))
  return fc.oneof({ arbitrary: values(true), weight: 3 }, { arbitrary: wild, weight: 1 }).map((given) => {
    let place = path
    const query = new URLSearchParams()
    const headers: Record<string, string> = {}
    const body: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(given)) {
      const where = fields[name]?.place ?? (operation.requestBody ? 'body' : 'query')
      const text = textOf(value)
      if (where === 'path')
        place = place.replace(`{${name}}`, () => encodeURIComponent(text.replace(/[\uD800-\uDFFF]/g, '')) || '%20')
      else if (where === 'query') query.set(name, text)
      else if (where === 'header') headers[name] = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
      else body[name] = value
    }
    const text = query.toString().slice(0, 6000)
    return {
      path: text ? `${place}?${text}` : place,
      options: { method, headers, ...(operation.requestBody ? { body } : {}) },
    }
  })
}

describe('every route, asked by what its description allows and by what it does not', () => {
  it.each(routes)('$method $path', { timeout: 120_000 }, async ({ path, method, operation, name }) => {
    let understood = 0
    await fc.assert(
      fc.asyncProperty(requestOf(path, method, operation), async (request) => {
        const answer = await ask(api.port, request.path, request.options)
        expect(answer.status).not.toBe(500)
        if (answer.status !== 400) understood++
        if (answer.status === 200) {
          if (name !== 'export') OPERATIONS[name].output.parse(answer.body)
          return
        }
        const body = answer.body as Record<string, unknown>
        expect(Object.keys(ERRORS)).toContain(body.code)
        expect(typeof body.message).toBe('string')
        expect(typeof body.remedy).toBe('string')
        expect(answer.text).not.toContain(api.folder === '' ? '/' : `${api.folder}/data/.dccd`)
        expect(answer.text).not.toContain('root:')
      }),
      { numRuns: 100 },
    )
    expect(understood, 'requests that were more than wrong').toBeGreaterThan(0)
  })

  it('a body that is cut off, and one that never ends, end in an answer or a closed connection', async () => {
    const big = JSON.stringify({ sql: 'x'.repeat(900_000) })
    expect((await ask(api.port, '/api/v1/sql', { method: 'POST', body: big })).status).toBe(400)
    const short = ask(api.port, '/api/v1/sql', {
      method: 'POST',
      body: '{"sql":"select 1"',
      headers: { 'content-length': '17' },
    })
    expect((await short).status).toBe(400)
  })
})
