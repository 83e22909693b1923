import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importCycles, offence } from '../testkit/import-rules.js'
import { importsOf } from '../testkit/imports.js'

const root = join(import.meta.dirname, '..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
const product = sources.filter(({ file }) => !file.endsWith('.test.ts'))
const imports = product.flatMap(({ file, text }) => importsOf(file, text))

/** `file:line` of each line that matches. */
function lines(folders: RegExp, pattern: RegExp, except: readonly string[] = []): string[] {
  return product
    .filter(({ file }) => folders.test(file) && !except.includes(file))
    .flatMap(({ file, text }) => text.split('\n').map((line, index) => ({ at: `${file}:${index + 1}`, line })))
    .filter(({ line }) => !/^\s*(\/\/|\*|\/\*)/.test(line) && pattern.test(line))
    .map(({ at, line }) => `${at} ${line.trim()}`)
}

describe('architecture', () => {
  it('reads the sources', () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  it('imports only what the table of import rules allows', () => {
    expect(imports.flatMap((each) => offence(each) ?? [])).toEqual([])
  })

  it('has no ring of imports', () => {
    expect(importCycles(imports)).toEqual([])
  })

  it('keeps the web UI apart: it knows the HTTP API and imports nothing of the daemon', () => {
    const web = readdirSync(join(root, 'web/src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !/\.test\.ts$/.test(path))
      .map((path) => `web/src/${path.replaceAll('\\', '/')}`)
    const targets = web.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
    expect(web.length).toBeGreaterThan(30)
    expect(targets.filter(({ target }) => /^(src|testkit|test|node:)/.test(target))).toEqual([])
  })

  it('imports nothing for its side effects', () => {
    expect(lines(/^src\//, /^import ['"]/)).toEqual([])
  })

  it('holds no module-level mutable state', () => {
    expect(lines(/^src\//, /^(export )?(let|var) /)).toEqual([])
  })

  // The bundle puts a module elsewhere than where it is written, but for this one.
  it('asks in one place where the files of the program are', () => {
    expect(lines(/^src\//, /import\.meta/, ['src/main.ts', 'src/compose/places.ts'])).toEqual([])
  })

  it('reads clock, timer, chance and network only where they are passed in from', () => {
    const ambient =
      /\b(Date\.now|performance\.now|process\.hrtime|setTimeout|setInterval|setImmediate|Math\.random|fetch)\(|new Date\(\)/
    expect(lines(/^src\/(model|exchanges|config|capture|history|replay|store|journal|daemon)\//, ambient)).toEqual([])
  })

  it('never waves the type checker or the linter through', () => {
    expect(
      lines(/^src\//, /@ts-(ignore|expect-error|nocheck)|biome-ignore|as unknown as|\bas any\b|: any\b|<any>/),
    ).toEqual([])
  })
})

// A check that cannot fail checks nothing.
describe('the check itself', () => {
  const offences = (file: string, text: string) => importsOf(file, text).flatMap((each) => offence(each) ?? [])

  it.each([
    ['src/model/x.ts', "import { y } from '../net/y.js'", 'model may import lib'],
    ['src/model/x.ts', "import type { y } from '../net/y.js'", 'model may import lib'],
    ['src/lib/x.ts', "export { y } from '../model/y.js'", 'lib may import nothing'],
    ['src/exchanges/a/x.ts', "import { y } from '../b/y.js'", 'exchanges/a may import'],
    ['src/exchanges/a/x.ts', "import { readFile } from 'node:fs/promises'", 'may not use this package'],
    ['src/capture/x.ts', "import {\n  y,\n} from '../net/y.js'", 'capture may import its types only'],
    ['src/capture/x.ts', "const y = await import('../store/y.js')", 'capture may import'],
    ['src/store/x.ts', "new Worker(new URL('../capture/y.js', import.meta.url))", 'store may import'],
    ['src/daemon/x.ts', "import { spawn } from 'node:child_process'", 'may not use this package'],
    ['src/api/x.ts', "import { y } from '../app.js'", 'only main.ts, index.ts may'],
    ['src/api/x.ts', "import { y } from '../compose/y.js'", 'only app.ts, index.ts, threads/query.ts may'],
    ['src/cli/x.ts', "import { y } from '../../testkit/y.js'", 'src imports nothing but src'],
    ['src/cli/x.ts', "import { y } from '../service/y.test.js'", 'nobody imports a test'],
    ['src/cli/x.ts', "import pino from 'pino/file'", 'may not use this package'],
    ['src/misc/x.ts', "import { y } from '../lib/y.js'", 'has no rule'],
  ])('%s: %s', (file, text, why) => {
    expect(offences(file, `// first\n${text}\n`)).toEqual([expect.stringContaining(why)])
    expect(offences(file, `// first\n${text}\n`)[0]).toContain(`${file}:2 `)
  })

  it.each([
    ['src/capture/x.ts', "import type { y } from '../net/y.js'"],
    ['src/daemon/remotes/x.ts', "import { spawn } from 'node:child_process'"],
    ['src/exchanges/a/x.ts', "import { y } from './y.js'\nimport { z } from '../kit/z.js'"],
    ['src/app.ts', "import { y } from './store/y.js'"],
    ['src/model/x.ts', "// import { y } from '../net/y.js'"],
  ])('lets pass %s: %s', (file, text) => {
    expect(offences(file, text)).toEqual([])
  })

  it('finds a ring, and none where one way is types only', () => {
    const a = importsOf('src/lib/a.ts', "import { b } from './b.js'")
    const b = importsOf('src/lib/b.ts', "import { c } from './c.js'")
    expect(importCycles([...a, ...b, ...importsOf('src/lib/c.ts', "import { a } from './a.js'")])).toEqual([
      ['src/lib/a.ts', 'src/lib/b.ts', 'src/lib/c.ts'],
    ])
    expect(importCycles([...a, ...b, ...importsOf('src/lib/c.ts', "import type { a } from './a.js'")])).toEqual([])
  })
})
