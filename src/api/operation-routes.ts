import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FieldError } from '../service/check-input.js'
import { fromText, inputSchema, type JsonSchema } from '../service/json-schema.js'
import type { Operation } from '../service/operation.js'
import { type FileStream, isFileStream } from '../service/operations/export.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import { perform, performApart } from '../service/perform.js'
import type { Ports } from '../service/ports.js'
import { fastifyPath, hasBody, pathFields, ROUTES, type Route } from '../service/routes.js'

/** A route for each operation: gather the input, check it, run it, answer with its output. */
export function addOperationRoutes(app: FastifyInstance, ports: Ports, stallMs: number): void {
  for (const name of Object.keys(ROUTES) as OperationName[]) {
    const operation: Operation = OPERATIONS[name]
    const route = ROUTES[name]
    const schema = inputSchema(operation.input)
    app.route({
      method: route.method,
      url: fastifyPath(route),
      config: { operation: name, role: operation.role },
      async handler(request, reply) {
        const input = gathered(request, route, schema)
        const signal = goneSignal(reply)
        const text = await performApart(ports, name, input, signal)
        if (text !== undefined) return reply.type('application/json; charset=utf-8').send(text)
        const output: unknown = await perform(ports, name, input, signal)
        if (isFileStream(output)) return await sendFile(output, reply, stallMs)
        if (typeof output === 'object' && output !== null && 'etag' in output)
          reply.header('etag', `"${String(output.etag)}"`)
        return output
      },
    })
  }
}

/**
 * Sends a file as it is made. What is wrong before its first bytes is answered as an error; what is wrong later cuts it off, and so does an asker that takes
 * nothing for `stallMs`: what is being made holds memory.
 */
async function sendFile(
  { type, name, chunks }: FileStream,
  reply: FastifyReply,
  stallMs: number,
): Promise<FastifyReply> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  const rest = async function* () {
    let stalled: NodeJS.Timeout | undefined
    try {
      for (let next = first; !next.done; next = await iterator.next()) {
        stalled = setTimeout(() => reply.raw.destroy(), stallMs)
        yield next.value
        clearTimeout(stalled)
      }
    } finally {
      clearTimeout(stalled)
      await iterator.return?.()
    }
  }
  return reply
    .type(type)
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(rest(), { objectMode: false }))
}

/** Aborts when the asker has gone. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}

/** The input as it came: path, headers, query or body. */
function gathered(request: FastifyRequest, route: Route, schema: JsonSchema): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  const take = (from: unknown, asText: boolean) => {
    if (from === undefined || from === null) return
    if (typeof from !== 'object' || Array.isArray(from))
      throw new FieldError('body', 'the body must be a JSON object', 'Send a JSON object.')
    for (const [name, value] of Object.entries(from))
      input[name] = asText ? fromText(value, schema.properties?.[name]) : value
  }
  if (hasBody(route)) take(request.body, false)
  else take(request.query, true)
  for (const [field, header] of Object.entries(route.headers ?? {})) {
    const value = request.headers[header]
    if (typeof value === 'string') input[field] = value.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
  }
  const params = request.params as Record<string, string> // made by fastify from the path
  for (const name of pathFields(route)) input[name] = fromText(params[name], schema.properties?.[name])
  return input
}
