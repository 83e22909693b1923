import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const WEB = resolve(import.meta.dirname, '../../dist/web')
const MOST = 250_000

/** What a file fetches before it can show anything: static imports and style sheets, not what it imports later. */
function needs(text: string): string[] {
  const found = [...text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+)["']|(?:src|href)="\.\/(assets\/[\w.-]+)"/g)]
  return found.map(([, script, linked]) => (script === undefined ? (linked ?? '') : `assets/${script}`))
}

describe('the size of the web UI', () => {
  it('stays within its bound for the first page, compressed', () => {
    const overview = readdirSync(`${WEB}/assets`).filter((name) => /^overview-.*\.(js|css)$/.test(name))
    expect(overview.length).toBeGreaterThan(0)
    const wanted = ['index.html', ...overview.map((name) => `assets/${name}`)]
    const sizes = new Map<string, number>()
    for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
      if (sizes.has(name)) continue
      const bytes = readFileSync(`${WEB}/${name}`)
      sizes.set(name, gzipSync(bytes).length)
      wanted.push(...needs(bytes.toString('utf8')))
    }
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    expect(sizes.size).toBeGreaterThan(3)
    expect(total, JSON.stringify(Object.fromEntries(sizes))).toBeLessThanOrEqual(MOST)
  })

  it('has nothing from elsewhere in it', () => {
    const page = readFileSync(`${WEB}/index.html`, 'utf8')
    expect(page).not.toMatch(/https?:\/\//)
    expect(page).not.toMatch(/<style|<script(?![^>]*src=)|\son\w+=/)
  })
})
