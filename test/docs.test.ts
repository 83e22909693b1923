import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generatedPages } from '../testkit/generated-pages.js'

const folder = join(import.meta.dirname, '..', 'docs')

// A page that was not generated anew after a change of the code is a guide that is wrong.
describe('generated docs', () => {
  it.each(Object.entries(generatedPages()))('%s is what `npm run docs` writes', (name, text) => {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text)
  })

  it('docs/reference holds nothing else', () => {
    const pages = readdirSync(join(folder, 'reference')).map((name) => `reference/${name}`)
    const generated = Object.keys(generatedPages()).filter((name) => name.startsWith('reference/'))
    expect(pages.sort()).toEqual(generated.sort())
  })
})
