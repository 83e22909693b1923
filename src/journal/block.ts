import { crc32 } from 'node:zlib'

/** Bytes before the records of a block. A lane leaves them free at the start of its buffer; the journal thread fills them. */
export const BLOCK_HEADER = 64
/** `DJB1`: starts every block. */
const BLOCK_MAGIC = Buffer.from('DJB1')
/** `DCCDJRNL`: starts every file. */
const FILE_MAGIC = Buffer.from('DCCDJRNL')
const FILE_HEADER = 32
const FORMAT = 1
/** The lane of the block that closes a file and holds its summary. No worker ever gets it. */
export const SEAL_LANE = 0xffff_ffff
/** The seal ends with its own length and this, so that it is found from the end of the file. */
const SEAL_MAGIC = Buffer.from('DJND')
const SEAL_TAIL = 8

/** What stands before the records of a block. `offset`, `synced`: bytes from the start of the file. `length`: bytes of the records. */
export interface BlockHeader {
  readonly file: number
  readonly offset: number
  readonly lane: number
  /** Position of the first record. */
  readonly first: number
  readonly count: number
  readonly length: number
  readonly wall: bigint
  readonly mono: bigint
  /** Everything before this offset was on the disk when the block was written. */
  readonly synced: number
}

/** Fills the first `BLOCK_HEADER` bytes of `block`, whose other bytes are the records. `header.length` is taken from it. */
export function sealBlock(block: Buffer, header: Omit<BlockHeader, 'length'>): void {
  BLOCK_MAGIC.copy(block)
  block.writeUInt32LE(header.file, 4)
  block.writeBigUInt64LE(BigInt(header.offset), 8)
  block.writeUInt32LE(header.lane, 16)
  block.writeUInt32LE(header.count, 20)
  block.writeBigUInt64LE(BigInt(header.first), 24)
  block.writeUInt32LE(block.length - BLOCK_HEADER, 32)
  block.writeBigInt64LE(header.wall, 40)
  block.writeBigInt64LE(header.mono, 48)
  block.writeBigUInt64LE(BigInt(header.synced), 56)
  block.writeUInt32LE(checksum(block), 36)
}

/** The header of a block at `offset` of `file`, if these bytes start as one that belongs exactly there. Its checksum is not looked at. */
export function blockHeader(bytes: Buffer, file: number, offset: number): BlockHeader | undefined {
  if (bytes.length < BLOCK_HEADER || !bytes.subarray(0, 4).equals(BLOCK_MAGIC)) return undefined
  if (bytes.readUInt32LE(4) !== file || bytes.readBigUInt64LE(8) !== BigInt(offset)) return undefined
  return {
    file,
    offset,
    lane: bytes.readUInt32LE(16),
    count: bytes.readUInt32LE(20),
    first: Number(bytes.readBigUInt64LE(24)),
    length: bytes.readUInt32LE(32),
    wall: bytes.readBigInt64LE(40),
    mono: bytes.readBigInt64LE(48),
    synced: Number(bytes.readBigUInt64LE(56)),
  }
}

/** Whether the bytes of a whole block are as they were written. */
export function isWhole(block: Buffer): boolean {
  return block.readUInt32LE(36) === checksum(block)
}

/** First place at or after `from` where a block may start; -1 when there is none. */
export function findBlock(bytes: Buffer, from: number): number {
  return bytes.indexOf(BLOCK_MAGIC, from)
}

/** The checksum of a block: all of it but the four bytes that hold it. */
function checksum(block: Buffer): number {
  return crc32(block.subarray(40), crc32(block.subarray(0, 36)))
}

/** The first bytes of a file. `about` is JSON: who wrote it. */
export function fileHeader(number: number, wall: bigint, about: string): Buffer {
  const text = Buffer.from(about)
  const header = Buffer.alloc(FILE_HEADER + text.length)
  FILE_MAGIC.copy(header)
  header.writeUInt32LE(FORMAT, 8)
  header.writeUInt32LE(number, 12)
  header.writeBigInt64LE(wall, 16)
  header.writeUInt32LE(text.length, 24)
  text.copy(header, FILE_HEADER)
  header.writeUInt32LE(headerChecksum(header), 28)
  return header
}

/** Bytes of the file that `readFileHeader` needs at most. */
export const FILE_HEADER_MOST = 4096

/** Where the first block of the file starts; `unreadable` when this is no whole header of that number, `other` when of another format. */
export function readFileHeader(bytes: Buffer, number: number): number | 'unreadable' | 'other' {
  if (bytes.length < FILE_HEADER || !bytes.subarray(0, 8).equals(FILE_MAGIC)) return 'unreadable'
  const end = FILE_HEADER + bytes.readUInt32LE(24)
  if (end > bytes.length || bytes.readUInt32LE(28) !== headerChecksum(bytes.subarray(0, end))) return 'unreadable'
  if (bytes.readUInt32LE(8) !== FORMAT) return 'other'
  return bytes.readUInt32LE(12) === number ? end : 'unreadable'
}

function headerChecksum(header: Buffer): number {
  return crc32(header.subarray(FILE_HEADER), crc32(header.subarray(0, 28)))
}

/** The block that closes a file, its header still empty. `summary` is JSON: what the file holds. */
export function sealBytes(summary: string): Buffer {
  const text = Buffer.from(summary)
  const block = Buffer.alloc(BLOCK_HEADER + text.length + SEAL_TAIL)
  text.copy(block, BLOCK_HEADER)
  block.writeUInt32LE(block.length, block.length - SEAL_TAIL)
  SEAL_MAGIC.copy(block, block.length - 4)
  return block
}

/** Length of the closing block, told by the last bytes of a file; `undefined` when the file was not closed. */
export function sealLength(tail: Buffer): number | undefined {
  if (tail.length < SEAL_TAIL || !tail.subarray(tail.length - 4).equals(SEAL_MAGIC)) return undefined
  return tail.readUInt32LE(tail.length - SEAL_TAIL)
}

/** The summary in a whole closing block. */
export function sealSummary(block: Buffer): string {
  return block.toString('utf8', BLOCK_HEADER, block.length - SEAL_TAIL)
}
