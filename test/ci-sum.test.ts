import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = join(import.meta.dirname, '..', '.ci', 'sum.mjs')
const report = (...files: { status: string; tests: string[] }[]) =>
  JSON.stringify({
    testResults: files.map(({ status, tests }, index) => ({
      name: `file${index}`,
      status,
      assertionResults: tests.map((each) => ({ status: each, fullName: each })),
    })),
  })

describe('.ci/sum.mjs', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dccd-sum-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const sum = () => {
    const { stdout, status } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
    return { last: stdout.trimEnd().split('\n').at(-1), status, stdout }
  }

  it('adds up runs and steps', () => {
    writeFileSync(join(folder, 'a.json'), report({ status: 'passed', tests: ['passed', 'passed', 'pending'] }))
    writeFileSync(join(folder, 'b.json'), report({ status: 'passed', tests: ['passed', 'todo'] }))
    writeFileSync(join(folder, 'suites'), '0 a\n0 b\n')
    writeFileSync(join(folder, 'steps'), 'passed lint\nskipped rclone (not here)\n')
    expect(sum()).toMatchObject({ last: '4 passed, 0 failed, 3 skipped', status: 0 })
    expect(sum().stdout).toContain('skipped: rclone (not here)')
  })

  // None of these has a failed test in a report, and a sum of tests alone would be green.
  it.each([
    ['a file that could not be loaded', '1 a\n', [{ status: 'failed', tests: [] }]],
    ['an error outside of all tests', '1 a\n', []],
    ['a run that left no report', '0 a\n0 b\n', []],
  ])('counts as a failure: %s', (_name, suites, more) => {
    writeFileSync(join(folder, 'suites'), suites)
    writeFileSync(join(folder, 'a.json'), report({ status: 'passed', tests: ['passed'] }, ...more))
    expect(sum()).toMatchObject({ last: '1 passed, 1 failed, 0 skipped', status: 1 })
  })

  it('counts a failed test once, though its run ended with an error too', () => {
    writeFileSync(join(folder, 'suites'), '1 a\n')
    writeFileSync(join(folder, 'a.json'), report({ status: 'failed', tests: ['passed', 'failed'] }))
    expect(sum()).toMatchObject({ last: '1 passed, 1 failed, 0 skipped', status: 1 })
  })

  it('fails on a failed step, and when nothing ran', () => {
    expect(sum()).toMatchObject({ last: '0 passed, 0 failed, 0 skipped', status: 1 })
    writeFileSync(join(folder, 'steps'), 'passed types\nfailed lint\n')
    expect(sum()).toMatchObject({ last: '1 passed, 1 failed, 0 skipped', status: 1 })
  })
})
