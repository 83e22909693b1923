import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const points = read('SECURITY.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Threat'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, threat = '', , tests = '']) => ({ threat, tests }))

// A threat that is answered in words alone is not answered.
describe('each point of SECURITY.md has its tests, by name', () => {
  it.each(points)('$threat', ({ tests }) => {
    const files = [...tests.matchAll(/`([^`]+)`: ((?:“[^”]+”(?:, )?)+)/g)]
    expect(files.length).toBeGreaterThan(0)
    for (const [, file = '', names = ''] of files) {
      const text = read(file)
      for (const [, name = ''] of names.matchAll(/“([^”]+)”/g))
        expect(text.includes(`'${name}'`) || text.includes(`"${name}"`), `${file}: ${name}`).toBe(true)
    }
  })

  it('there are as many as there were', () => {
    expect(points.length).toBeGreaterThanOrEqual(16)
  })
})

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional(), optional: z.boolean().optional() }),
  ),
})

it('every dependency is pinned by its hash, and none runs a script when it is installed', () => {
  const { packages } = lock.parse(JSON.parse(read('package-lock.json')))
  // What is for another machine (`optional`) is pinned by its version.
  const unpinned = Object.entries(packages).filter(
    ([name, { version, integrity, optional }]) => name !== '' && (!version || (!integrity && !optional)),
  )
  expect(unpinned.map(([name]) => name)).toEqual([])
  const installs = read('.ci/run')
    .split('\n')
    .filter((line) => /npm (ci|install|i)\b/.test(line) && !line.trimStart().startsWith('#'))
  expect(installs.length).toBeGreaterThan(0)
  expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([])
})
