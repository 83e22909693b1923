// Writes the generated pages of docs. Run by `npm run docs`; test/docs.test.ts fails when they are out of date.
import { writeFileSync } from 'node:fs'
import { generatedPages } from '../dist/testkit/generated-pages.js'

for (const [name, text] of Object.entries(generatedPages())) {
  writeFileSync(new URL(name, import.meta.url), text)
}
