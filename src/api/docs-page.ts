import type { JsonSchema } from '../service/json-schema.js'
import type { OpenApi, OpenApiOperation } from './openapi.js'

/** The document as one page of HTML without script, style or font from elsewhere. */
export function docsPage({ paths }: OpenApi, version: string): string {
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(path, method, operation)),
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>dccd: HTTP API</title><link rel="stylesheet" href="/api/docs.css"></head>
<body><h1>dccd ${text(version)}: HTTP API</h1>
<p>As a document: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1). Every refusal is
<code>{"code", "message", "field", "remedy"}</code>. With a token set, send <code>Authorization: Bearer …</code>.</p>
${sections.join('\n')}
</body></html>
`
}

/** The style of the page. */
export const DOCS_CSS = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font-family:ui-monospace,monospace;font-size:.9em}section{border-top:1px solid #8886;padding:.5rem 0}
h2{font-size:1.1rem}table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
pre{overflow:auto;padding:.5rem;background:#8882}
`

function section(path: string, method: string, operation: OpenApiOperation): string {
  const fields = operation.parameters.map((each) => [each.name, each.in, each.required, each.schema] as const)
  const body = bodyOf(operation)
  for (const [name, schema] of Object.entries(body?.properties ?? {}))
    fields.push([name, 'body' as never, body?.required?.includes(name) ?? false, schema])
  const rows = fields.map(
    ([name, place, required, schema]) =>
      `<tr><td><code>${text(name)}</code></td><td>${place}</td><td>${text(typeText(schema))}${required ? ', required' : ''}</td><td>${text(schema.description ?? '')}</td></tr>`,
  )
  const table = rows.length
    ? `<table><tr><th>Field</th><th>In</th><th>Type</th><th>Meaning</th></tr>${rows.join('')}</table>`
    : ''
  return `<section id="${text(operation.operationId)}"><h2><code>${method.toUpperCase()} ${text(path)}</code></h2>
<p>${text(operation.summary)}. <small>${text(operation.operationId)}, role ${operation['x-role']}</small></p>${table}
<details><summary>Answer</summary><pre>${text(JSON.stringify(answerOf(operation), null, 1))}</pre></details></section>`
}

function bodyOf(operation: OpenApiOperation): JsonSchema | undefined {
  const body = operation.requestBody as { content: { 'application/json': { schema: JsonSchema } } } | undefined // made by openApi
  return body?.content['application/json'].schema
}

function answerOf(operation: OpenApiOperation): unknown {
  const ok = operation.responses['200'] as { content: { 'application/json': { schema: JsonSchema } } } // made by openApi
  return ok.content['application/json'].schema
}

function typeText(schema: JsonSchema): string {
  const values = Array.isArray(schema.enum) ? schema.enum.join(' | ') : undefined
  const type = values ?? (Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'any'))
  const preset = schema.default === undefined ? '' : `, ${JSON.stringify(schema.default)} when left out`
  return `${type}${preset}`
}

function text(value: string): string {
  return value.replace(
    /[&<>"]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? '',
  )
}
