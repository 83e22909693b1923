import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse.js'
import { ConfigError, type Problem, renderProblems } from './problem.js'

const folder = join(import.meta.dirname, 'testdata')
const environment = { DCCD_TEST_SECRET: 'hunter2', DCCD_TEST_PORT: '0' }

function read(name: string) {
  const bytes = readFileSync(join(folder, name))
  const said = [...bytes.toString('utf8').matchAll(/^# (?:expect|warn): (.*)$/gm)].map((match) => match[1])
  return { said, parse: () => parseConfig(bytes, { file: `/etc/dccd/${name}`, environment, home: '/home/ada' }) }
}

function problemsOf(parse: () => unknown): readonly Problem[] {
  try {
    parse()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const files = (ending: string) => readdirSync(folder).filter((name) => name.endsWith(ending))
const line = ({ line, column, message }: Problem) => `${line}:${column}: ${message}`

// The first comment lines of each file say what must be reported, in order, and nothing else may be.
describe('mistakes', () => {
  it.each(files('.bad.yml'))('%s', (name) => {
    const { said, parse } = read(name)
    expect(said.length).toBeGreaterThan(0)
    const problems = problemsOf(parse)
    expect(problems.map(line)).toEqual(said)
    expect(JSON.stringify(problems) + renderProblems(name, problems)).not.toMatch(/hunter2|very-secret|123456/)
  })
})

describe('good configs', () => {
  it.each(files('.good.yml'))('%s', (name) => {
    const { said, parse } = read(name)
    expect(problemsOf(parse)).toEqual([])
    expect(parse().warnings.map(line)).toEqual(said)
  })
})
