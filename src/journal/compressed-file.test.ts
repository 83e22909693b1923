import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Fault, PowerLossFiles } from '../../testkit/power-loss-files.js'
import { compressFile, openCompressed } from './compressed-file.js'
import { nodeFiles } from './file-layer.js'
import { journalFileName } from './file-summary.js'
import { compressJournalFile, openJournalFile } from './journal-file.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dccd-compressed-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Bytes like those of frames: much repetition, some noise. */
const sample = (length: number, seed = 1) =>
  Buffer.from(Array.from({ length }, (_, i) => ((i * seed) % 251) ^ (i % 7 === 0 ? (i * 2_654_435_761) >>> 24 : 0)))

describe('a compressed journal file', () => {
  it('reads like its original at any place, over the borders of members', async () => {
    const bytes = sample(2_500_000)
    const [from, to] = [join(folder, 'a'), join(folder, 'a.gz')]
    writeFileSync(from, bytes)
    const size = await compressFile(nodeFiles(), from, to)
    expect(size).toBe(readFileSync(to).length)
    expect(size).toBeLessThan(bytes.length)
    const file = await openCompressed(nodeFiles(), to)
    expect(await file.size()).toBe(bytes.length)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length + 10), fc.integer({ min: 1, max: 1_200_000 }), async (position, length) => {
        const target = Buffer.alloc(length)
        let held = 0
        for (;;) {
          const more = await file.read(target.subarray(held), position + held)
          if (more <= 0) break
          held += more
        }
        expect(target.subarray(0, held).equals(bytes.subarray(position, position + length))).toBe(true)
      }),
      { numRuns: 60 },
    )
    await file.close()
  })

  it('is plain gzip: any tool gives the original back', async () => {
    const bytes = sample(1_100_000, 3)
    const [from, to] = [join(folder, 'a'), join(folder, 'a.gz')]
    writeFileSync(from, bytes)
    await compressFile(nodeFiles(), from, to)
    expect(gunzipSync(readFileSync(to)).equals(bytes)).toBe(true)
    expect(execFileSync('gzip', ['-dc', to], { maxBuffer: 1e8 }).equals(bytes)).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['a', 'a.gz'])
  })

  it('damage of one member costs that megabyte and nothing else', async () => {
    const bytes = sample(3_000_000)
    const [from, to] = [join(folder, 'a'), join(folder, 'a.gz')]
    writeFileSync(from, bytes)
    await compressFile(nodeFiles(), from, to)
    const packed = readFileSync(to)
    packed[1000] = (packed[1000] ?? 0) ^ 0xff
    writeFileSync(to, packed)
    const file = await openCompressed(nodeFiles(), to)
    const second = Buffer.alloc(1000)
    await file.read(second, 1_048_576)
    expect(second.equals(bytes.subarray(1_048_576, 1_049_576))).toBe(true)
    const first = Buffer.alloc(1000)
    await file.read(first, 0)
    expect(first.equals(Buffer.alloc(1000))).toBe(true)
    await file.close()
  })
})

describe('the original in the place of which it comes', () => {
  const bytes = sample(1_300_000)
  const path = `/j/${journalFileName(1)}`

  async function disk(fault: (operation: string) => Fault): Promise<{ files: PowerLossFiles; arm: () => void }> {
    let armed = false
    const files = new PowerLossFiles((operation) => (armed ? fault(operation) : 'none'))
    const file = await files.create(path)
    await file.write(bytes, 0)
    await file.datasync()
    await files.syncFolder()
    return {
      files,
      arm: () => {
        armed = true
      },
    }
  }

  async function content(files: PowerLossFiles): Promise<Buffer> {
    const { file } = await openJournalFile(files, '/j', 1)
    const target = Buffer.alloc(bytes.length)
    for (let held = 0; held < target.length; ) {
      const more = await file.read(target.subarray(held), held)
      if (more <= 0) break
      held += more
    }
    return target
  }

  it('goes only when the other is safe: the power may go off at every single operation', async () => {
    for (let n = 0; ; n++) {
      let count = 0
      const { files, arm } = await disk(() => (count++ === n ? 'off' : 'none'))
      arm()
      const done = await compressJournalFile(files, '/j', 1).then(
        () => true,
        () => false,
      )
      for (const chance of [() => 0, () => 0.4, () => 0.99])
        expect((await content(files.afterPowerLoss(chance))).equals(bytes), `operation ${n}`).toBe(true)
      if (done) break
      expect(n).toBeLessThan(100)
    }
  })

  it('stays when the disk is full, and nothing half made is left', async () => {
    const { files, arm } = await disk((operation) => (operation === 'write' ? 'ENOSPC' : 'none'))
    arm()
    await expect(compressJournalFile(files, '/j', 1)).rejects.toThrow(/ENOSPC/)
    expect(await files.list('/j')).toEqual([journalFileName(1)])
    expect((await content(files)).equals(bytes)).toBe(true)
  })
})
