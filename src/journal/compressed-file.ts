import { constants, crc32, deflateRaw, inflateRaw } from 'node:zlib'
import type { FileLayer, LayerFile } from './file-layer.js'

/**
 * A compressed journal file is a gzip file of many members, one for each megabyte of the original, so that any place of it can be read without what
 * comes before. Each member tells its own length in an extra field (RFC 1952 §2.3.1.1, subfield `DJ`), so that the places are found without
 * inflating. `gzip -d` gives the original back.
 */
const CHUNK = 1024 * 1024
const LEVEL = 3
const HEADER = 20
const TRAILER = 8

/** Writes the compressed form of `from` beside it, complete and synced or absent. Returns its size. */
export async function compressFile(files: FileLayer, from: string, to: string): Promise<number> {
  const staged = `${to}.new`
  await files.unlink(staged).catch(() => {}) // left by a crash, or not there
  const source = await files.open(from)
  try {
    const target = await files.create(staged)
    let offset = 0
    try {
      const size = await source.size()
      for (let at = 0; at < size; at += CHUNK) {
        const member = await memberOf(await readWhole(source, at, Math.min(CHUNK, size - at)))
        await writeWhole(target, member, offset)
        offset += member.length
      }
      await target.datasync()
    } finally {
      await target.close()
    }
    await expectEqual(files, source, staged)
    await files.rename(staged, to)
    return offset
  } catch (error) {
    await files.unlink(staged).catch(() => {})
    throw error
  } finally {
    await source.close()
  }
}

/** What is to take the place of a file is read back and compared before the file may go. */
async function expectEqual(files: FileLayer, source: LayerFile, path: string): Promise<void> {
  const copy = await openCompressed(files, path)
  try {
    const size = await source.size()
    let equal = (await copy.size()) === size
    for (let at = 0; equal && at < size; at += CHUNK) {
      const length = Math.min(CHUNK, size - at)
      equal = (await readWhole(source, at, length)).equals(await readWhole(copy, at, length))
    }
    if (!equal) throw new Error(`${path} does not hold what it was made from`)
  } finally {
    await copy.close()
  }
}

async function memberOf(bytes: Buffer): Promise<Buffer> {
  const packed = await new Promise<Buffer>((resolve, reject) =>
    deflateRaw(bytes, { level: LEVEL, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY }, (error, result) =>
      error ? reject(error) : resolve(result),
    ),
  )
  const member = Buffer.alloc(HEADER + packed.length + TRAILER)
  // Magic, deflate, FEXTRA; no time, no system: equal input gives equal bytes. Then XLEN 8, `DJ`, 4 bytes: length of the member.
  member.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x44, 0x4a, 4, 0])
  member.writeUInt32LE(member.length, 16)
  packed.copy(member, HEADER)
  member.writeUInt32LE(crc32(bytes), HEADER + packed.length)
  member.writeUInt32LE(bytes.length, HEADER + packed.length + 4)
  return member
}

interface Member {
  /** Place in the original, and in the compressed file. */
  readonly at: number
  readonly bytes: number
  readonly offset: number
  readonly length: number
}

/** Opens a compressed journal file so that it reads like its original. What of it is damaged reads as zeros, which no block survives. */
export async function openCompressed(files: FileLayer, path: string): Promise<LayerFile> {
  const file = await files.open(path)
  try {
    return new CompressedFile(file, await membersOf(file))
  } catch (error) {
    await file.close()
    throw error
  }
}

async function membersOf(file: LayerFile): Promise<Member[]> {
  const members: Member[] = []
  const size = await file.size()
  let at = 0
  for (let offset = 0; offset + HEADER + TRAILER <= size; ) {
    const header = await readWhole(file, offset, HEADER)
    const length = header.readUInt32LE(16)
    const ours = header.readUInt16BE(0) === 0x1f8b && header.readUInt16BE(12) === 0x444a
    if (!ours || length < HEADER + TRAILER || offset + length > size) break
    const bytes = (await readWhole(file, offset + length - 4, 4)).readUInt32LE(0)
    if (bytes > CHUNK) break
    members.push({ at, bytes, offset, length })
    at += bytes
    offset += length
  }
  return members
}

class CompressedFile implements LayerFile {
  readonly #file: LayerFile
  readonly #members: readonly Member[]
  #inflated: { readonly member: Member; readonly bytes: Buffer } | undefined

  constructor(file: LayerFile, members: readonly Member[]) {
    this.#file = file
    this.#members = members
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const member = this.#members[Math.floor(position / CHUNK)]
    if (!member) return 0
    if (this.#inflated?.member !== member) this.#inflated = { member, bytes: await this.#inflate(member) }
    const part = this.#inflated.bytes.subarray(position - member.at, position - member.at + target.length)
    target.set(part)
    return part.length
  }

  async #inflate({ offset, length, bytes }: Member): Promise<Buffer> {
    const member = await readWhole(this.#file, offset, length)
    const packed = member.subarray(HEADER, length - TRAILER)
    const inflated = await new Promise<Buffer>((resolve) =>
      inflateRaw(packed, { maxOutputLength: CHUNK }, (error, result) => resolve(error ? Buffer.alloc(0) : result)),
    )
    const good = inflated.length === bytes && crc32(inflated) === member.readUInt32LE(length - TRAILER)
    return good ? inflated : Buffer.alloc(bytes)
  }

  async size(): Promise<number> {
    const last = this.#members.at(-1)
    return last ? last.at + last.bytes : 0
  }

  async write(): Promise<number> {
    throw new Error('a compressed journal file is never written to')
  }

  async datasync(): Promise<void> {}

  close(): Promise<void> {
    return this.#file.close()
  }
}

async function readWhole(file: LayerFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  for (let held = 0; held < length; ) {
    const more = await file.read(bytes.subarray(held), position + held)
    if (more <= 0) throw new Error('the file is shorter than it was')
    held += more
  }
  return bytes
}

async function writeWhole(file: LayerFile, bytes: Buffer, position: number): Promise<void> {
  for (let taken = 0; taken < bytes.length; ) {
    const more = await file.write(bytes.subarray(taken), position + taken)
    if (more <= 0) throw new Error('the disk took no byte of a write')
    taken += more
  }
}
