import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse.js'

const root = join(import.meta.dirname, '..', '..')

describe('config', () => {
  it('takes the example that a newcomer copies, without a warning', () => {
    const parsed = parseConfig(readFileSync(join(root, 'config.example.yml')), { file: '/etc/dccd/config.yml' })
    expect(parsed.warnings).toEqual([])
    expect(parsed.config.settings.data_path).toBe('/etc/dccd/data/crypto')
    expect(parsed.config.stream_jobs).toHaveLength(3)
  })
})
