import { z } from 'zod'

/** As much of JSON schema as the API looks at. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly [key: string]: unknown
}

/** What is sent to an operation, as JSON schema (draft 2020-12, which is that of OpenAPI 3.1). */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return bare(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' }))
}

/** What an operation answers, as JSON schema. */
export function outputSchema(schema: z.ZodType): JsonSchema {
  return bare(z.toJSONSchema(schema, { io: 'output', target: 'draft-2020-12', unrepresentable: 'any' }))
}

function bare(made: object): JsonSchema {
  const { $schema: _, ...schema } = made as JsonSchema // an object schema by the library's own promise
  return schema
}

/** A field that came as text (query, path, header) as what its schema wants; text that does not fit stays, to be refused by the schema. */
export function fromText(value: unknown, schema: JsonSchema | undefined): unknown {
  if (schema === undefined) return value
  if (accepts(schema, 'array')) {
    const items = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value]
    return items.map((item) => fromText(item, schema.items))
  }
  if (typeof value !== 'string') return value
  if ((accepts(schema, 'number') || accepts(schema, 'integer')) && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value))
    return Number(value)
  if (accepts(schema, 'boolean') && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function accepts(schema: JsonSchema, type: string): boolean {
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  return types.includes(type) || (schema.anyOf?.some((each) => accepts(each, type)) ?? false)
}
