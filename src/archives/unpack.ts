import { createGunzip, createInflateRaw, type Gunzip, type InflateRaw } from 'node:zlib'
import { CollectorError } from '../model/error.js'

/** The bytes inside a packed file, as they come. Throws ARCHIVE_DAMAGED where the file is cut short or is no such file, and what `bytes` throws. */
export function unpack(packing: 'zip' | 'gzip', bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return packing === 'zip' ? unzip(bytes) : through(bytes, createGunzip())
}

/** What zlib makes of bytes. They are read to their end, also where its stream ends before them. */
async function* through(bytes: AsyncIterable<Uint8Array>, zlib: Gunzip | InflateRaw): AsyncGenerator<Uint8Array> {
  let over = false
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true
      resolve()
    }
    zlib.once('end', end).once('close', end)
  })
  const feed = async () => {
    for await (const piece of bytes) {
      if (zlib.destroyed && !zlib.readableEnded) return
      if (!over && !zlib.write(piece))
        await Promise.race([new Promise((resolve) => zlib.once('drain', resolve)), ended])
    }
    if (!over) zlib.end()
  }
  let broken: unknown
  const fed = feed().catch((error: unknown) => {
    broken = error
    zlib.destroy()
  })
  try {
    for await (const piece of zlib) if (piece instanceof Uint8Array) yield piece
  } catch (error) {
    await fed
    const cause = broken ?? error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!code.startsWith('Z_')) throw cause
    const what = code === 'Z_BUF_ERROR' ? 'is cut short' : 'is damaged, or packed in another way'
    throw new CollectorError('ARCHIVE_DAMAGED', `the file ${what} (${code})`, { cause })
  }
  await fed
  if (broken !== undefined) throw broken
}

/** PKWARE's APPNOTE.TXT: 4.3.7 local file header, 4.3.16 end of central directory record. */
const HEADER = { signature: 0x04034b50, bytes: 30, flags: 6, method: 8, name: 26, extra: 28 }
const END = { signature: 0x06054b50, bytes: 22, entries: 10 }
const ENCRYPTED = 1
const DEFLATED = 8

/**
 * The one file in a zip. Deflate tells itself where it ends, so that the lengths in the zip are not needed: programs that write as they go leave them out.
 * Its CRC is not looked at: who fetches it compares the SHA-256 of the whole.
 */
async function* unzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]()
  try {
    yield* unzipped(source)
  } finally {
    await source.return?.()
  }
}

async function* unzipped(source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0)
  let content: number | undefined
  while (content === undefined) {
    const next = await source.next()
    if (next.done) throw damaged('the file is no zip')
    head = Buffer.concat([head, next.value])
    content = contentAt(head)
  }
  const start = content
  let tail = head
  async function* packed() {
    yield head.subarray(start)
    for await (const piece of { [Symbol.asyncIterator]: () => source }) {
      tail = piece.length >= END.bytes ? Buffer.from(piece) : Buffer.concat([tail.subarray(-END.bytes), piece])
      yield piece
    }
  }
  yield* through(packed(), createInflateRaw())
  const end = tail.length - END.bytes
  if (end < 0 || tail.readUInt32LE(end) !== END.signature) throw damaged('the zip is cut short')
  const files = tail.readUInt16LE(end + END.entries)
  if (files !== 1) throw damaged(`the zip holds ${files} files, not one`)
}

/** Where the content of the first file begins; `undefined` while its header is not whole. */
function contentAt(head: Buffer): number | undefined {
  if (head.length < HEADER.bytes) return undefined
  if (head.readUInt32LE(0) !== HEADER.signature) throw damaged('the file is no zip')
  const [flags, method] = [head.readUInt16LE(HEADER.flags), head.readUInt16LE(HEADER.method)]
  if (method !== DEFLATED || flags & ENCRYPTED) throw damaged(`the zip is packed by method ${method}, or encrypted`)
  const content = HEADER.bytes + head.readUInt16LE(HEADER.name) + head.readUInt16LE(HEADER.extra)
  return head.length >= content ? content : undefined
}

function damaged(message: string): CollectorError {
  return new CollectorError('ARCHIVE_DAMAGED', message)
}
