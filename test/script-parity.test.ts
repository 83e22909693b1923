import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROUTES } from '../src/service/routes.js'

const lines = readFileSync(join(import.meta.dirname, '..', 'examples/watch.sh'), 'utf8')
  .split('\n')
  .filter((line) => line.includes('/api/v1/') && !line.startsWith('#'))

function methodOf(line: string): string {
  return /-X (\w+)/.exec(line)?.[1] ?? /\b(POST|PUT|PATCH|DELETE)\b/.exec(line)?.[1] ?? 'GET'
}

// What a page of the UI can do, somebody with curl can do too: the script that is shown does all of it, and `examples.test.ts` runs it.
it.each(Object.entries(ROUTES))('the script with curl does %s', (_name, { method, path }) => {
  const parts = path.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
  const address = new RegExp(`["' ]?(?:\\$url)?${parts.join('\\$.+')}(?:["'?) ]|$)`)
  expect(lines.filter((line) => address.test(line)).map(methodOf), path).toContain(method)
})
