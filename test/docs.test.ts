import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generatedPages } from '../testkit/generated-pages.js'

const folder = join(import.meta.dirname, '..', 'docs', 'reference')

// A page that was not generated anew after a change of the code is a guide that is wrong.
describe('docs/reference', () => {
  it.each(Object.entries(generatedPages()))('%s is what `npm run docs` writes', (name, text) => {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text)
  })

  it('holds nothing else', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(generatedPages()).sort())
  })
})
