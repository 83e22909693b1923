import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type OpenApiOperation, openApi } from '../api/openapi.js'
import type { JsonSchema } from '../service/json-schema.js'
import type { OperationName } from '../service/operations/table.js'
import { Client } from './client.js'

/** What arrived, as a server sees it. */
interface Arrived {
  readonly method: string | undefined
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: Server
let client: Client
const arrived: Arrived[] = []
let answer: { readonly status: number; readonly body: string } = { status: 200, body: '{}' }

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const url = new URL(request.url ?? '/', 'http://daemon')
    arrived.push({ method: request.method, url, headers: request.headers, body })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  client = new Client({ url: `http://127.0.0.1:${port}/`, token: 'the token' })
})
beforeEach(() => {
  arrived.splice(0)
  answer = { status: 200, body: '{}' }
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Something that stands for itself wherever it arrives. */
function sample({ type }: JsonSchema): unknown {
  const types = [type ?? 'string'].flat()
  if (types.includes('array')) return ['a/b', 'c']
  if (types.includes('integer') || types.includes('number')) return 7
  return types.includes('boolean') ? true : 'a/b ?&%'
}

function bodyOf({ requestBody }: OpenApiOperation): Readonly<Record<string, JsonSchema>> {
  const body = requestBody as { content: { 'application/json': { schema: JsonSchema } } } | undefined // made by openApi
  return body?.content['application/json'].schema.properties ?? {}
}

const described = Object.entries(openApi('1').paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

// The client is typed by the operations; what it sends must be what the document of the API says.
it.each(described)('$operation.operationId is asked as the OpenAPI document says: $method $path', async (of) => {
  const { path, method, operation } = of
  const inHeaders: Readonly<Record<string, string>> = { 'if-match': 'etag' }
  const fields = operation.parameters.map((each) => ({ ...each, field: inHeaders[each.name] ?? each.name }))
  const body = Object.fromEntries(Object.entries(bodyOf(operation)).map(([name, schema]) => [name, sample(schema)]))
  const given = { ...Object.fromEntries(fields.map(({ field, schema }) => [field, sample(schema)])), ...body }
  await client.call(operation.operationId as OperationName, given as never) // as the document has it
  const [sent] = arrived
  expect([sent?.method, sent?.headers.authorization]).toEqual([method, 'Bearer the token'])
  const text = (field: string) => String(given[field])
  const filled = path.replace(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(text(field)))
  expect(sent?.url.pathname).toBe(filled)
  const query = fields.filter((each) => each.in === 'query')
  expect(Object.fromEntries(sent?.url.searchParams ?? [])).toEqual(
    Object.fromEntries(query.map(({ field }) => [field, text(field)])),
  )
  for (const { name, field } of fields.filter((each) => each.in === 'header'))
    expect(sent?.headers[name]).toBe(`"${text(field)}"`)
  if (operation.requestBody) expect(JSON.parse(sent?.body ?? '')).toEqual(body)
  else expect(['', '{}']).toContain(sent?.body)
})

it('a refusal comes as the error that the daemon told; what is no daemon is told as such', async () => {
  answer = { status: 404, body: JSON.stringify({ code: 'NOT_FOUND', message: 'no such run', remedy: 'Look again.' }) }
  await expect(client.call('runs.get', { id: 7 })).rejects.toMatchObject({ code: 'NOT_FOUND', remedy: 'Look again.' })
  answer = { status: 502, body: '<html>' }
  await expect(client.call('runs.get', { id: 7 })).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  const nobody = new Client({ url: 'http://127.0.0.1:9' })
  await expect(nobody.call('health', {})).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
})

it('rows follow the cursor to the last page', async () => {
  const pages = [
    { rows: [{ n: 1 }, { n: 2 }], next_cursor: 'further' },
    { rows: [{ n: 3 }], next_cursor: null },
  ]
  answer = { status: 200, body: JSON.stringify(pages[0]) }
  const rows: unknown[] = []
  for await (const row of client.rows({ exchange: 'binance', pair: 'BTC/USDT', kind: 'trades' })) {
    rows.push(row)
    answer = { status: 200, body: JSON.stringify(pages[1]) }
  }
  expect(rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  expect(arrived.map(({ url }) => url.searchParams.get('cursor'))).toEqual([null, 'further'])
})
