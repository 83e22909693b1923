import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Import, importsOf } from '../testkit/imports.js'

const root = join(import.meta.dirname, '..')

/** What is loaded with a file, by its imports and theirs: folders of `src`, and packages. What is imported when it is needed does not count. */
function loadedWith(entry: string, read: (file: string) => Import[]): string[] {
  const seen = new Set<string>()
  const units = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const { target, typeOnly, later } of read(file)) {
      if (typeOnly || later || target.startsWith('node:')) continue
      if (!target.startsWith('src/')) units.add(target)
      else {
        units.add(target.split('/').slice(0, 2).join('/'))
        visit(target)
      }
    }
  }
  visit(entry)
  return [...units].sort()
}

function split(units: readonly string[]) {
  const folders = units.filter((unit) => unit.startsWith('src/')).map((unit) => unit.slice(4))
  return { folders, packages: units.filter((unit) => !unit.startsWith('src/')) }
}

const sourceImports = (file: string) => importsOf(file, readFileSync(join(root, file), 'utf8'))
const builtImports = (file: string) =>
  [
    ...readFileSync(join(root, 'dist', file), 'utf8').matchAll(/^(?:import|export)\b[^'"\n]*?["']([^"'\n]+)["'];?$/gm),
  ].map(
    ({ 1: name = '' }): Import => ({
      file,
      line: 0,
      target: name.startsWith('.') ? posix.join(posix.dirname(file), name) : name,
      typeOnly: false,
      later: false,
    }),
  )

// Whoever types a command waits for all that is loaded before it does anything, and each thread loads all of its own again.
describe('what is loaded at the start', () => {
  it('of any command: neither DuckDB nor exchanges, emulator, store or API', () => {
    const { packages, folders } = split(loadedWith('src/main.ts', sourceImports))
    expect(packages).toEqual(['commander', 'croner', 'diff', 'yaml', 'zod'])
    const own = ['app.ts', 'cli', 'client', 'config', 'lib', 'model', 'service', 'version.ts']
    expect(folders).toEqual(['capture', 'daemon', ...own].sort()) // of these two what is pure: rows of events, stored runs
  })

  it.each([
    ['journal', ['journal'], ['zod']],
    ['store', ['store'], ['@duckdb/node-api', '@duckdb/node-bindings', 'libsql']],
    // Of the store: columns, and how they are handed over.
    ['capture', ['capture', 'exchanges', 'journal', 'net', 'store'], ['ws', 'zod']],
    ['history', ['archives', 'capture', 'exchanges', 'history', 'journal', 'net', 'store'], ['zod']],
    ['recover', ['capture', 'exchanges', 'journal', 'store'], ['zod']],
    // DuckDB comes with the first question that needs it.
    [
      'query',
      ['capture', 'compose', 'config', 'export', 'service', 'store'],
      ['croner', 'diff', 'libsql', 'yaml', 'zod'],
    ],
  ])('of the %s thread: its part alone', (role, own, needed) => {
    const { packages, folders } = split(loadedWith(`src/threads/${role}.ts`, sourceImports))
    expect(folders).toEqual([...own, 'lib', 'model'].sort())
    expect(packages).toEqual(needed)
  })

  it('of a worker before it knows its part: nothing', () => {
    expect(loadedWith('src/worker.ts', sourceImports)).toEqual([])
  })

  // A package that is no longer bundled is a hundred files again, in each thread.
  it('of the built command line: what it needs of packages is in the bundle', () => {
    expect(builtImports('src/main.js').length).toBeGreaterThan(5)
    expect(loadedWith('src/main.js', builtImports)).toEqual(['src/bundle'])
  })
})
