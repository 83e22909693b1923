import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { until } from './harness.js'

const KIT = resolve(import.meta.dirname, '../../dist/testkit')
const KILLS = 12
const ROUNDS = 400

const children: ChildProcess[] = []
const folder = mkdtempSync(join(tmpdir(), 'dccd-readers-'))
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function start(...args: readonly string[]): { child: ChildProcess; lines: string[]; ended: Promise<unknown> } {
  const [script = '', ...rest] = args
  const child = spawn(process.execPath, [join(KIT, script), ...rest], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines: string[] = []
  let part = ''
  child.stdout.on('data', (data: Buffer) => {
    const texts = (part + data.toString()).split('\n')
    part = texts.pop() ?? ''
    lines.push(...texts)
  })
  return { child, lines, ended: new Promise((resolve) => child.on('close', resolve)) }
}

it('two outside readers glob while files are published and the writer is killed: never a row twice, never fewer than before', async () => {
  const readers = ['duckdb', 'hyparquet'].map((engine) => start('reader-child.js', folder, engine))
  let committed = -1
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = start('store-child.js', folder, '0', 'kill', String(ROUNDS))
    // Another few commits, then the end, wherever it is; each time a little later in its work.
    const enough = 3 + (kill % 5)
    await until('a few commits', () => writer.lines.length >= enough || writer.child.exitCode !== null || undefined)
    await new Promise((resolve) => setTimeout(resolve, (kill * 7) % 40))
    writer.child.kill('SIGKILL')
    await writer.ended
    committed = Number(writer.lines.at(-1)?.split(' ')[1] ?? committed)
  }
  expect(committed).toBeGreaterThan(KILLS * 2)
  for (const { child, lines, ended } of readers) {
    const before = lines.length
    await until('some last readings', () => lines.length > before + 3 || undefined)
    child.kill('SIGKILL')
    await ended
    let last = 0
    let good = 0
    for (const line of lines) {
      if (line === 'failed') continue
      const [rows = 0, ids] = line.split(' ').map(Number)
      expect(ids, line).toBe(rows)
      expect(rows).toBeGreaterThanOrEqual(last)
      last = rows
      good++
    }
    expect(good).toBeGreaterThan(100)
    expect(good / lines.length).toBeGreaterThan(0.9)
    expect(last).toBeGreaterThan(KILLS * 3)
  }
})
