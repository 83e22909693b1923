import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Operation } from '../service/operation.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import type { Ports } from '../service/ports.js'
import { FieldError } from './error-body.js'
import { fromText, inputSchema, type JsonSchema } from './json-schema.js'
import { fastifyPath, hasBody, pathFields, ROUTES, type Route } from './routes.js'

/** A route for each operation: gather the input, check it, run it, answer with its output. */
export function addOperationRoutes(app: FastifyInstance, ports: Ports): void {
  for (const name of Object.keys(ROUTES) as OperationName[]) {
    const operation: Operation = OPERATIONS[name]
    const route = ROUTES[name]
    const schema = inputSchema(operation.input)
    app.route({
      method: route.method,
      url: fastifyPath(route),
      config: { operation: name, role: operation.role },
      async handler(request, reply) {
        const input = checked(operation.input, gathered(request, route, schema))
        const output = await operation.run(ports, input, goneSignal(request, reply))
        if (typeof output === 'object' && output !== null && 'etag' in output)
          reply.header('etag', `"${String(output.etag)}"`)
        return output
      },
    })
  }
}

/** Aborts when the asker has gone. */
function goneSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  request.raw.socket.once('close', () => {
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

/** Throws USAGE naming the field. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const name = String(issue.keys[0])
    throw new FieldError(name, `there is no field ${name.slice(0, 60)}`, 'Leave it out; /api/docs lists the fields.')
  }
  const field = issue?.path.join('.') ?? ''
  const what = issue?.message.replace(/^Invalid input: /, '') ?? 'is not what is expected'
  throw new FieldError(
    field,
    field === '' ? what : `${field}: ${what}`,
    'Correct the field; /api/docs describes each one.',
  )
}
