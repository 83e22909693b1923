import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Line, maybeGunzip, readLines } from './lines.js'

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) break
    yield bytes.subarray(at, at + size)
    at += size
  }
  if (at < bytes.length) yield bytes.subarray(at)
}

async function linesOf(bytes: AsyncIterable<Uint8Array>, most = 1000): Promise<Line[]> {
  const lines: Line[] = []
  for await (const batch of readLines(bytes, most)) lines.push(...batch)
  return lines
}

const sizes = fc.array(fc.integer({ min: 0, max: 9 }))

describe('lines', () => {
  it('are the same however the bytes arrive, a character cut in two included, zipped or not', async () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, '')))
    await fc.assert(
      fc.asyncProperty(texts, sizes, fc.boolean(), fc.boolean(), async (wanted, pieces, zipped, ended) => {
        const text = wanted.join('\n') + (ended ? '\n' : '')
        const bytes = zipped ? gzipSync(text) : Buffer.from(text)
        const lines = await linesOf(maybeGunzip(cut(bytes, pieces)))
        const expected = text === '' ? [] : text.replace(/\n$/, '').split('\n')
        expect(lines.map((line) => line.text)).toEqual(expected)
        expect(lines.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1))
      }),
    )
  })

  it('that are too long or not UTF-8 are named, and those after them are read', async () => {
    const bytes = Buffer.concat([Buffer.from(`${'x'.repeat(50)}\nok\n`), Buffer.from([0xc3, 0x0a]), Buffer.from('end')])
    expect(await linesOf(cut(bytes, [7, 7, 7]), 20)).toEqual([
      { number: 1, text: undefined, problem: 'longer than 20 bytes' },
      { number: 2, text: 'ok' },
      { number: 3, text: undefined, problem: 'not UTF-8 text' },
      { number: 4, text: 'end' },
    ])
  })

  it('fail as their source fails, within gzip too', async () => {
    async function* failing(bytes: Uint8Array) {
      yield bytes
      throw new Error('unplugged')
    }
    const zipped = gzipSync('a\nb\n').subarray(0, 12)
    await expect(linesOf(maybeGunzip(failing(Buffer.from('a\n'))))).rejects.toThrow('unplugged')
    await expect(linesOf(maybeGunzip(failing(zipped)))).rejects.toThrow('unplugged')
  })

  it('of nothing, or of one byte', async () => {
    expect(await linesOf(maybeGunzip(cut(Buffer.from(''), [])))).toEqual([])
    expect(await linesOf(maybeGunzip(cut(Buffer.from([0x1f]), [])))).toHaveLength(1)
  })
})
