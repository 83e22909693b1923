import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Unzip, type UnzipFile, UnzipInflate } from 'fflate'
import { CollectorError } from '../model/error.js'

/** The bytes inside a packed file, as they come. Throws ARCHIVE_DAMAGED where the file is cut short or is no such file, and what `bytes` throws. */
export function unpack(packing: 'zip' | 'gzip', bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return packing === 'zip' ? unzip(bytes) : gunzip(bytes)
}

async function* gunzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzipped = createGunzip()
  let broken: unknown
  // The error of either arrives where `unzipped` is read.
  pipeline(Readable.from(bytes), unzipped, (error) => {
    broken = error
  })
  try {
    for await (const piece of unzipped) if (piece instanceof Uint8Array) yield piece
  } catch (error) {
    const cause = broken ?? error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!code.startsWith('Z_')) throw cause
    const what = code === 'Z_BUF_ERROR' ? 'is cut short' : 'is not gzip, or damaged'
    throw new CollectorError('ARCHIVE_DAMAGED', `the file ${what} (${code})`, { cause })
  }
}

/** A zip that holds one file. Its CRC is not looked at: who fetches it compares the SHA-256 of the whole. */
async function* unzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = []
  let files = 0
  let ended = false
  let broken: unknown
  const zip = new Unzip((file: UnzipFile) => {
    files++
    if (files > 1) return
    file.ondata = (error, piece, final) => {
      if (error) broken = error
      else if (piece.length) pieces.push(piece)
      if (final) ended = true
    }
    file.start()
  })
  zip.register(UnzipInflate)
  const take = (push: () => void): Uint8Array[] => {
    try {
      push()
      if (broken !== undefined) throw broken
    } catch (cause) {
      throw new CollectorError('ARCHIVE_DAMAGED', 'the file is no zip, or damaged', { cause })
    }
    const taken = pieces
    pieces = []
    return taken
  }
  for await (const piece of bytes) yield* take(() => zip.push(piece))
  yield* take(() => zip.push(new Uint8Array(0), true))
  if (files === 0) throw new CollectorError('ARCHIVE_DAMAGED', 'the file is no zip')
  if (files > 1) throw new CollectorError('ARCHIVE_DAMAGED', `the zip holds ${files} files, not one`)
  if (!ended) throw new CollectorError('ARCHIVE_DAMAGED', 'the zip is cut short')
}
