import { inputSchema, type JsonSchema, outputSchema } from '../service/json-schema.js'
import type { Operation } from '../service/operation.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import { hasBody, pathFields, ROUTES, type Route } from '../service/routes.js'

const ERROR: JsonSchema = {
  type: 'object',
  description: 'What every refusal and failure looks like.',
  properties: {
    code: { type: 'string', description: 'As on the command line; docs/reference/errors.md lists them.' },
    message: { type: 'string' },
    field: { type: ['string', 'null'], description: 'The input field that is at fault.' },
    remedy: { type: 'string', description: 'What to do.' },
  },
  required: ['code', 'message', 'field', 'remedy'],
}

/** One operation as OpenAPI describes it. */
export interface OpenApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly parameters: readonly OpenApiParameter[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, unknown>>
  readonly security: readonly unknown[]
  readonly 'x-role': string
}

interface OpenApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
  readonly style?: string
  readonly explode?: boolean
}

export interface OpenApi {
  readonly openapi: string
  readonly info: unknown
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: unknown
}

/** The OpenAPI 3.1 document, made from the schemas that check the requests. */
export function openApi(version: string): OpenApi {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const name of Object.keys(ROUTES) as OperationName[]) {
    const route = ROUTES[name]
    const methods = paths[route.path] ?? {}
    methods[route.method.toLowerCase()] = described(name, OPERATIONS[name], route)
    paths[route.path] = methods
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'dccd',
      version,
      description:
        'Streams, stored data, histories and config of one dccd daemon. docs/formats/http-api.md tells the rest: login, events, live feeds.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: {
      schemas: { Error: ERROR },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'dccd_session' },
      },
    },
  }
}

function described(name: OperationName, operation: Operation, route: Route): OpenApiOperation {
  const input = inputSchema(operation.input)
  const properties = input.properties ?? {}
  const required = new Set(input.required ?? [])
  const inPath = new Set(pathFields(route))
  const headers = route.headers ?? {}
  const parameters: OpenApiParameter[] = []
  const body: Record<string, JsonSchema> = {}
  for (const [field, schema] of Object.entries(properties)) {
    const header = headers[field]
    if (hasBody(route) && !inPath.has(field) && header === undefined) {
      body[field] = schema
      continue
    }
    parameters.push({
      name: header ?? field,
      in: inPath.has(field) ? 'path' : header === undefined ? 'query' : 'header',
      required: inPath.has(field) || required.has(field),
      ...(schema.description === undefined ? {} : { description: schema.description }),
      schema,
      ...(schema.type === 'array' ? { style: 'form', explode: false } : {}),
    })
  }
  const bodySchema = {
    type: 'object',
    properties: body,
    required: Object.keys(body).filter((field) => required.has(field)),
    additionalProperties: false,
  }
  return {
    operationId: name,
    tags: [name.split('.')[0] ?? name],
    summary: operation.summary,
    parameters,
    ...(Object.keys(body).length === 0
      ? {}
      : {
          requestBody: {
            required: bodySchema.required.length > 0,
            content: { 'application/json': { schema: bodySchema } },
          },
        }),
    responses: {
      200: { description: 'Done.', content: { 'application/json': { schema: outputSchema(operation.output) } } },
      default: {
        description: 'Refused or failed.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
    security: [{ token: [] }, { session: [] }],
    'x-role': operation.role,
  }
}
