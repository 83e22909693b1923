import type { Nanos } from '../model/time.js'
import {
  BLOCK_HEADER,
  type BlockHeader,
  blockHeader,
  FILE_HEADER_MOST,
  findBlock,
  isWhole,
  readFileHeader,
  SEAL_LANE,
  sealLength,
  sealSummary,
} from './block.js'
import type { LayerFile } from './file-layer.js'
import { type FileSummary, parseSummary } from './file-summary.js'
import { BLOCK_MOST } from './lane-writer.js'

const WINDOW = 1024 * 1024

/** A block with its records; `records` is a view that stays valid. */
export interface Block {
  readonly header: BlockHeader
  readonly records: Buffer
}

/** Bytes that were safe and can no longer be read. */
export interface DamagedBytes {
  readonly file: number
  readonly offset: number
  readonly bytes: number
}

/** What a reading of a file came to. `end`: where its good part ends. `other`: written in another format. */
export interface FileEnd {
  readonly end: number
  readonly until: Nanos
  readonly form: 'journal' | 'foreign' | 'other'
}

/**
 * Reads the blocks of one journal file in order, holding one block or one megabyte at a time. A bad block is damage when any good block of the
 * file says that its place had been synced; otherwise the file was torn there and ends.
 */
export class BlockReader {
  readonly #file: LayerFile
  readonly #number: number
  readonly #size: number
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0
  /** Highest *synced up to* of the blocks read so far; of the whole file once `#lookedAhead`. */
  #synced = 0
  #lookedAhead = false

  private constructor(file: LayerFile, number: number, size: number) {
    this.#file = file
    this.#number = number
    this.#size = size
  }

  static async of(file: LayerFile, number: number): Promise<BlockReader> {
    return new BlockReader(file, number, await file.size())
  }

  get size(): number {
    return this.#size
  }

  /** The summary in the closing block, if the file was closed in order. */
  async summary(): Promise<FileSummary | undefined> {
    const length = sealLength(await this.#bytes(Math.max(0, this.#size - 8), 8))
    if (length === undefined || length < BLOCK_HEADER + 8 || length > this.#size) return undefined
    const seal = await this.#blockAt(this.#size - length)
    if (seal?.header.lane !== SEAL_LANE || seal.bytes.length !== length) return undefined
    return parseSummary(sealSummary(seal.bytes), this.#number, this.#size)
  }

  /** All good blocks, in order; returns how the file ends. */
  async *blocks(onDamage: (damage: DamagedBytes) => void): AsyncGenerator<Block, FileEnd> {
    const header = readFileHeader(await this.#bytes(0, FILE_HEADER_MOST), this.#number)
    if (header === 'other') return { end: 0, until: 0n, form: 'other' }
    let until = 0n
    let offset = header === 'unreadable' ? 0 : header
    let good = header !== 'unreadable'
    while (offset < this.#size) {
      const block = await this.#blockAt(offset)
      if (block) {
        good = true
        this.#synced = Math.max(this.#synced, block.header.synced)
        offset += block.bytes.length
        if (block.header.lane === SEAL_LANE) continue
        until = block.header.wall
        yield { header: block.header, records: block.bytes.subarray(BLOCK_HEADER) }
        continue
      }
      await this.#lookAhead(offset + 1)
      if (this.#synced <= offset) break
      const next = (await this.#nextBlock(offset + 1)) ?? this.#size
      good = true
      onDamage({ file: this.#number, offset, bytes: Math.min(next, this.#synced) - offset })
      offset = next
    }
    return { end: offset, until, form: good || this.#size === 0 ? 'journal' : 'foreign' }
  }

  /** The whole block that starts here, with its header; `undefined` when there is none. */
  async #blockAt(offset: number): Promise<{ readonly header: BlockHeader; readonly bytes: Buffer } | undefined> {
    const header = blockHeader(await this.#bytes(offset, BLOCK_HEADER), this.#number, offset)
    if (!header) return undefined
    const length = BLOCK_HEADER + header.length
    if (length > BLOCK_MOST || offset + length > this.#size) return undefined
    const bytes = await this.#bytes(offset, length)
    return bytes.length === length && isWhole(bytes) ? { header, bytes } : undefined
  }

  /** Where the next good block at or after `from` starts. */
  async #nextBlock(from: number): Promise<number | undefined> {
    let at = from
    while (at + BLOCK_HEADER <= this.#size) {
      const bytes = await this.#bytes(at, WINDOW)
      for (let found = findBlock(bytes, 0); found >= 0; found = findBlock(bytes, found + 1))
        if (await this.#blockAt(at + found)) return at + found
      at += Math.max(1, bytes.length - 3) // the magic may straddle two windows
    }
    return undefined
  }

  /** Finds the highest *synced up to* that the blocks after a bad one tell. */
  async #lookAhead(from: number): Promise<void> {
    if (this.#lookedAhead) return
    this.#lookedAhead = true
    let at = await this.#nextBlock(from)
    while (at !== undefined) {
      const block = await this.#blockAt(at)
      if (!block) return
      this.#synced = Math.max(this.#synced, block.header.synced)
      at = await this.#nextBlock(at + block.bytes.length)
    }
  }

  /** Up to `length` bytes from `offset`: fewer only at the end of the file. */
  async #bytes(offset: number, length: number): Promise<Buffer> {
    const skip = offset - this.#windowAt
    if (skip < 0 || skip + length > this.#window.length) {
      const wanted = Math.max(0, Math.min(Math.max(length, WINDOW), this.#size - offset))
      const fresh = Buffer.from(new ArrayBuffer(wanted))
      let held = 0
      while (held < wanted) {
        const more = await this.#file.read(fresh.subarray(held), offset + held)
        if (more <= 0) break
        held += more
      }
      this.#window = fresh.subarray(0, held)
      this.#windowAt = offset
      return this.#window.subarray(0, length)
    }
    return this.#window.subarray(skip, skip + length)
  }
}
