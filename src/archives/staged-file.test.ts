import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { strToU8, Zip, ZipDeflate, zipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type StagedFile, stageFile } from './staged-file.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dccd-archives-'))
})
afterEach(async () => {
  for (const staged of opened.splice(0)) await staged.remove()
  rmSync(folder, { recursive: true, force: true })
})

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** As a program writes it that does not know the length beforehand. */
function streamedZip(files: Readonly<Record<string, string>>): Uint8Array {
  const written: Uint8Array[] = []
  const zip = new Zip((error, piece) => {
    if (error) throw error
    written.push(piece)
  })
  for (const [name, text] of Object.entries(files)) {
    const file = new ZipDeflate(name)
    zip.add(file)
    file.push(strToU8(text), true)
  }
  zip.end()
  return Buffer.concat(written)
}

/** Deflated without making it smaller, so that the content stands in the zip as it is; without lengths in the header. */
function unshrunkZip(text: string): Buffer {
  const [head, end] = [Buffer.alloc(30), Buffer.alloc(22)]
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(8, 6)
  head.writeUInt16LE(8, 8)
  head.writeUInt16LE(5, 26)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 10)
  return Buffer.concat([head, Buffer.from('a.csv'), deflateRawSync(text, { level: 0 }), end])
}

const rows = (count: number) => Array.from({ length: count }, (_, i) => `${i},${(i * 7919) % 1000}.5,BTCUSD,${i % 3}`)
const opened: StagedFile[] = []
const stage = async (bytes: Uint8Array, packing: 'zip' | 'gzip', more: { mark?: string; size?: number } = {}) => {
  const staged = await stageFile(pieces(bytes, more.size ?? 8191), join(folder, 'staged'), {
    url: 'http://host/file',
    packing,
    ...(more.mark === undefined ? {} : { mark: more.mark }),
  })
  opened.push(staged)
  return staged
}

const textOf = (part: Uint8Array) => gunzipSync(part).toString('utf8').split('\n')

describe('a file of an archive, staged', () => {
  it.each([
    ['a zip with lengths before the content', (text: string) => zipSync({ 'a.csv': strToU8(text) }), 'zip'],
    ['a zip with lengths behind the content', (text: string) => streamedZip({ 'a.csv': text }), 'zip'],
    ['gzip', (text: string) => gzipSync(text), 'gzip'],
  ] as const)(
    '%s: its parts are its lines, each below the header, in order and none lost at a border',
    async (_, pack, packing) => {
      const lines = rows(120_000)
      const staged = await stage(pack(`id,price,symbol,side\r\n${lines.join('\r\n')}\r\n`), packing)
      expect(staged.parts).toBeGreaterThan(2)
      const all: string[] = []
      for (let part = 0; part < staged.parts; part++) {
        const [header, ...own] = textOf(await staged.part(part))
        expect(header).toBe('id,price,symbol,side')
        all.push(...own)
      }
      expect(all).toEqual(lines)
      expect(staged.ends.header).toBe('id,price,symbol,side')
      expect([staged.ends.lines[0], staged.ends.lines.at(-1)]).toEqual([lines[0], lines.at(-1)])
      await staged.remove()
      expect(readdirSync(folder)).toEqual([])
    },
  )

  it('a file without a header loses no first row, and one without an end of its last line not that', async () => {
    const staged = await stage(zipSync({ 'a.csv': strToU8('7,1.5\n8,2.5') }), 'zip')
    expect(textOf(await staged.part(0))).toEqual(['', '7,1.5', '8,2.5'])
  })

  it('of a file of several instruments only the lines of one are kept', async () => {
    const text = ['t,symbol', '1,XBTUSD', '2,ETHUSD', '3,XBTUSD'].join('\n')
    const staged = await stage(gzipSync(text), 'gzip', { mark: ',XBTUSD' })
    expect(textOf(await staged.part(0))).toEqual(['t,symbol', '1,XBTUSD', '3,XBTUSD'])
  })

  const zip = zipSync({ 'a.csv': strToU8(rows(20_000).join('\n')) })
  const gz = gzipSync(rows(20_000).join('\n'))
  const flipped = Uint8Array.from(gz)
  flipped[gz.length - 6] = (flipped[gz.length - 6] ?? 0) ^ 0xff
  it.each([
    ['a zip cut short', zip.subarray(0, zip.length >> 1), 'zip'],
    ['a zip cut within its last block', zip.subarray(0, zip.length - 200), 'zip'],
    ['gzip cut short', gz.subarray(0, gz.length >> 1), 'gzip'],
    ['gzip cut before its checksum', gz.subarray(0, gz.length - 4), 'gzip'],
    ['gzip with another checksum', flipped, 'gzip'],
    ['a page instead of a zip', strToU8('<html><body>Busy</body></html>'), 'zip'],
    ['a page instead of gzip', strToU8('<html><body>Busy</body></html>'), 'gzip'],
    ['nothing', new Uint8Array(0), 'zip'],
    ['an empty file in a zip', zipSync({ 'a.csv': new Uint8Array(0) }), 'zip'],
    ['a zip that is not packed', zipSync({ a: strToU8('1,2') }, { level: 0 }), 'zip'],
    ['two files in a zip', streamedZip({ a: '1,2', b: '3,4' }), 'zip'],
    ['no text', zipSync({ a: Uint8Array.from([0x31, 0xff, 0xfe, 0x0a]) }), 'zip'],
    ['a line without an end', gzipSync('1'.repeat(200_000)), 'gzip'],
  ] as const)('%s is refused, and leaves nothing', async (_, bytes, packing) => {
    await expect(stage(bytes, packing)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('what stands in the packed bytes like the mark of another file is no end of this one', async () => {
    const text = '1,PK\u0003\u0004,PK\u0007\u0008,PK\u0001\u0002,PK\u0005\u0006\n2,3\n'
    const zipped = unshrunkZip(text)
    expect(zipped.includes('PK\u0007\u0008')).toBe(true)
    const staged = await stage(zipped, 'zip', { size: 100 })
    expect(textOf(await staged.part(0)).slice(1)).toEqual(text.trimEnd().split('\n'))
  })

  it('a zip in pieces of any size is the same', async () => {
    const zipped = streamedZip({ 'a.csv': rows(500).join('\n') })
    for (const size of [1, 2, 21, 22, 23, 29, 31, 1000]) {
      const staged = await stage(zipped, 'zip', { size })
      expect(textOf(await staged.part(0)).slice(1)).toEqual(rows(500))
      await staged.remove()
    }
  })

  it('what breaks the transfer is told as it is, so that it is tried again', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield gz.subarray(0, 1000)
      throw new Error('the line broke')
    }
    const options = { url: 'http://host/file', packing: 'gzip' } as const
    await expect(stageFile(broken(), join(folder, 'staged'), options)).rejects.toThrow('the line broke')
    expect(readdirSync(folder)).toEqual([])
  })
})
