import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logTail } from './log-tail.js'

let folder: string
const quiet = new AbortController().signal

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dccd-logs-'))
  const line = (n: number, level = 30) =>
    JSON.stringify({
      level,
      time: 1_764_000_000_000 + n,
      pid: 1,
      hostname: 'x',
      msg: `line ${n} ü`,
      n,
      pad: 'p'.repeat(n % 300),
    })
  const lines = Array.from({ length: 3000 }, (_, n) => line(n, n % 1000 === 0 ? 50 : 30))
  await writeFile(join(folder, 'dccd.log.1'), `${lines.slice(0, 1500).join('\n')}\n`)
  await writeFile(join(folder, 'dccd.log'), `${lines.slice(1500).join('\n')}\nno json\n{"level":30,"time":`)
  await utimes(join(folder, 'dccd.log.1'), 1, 1)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the log as it is read back', () => {
  it('gives the newest lines, oldest first, across chunks and files, and passes over what is no line', async () => {
    const all = await logTail(folder).tail({ tail: 10_000 }, quiet)
    expect(all.map(({ fields }) => fields.n)).toEqual(Array.from({ length: 3000 }, (_, n) => n))
    expect((await logTail(folder).tail({ tail: 2 }, quiet)).map(({ message }) => message)).toEqual([
      'line 2998 ü',
      'line 2999 ü',
    ])
    expect(all[0]).toEqual({
      time: '2025-11-24T16:00:00.000Z',
      level: 'error',
      message: 'line 0 ü',
      fields: { n: 0, pad: '' },
    })
  })

  it('filters by level and text', async () => {
    const errors = await logTail(folder).tail({ tail: 10, level: 'warn' }, quiet)
    expect(errors.map(({ fields }) => fields.n)).toEqual([0, 1000, 2000])
    expect((await logTail(folder).tail({ tail: 10, search: 'LINE 77 ' }, quiet)).length).toBe(1)
  })

  it('since an instant, and no further back than that', async () => {
    const since = 1_764_000_002_990_000_000n
    const late = await logTail(folder).tail({ tail: 1000, since }, quiet)
    expect(late.map(({ fields }) => fields.n)).toEqual(Array.from({ length: 10 }, (_, n) => 2990 + n))
    expect(await logTail(folder).tail({ tail: 1000, since: since + 3_600_000_000_000n }, quiet)).toEqual([])
    expect(await logTail(folder).tail({ tail: 1000, since: 2n ** 62n }, quiet)).toEqual([])
  })

  it('no folder is no lines', async () => {
    expect(await logTail(join(folder, 'none')).tail({ tail: 10 }, quiet)).toEqual([])
  })
})
