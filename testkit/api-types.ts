import { z } from 'zod'

const schemaShape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.union([z.string(), z.number(), z.null()])).optional(),
  get anyOf() {
    return z.array(schemaShape).optional()
  },
  get items() {
    return z.union([z.boolean(), schemaShape]).optional()
  },
  get prefixItems() {
    return z.array(schemaShape).optional()
  },
  get properties() {
    return z.record(z.string(), schemaShape).optional()
  },
  required: z.array(z.string()).optional(),
  get additionalProperties() {
    return z.union([z.boolean(), schemaShape]).optional()
  },
})
type Schema = z.infer<typeof schemaShape>

const documentShape = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        responses: z.record(
          z.string(),
          z.object({ content: z.record(z.string(), z.object({ schema: schemaShape.optional() })).optional() }),
        ),
      }),
    ),
  ),
})

const HEAD = `// Made from docs/reference/openapi.json by \`npm run docs\`: what each operation of the HTTP API answers.
`

/** The answers of the API as TypeScript, by operation, for the web UI: a client that is not what the API is does not compile. */
export function apiTypes(document: unknown): string {
  const { paths } = documentShape.parse(document)
  const answers = Object.values(paths)
    .flatMap((path) => Object.values(path))
    .flatMap(({ operationId, responses }) => {
      const schema = responses['200']?.content?.['application/json']?.schema
      return schema ? [`  readonly '${operationId}': ${typeText(schema, '  ')}\n`] : []
    })
  return `${HEAD}export interface Answers {\n${answers.join('')}}\n`
}

function typeText(schema: Schema, indent: string): string {
  const { anyOf, enum: values, type } = schema
  if (anyOf) return anyOf.map((each) => typeText(each, indent)).join(' | ')
  if (values) return values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' | ')
  const types = Array.isArray(type) ? type : [type ?? 'unknown']
  return types.map((each) => plainText(each, schema, indent)).join(' | ')
}

function plainText(type: string, schema: Schema, indent: string): string {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type
    case 'integer':
      return 'number'
    case 'array':
      if (schema.prefixItems) return `readonly [${schema.prefixItems.map((each) => typeText(each, indent)).join(', ')}]`
      return `readonly (${typeof schema.items === 'object' ? typeText(schema.items, indent) : 'unknown'})[]`
    case 'object':
      return objectText(schema, indent)
    default:
      return 'unknown'
  }
}

function objectText({ properties, required = [], additionalProperties }: Schema, indent: string): string {
  if (!properties) {
    const value = typeof additionalProperties === 'object' ? typeText(additionalProperties, indent) : 'unknown'
    return `Readonly<Record<string, ${value}>>`
  }
  const fields = Object.entries(properties).map(
    ([name, each]) =>
      `${indent}  readonly ${name}${required.includes(name) ? '' : '?'}: ${typeText(each, `${indent}  `)}\n`,
  )
  return `{\n${fields.join('')}${indent}}`
}
