import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROUTES } from '../src/service/routes.js'

const web = join(import.meta.dirname, '..', 'web/src')
const text = readdirSync(web, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('answers.ts'))
  .map((path) => readFileSync(join(web, path), 'utf8'))
  .join('\n')

/** What the UI does in another way than by its own call. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'config.patch': 'a field of the form changes the text, which is saved whole',
  'config.schema': 'the fields of the form are written out',
}

/** Operations that no page offers yet; one that is offered must not stand here. */
const NOT_YET: readonly string[] = []

/** The method as `ApiClient` has it; a download is a link. */
const CALLS: Readonly<Record<string, RegExp>> = {
  GET: /\.(get|address)\b/,
  POST: /\.post\b|take\(/,
  PUT: /\.put\b/,
  DELETE: /\.delete\b/,
}

// Whatever CLI and API can do, the UI can do: an operation that nobody can reach by a page is told here.
it.each(Object.entries(ROUTES))('the UI offers %s', (name, { method, path }) => {
  if (OTHERWISE[name] !== undefined) return
  const parts = path.replace('/api/v1', '').split(/\{\w+\}/)
  const wanted = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('\\$\\{[^}]+\\}')
  const action = /\/(start|stop|restart)$/.test(path)
    ? wanted.replace(/(stop|restart)$/, '(?:$1|\\$\\{action\\})')
    : wanted
  const call = new RegExp(`(?:${CALLS[method]?.source})[^\n]{0,80}\\(?\\s*['\`]${action}['\`]`)
  expect(call.test(text), `${method} ${path}`).toBe(!NOT_YET.includes(name))
})
