import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ArchivePart } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import { unpack } from './unpack.js'

/** Text of a part: what is in memory at once of a file of any length. */
const PART_CHARS = 1024 * 1024
/** Lines kept from either end of a file. */
const ENDS = 500
/** Lines of dumps are some hundred characters: a longer one is no line of a dump. */
const LONGEST_LINE = 64 * 1024

/** A file of an archive that was fetched, checked and cut into parts. */
export interface StagedFile {
  readonly url: string
  /** Of the file as it was fetched, hexadecimal. */
  readonly sha256: string
  /** Bytes fetched. */
  readonly bytes: number
  readonly parts: number
  /** The first and the last lines; in a short file some are both. */
  readonly ends: Pick<ArchivePart, 'header' | 'lines'>
  /** The lines of part `n`, from 0, gzipped: header and lines, each on a line of its own. */
  part(n: number): Promise<Uint8Array>
  /** Deletes it. */
  remove(): Promise<void>
}

export interface StageOptions {
  readonly url: string
  readonly packing: 'zip' | 'gzip'
  /** Only lines that hold this are kept. */
  readonly mark?: string
}

/**
 * Reads a file as it comes and leaves its lines at `path`, cut into gzipped parts: nothing of it is used before all of it was seen, and its memory
 * does not grow with it. Throws ARCHIVE_DAMAGED, and what `bytes` throws; then nothing is left.
 */
export async function stageFile(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  options: StageOptions,
): Promise<StagedFile> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'w+')
  const remove = async () => {
    await file.close().catch(() => {})
    await rm(path, { force: true })
  }
  try {
    const hash = createHash('sha256')
    let length = 0
    async function* counted() {
      for await (const piece of bytes) {
        hash.update(piece)
        length += piece.length
        yield piece
      }
    }
    const cutter = new Cutter(file, options.mark)
    const decoder = new TextDecoder('utf-8', { fatal: true })
    for await (const piece of unpack(options.packing, counted())) await cutter.add(decode(decoder, piece))
    await cutter.end()
    const { places, header, ends } = cutter
    return {
      url: options.url,
      sha256: hash.digest('hex'),
      bytes: length,
      parts: places.length,
      ends: { header, lines: ends() },
      async part(n) {
        const place = places[n]
        if (!place) throw new CollectorError('INTERNAL', `there is no part ${n} of ${options.url}`)
        const body = new Uint8Array(place.length)
        const { bytesRead } = await file.read(body, 0, place.length, place.at)
        if (bytesRead !== place.length) throw new CollectorError('STORE_FAILED', `${path} was cut short`)
        return body
      },
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, piece: Uint8Array): string {
  try {
    return decoder.decode(piece, { stream: true })
  } catch (cause) {
    throw new CollectorError('ARCHIVE_DAMAGED', 'the file is not UTF-8 text', { cause })
  }
}

/** Cuts text into parts at the ends of lines. */
class Cutter {
  readonly places: { readonly at: number; readonly length: number }[] = []
  header = ''
  private readonly file: FileHandle
  private readonly mark: string | undefined
  private begun = false
  /** A line that has not ended yet. */
  private rest = ''
  /** Whole lines that are in no part yet. */
  private lines = ''
  private first: readonly string[] = []
  /** The last two parts: the last one may be short. */
  private last = ['', '']
  private at = 0

  constructor(file: FileHandle, mark: string | undefined) {
    this.file = file
    this.mark = mark
  }

  async add(piece: string): Promise<void> {
    // No dump has one but before the end of a line.
    const text = this.rest + (piece.includes('\r') ? piece.replaceAll('\r', '') : piece)
    const end = text.lastIndexOf('\n') + 1
    this.rest = text.slice(end)
    if (this.rest.length > LONGEST_LINE) throw new CollectorError('ARCHIVE_DAMAGED', 'the file has no lines')
    this.keep(text.slice(0, end))
    if (this.lines.length >= PART_CHARS) await this.write()
  }

  async end(): Promise<void> {
    if (this.rest !== '') this.keep(`${this.rest}\n`)
    if (!this.begun) throw new CollectorError('ARCHIVE_DAMAGED', 'the file is empty')
    await this.write()
  }

  /** First and last lines. */
  readonly ends = (): string[] => {
    const last = linesOf(this.last.join(''))
    return this.places.length > 1 ? [...this.first, ...last.slice(-ENDS)] : last
  }

  private keep(text: string): void {
    if (text === '') return
    if (!this.begun) {
      this.begun = true
      const end = text.indexOf('\n')
      // Rows begin with a number or a date.
      if (!/^\d/.test(text)) {
        this.header = text.slice(0, end)
        this.keep(text.slice(end + 1))
        return
      }
    }
    const { mark } = this
    if (mark === undefined) this.lines += text
    else for (const line of linesOf(text)) if (line.includes(mark)) this.lines += `${line}\n`
  }

  private async write(): Promise<void> {
    // A file without rows is a part too: that there is nothing is what it says.
    if (this.lines === '' && this.places.length > 0) return
    const body = gzipSync(`${this.header}\n${this.lines.slice(0, -1)}`, { level: 1 })
    for (let written = 0; written < body.length; ) {
      const { bytesWritten } = await this.file.write(body, written, body.length - written, this.at + written)
      written += bytesWritten
    }
    if (this.places.length === 0) this.first = this.lines.split('\n', ENDS)
    this.places.push({ at: this.at, length: body.length })
    this.at += body.length
    this.last = [this.last[1] ?? '', this.lines]
    this.lines = ''
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
