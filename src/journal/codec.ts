import { CollectorError, ERRORS, type ErrorCode } from '../model/error.js'
import type { JournalRecord } from '../model/record.js'

/**
 * A record as bytes: u32 length of what follows, u8 type, fields in the order of the tables below. All numbers little-endian. Times are i64
 * nanoseconds, a connection is a u32, `n` a u48, a text or byte string a u32 length and its bytes, except that the last field of a record has
 * no length: it runs to the record's end. Text is UTF-8. See docs/formats/journal.md.
 */
const TYPES = {
  open: 1,
  close: 2,
  in: 3,
  out: 4,
  rest: 5,
  tick: 6,
  wanted: 7,
  decide: 8,
  state: 9,
  config: 10,
  end: 11,
} as const satisfies Record<JournalRecord['type'], number>

/** Bytes before the fields: length and type. */
const HEAD = 5
const CONNECTION = 4
const COUNTER = 6
const TIME = 8
const LENGTH = 4

/** How many bytes `writeRecord` will take. */
export function recordSize(record: JournalRecord): number {
  switch (record.type) {
    case 'in':
      return HEAD + CONNECTION + COUNTER + 2 * TIME + record.frame.length
    case 'out':
      return HEAD + CONNECTION + TIME + record.frame.length
    case 'tick':
      return HEAD + 2 * TIME
    case 'rest':
      return (
        HEAD +
        CONNECTION +
        COUNTER +
        3 * TIME +
        4 +
        LENGTH +
        utf8(record.purpose) +
        LENGTH +
        utf8(record.url) +
        record.body.length
      )
    case 'close':
      return HEAD + CONNECTION + 2 * TIME + LENGTH + utf8(record.code) + utf8(record.detail)
    case 'open':
    case 'decide':
      return HEAD + CONNECTION + 2 * TIME + utf8(record.body)
    case 'wanted':
      return HEAD + 2 * TIME + utf8(record.body)
    case 'state':
    case 'config':
      return HEAD + TIME + utf8(record.body)
    case 'end':
      return HEAD + TIME
  }
}

/** Writes the record at `offset`; `size` is its `recordSize`. `target` must have room. Returns the offset after it. */
export function writeRecord(target: Buffer, offset: number, record: JournalRecord, size: number): number {
  let at = target.writeUInt32LE(size - 4, offset)
  at = target.writeUInt8(TYPES[record.type], at)
  switch (record.type) {
    case 'in':
      at = target.writeUInt32LE(record.connection, at)
      at = target.writeUIntLE(record.n, at, 6)
      at = target.writeBigInt64LE(record.wall, at)
      at = target.writeBigInt64LE(record.mono, at)
      target.set(record.frame, at)
      break
    case 'out':
      at = target.writeUInt32LE(record.connection, at)
      at = target.writeBigInt64LE(record.wall, at)
      target.set(record.frame, at)
      break
    case 'tick':
      at = target.writeBigInt64LE(record.wall, at)
      target.writeBigInt64LE(record.mono, at)
      break
    case 'rest':
      at = target.writeUInt32LE(record.connection, at)
      at = target.writeUIntLE(record.n, at, 6)
      at = target.writeBigInt64LE(record.asked, at)
      at = target.writeBigInt64LE(record.wall, at)
      at = target.writeBigInt64LE(record.mono, at)
      at = target.writeInt32LE(record.status, at)
      at = writeText(target, at, record.purpose)
      at = writeText(target, at, record.url)
      target.set(record.body, at)
      break
    case 'close':
      at = target.writeUInt32LE(record.connection, at)
      at = target.writeBigInt64LE(record.wall, at)
      at = target.writeBigInt64LE(record.mono, at)
      at = writeText(target, at, record.code)
      target.write(record.detail, at)
      break
    case 'open':
    case 'decide':
      at = target.writeUInt32LE(record.connection, at)
      at = target.writeBigInt64LE(record.wall, at)
      at = target.writeBigInt64LE(record.mono, at)
      target.write(record.body, at)
      break
    case 'wanted':
      at = target.writeBigInt64LE(record.wall, at)
      at = target.writeBigInt64LE(record.mono, at)
      target.write(record.body, at)
      break
    case 'state':
    case 'config':
      at = target.writeBigInt64LE(record.wall, at)
      target.write(record.body, at)
      break
    case 'end':
      target.writeBigInt64LE(record.wall, at)
      break
  }
  return offset + size
}

/** Where the record that starts at `offset` ends. Throws JOURNAL_DAMAGED when it does not fit. */
export function recordEnd(source: Buffer, offset: number): number {
  if (offset + HEAD > source.length) throw damaged('a record is cut short')
  const end = offset + 4 + source.readUInt32LE(offset)
  if (end < offset + HEAD || end > source.length) throw damaged('a record is cut short')
  return end
}

/** Whether the record that starts at `offset` is of this type, without decoding it. */
export function isRecord(source: Buffer, offset: number, type: JournalRecord['type']): boolean {
  return source[offset + 4] === TYPES[type]
}

/** Decodes the record that starts at `offset`. Its byte fields are views of `source`. Throws JOURNAL_DAMAGED. */
export function readRecord(source: Buffer, offset: number): JournalRecord {
  const fields = new Fields(source, offset + HEAD, recordEnd(source, offset))
  const type = source[offset + 4]
  switch (type) {
    case TYPES.in:
      return {
        type: 'in',
        connection: fields.u32(),
        n: fields.u48(),
        wall: fields.time(),
        mono: fields.time(),
        frame: fields.restBytes(),
      }
    case TYPES.out:
      return { type: 'out', connection: fields.u32(), wall: fields.time(), frame: fields.restBytes() }
    case TYPES.tick:
      return { type: 'tick', wall: fields.time(), mono: fields.time() }
    case TYPES.rest: {
      const connection = fields.u32()
      const n = fields.u48()
      const asked = fields.time()
      const wall = fields.time()
      const mono = fields.time()
      const status = fields.i32()
      const purpose = fields.text()
      const url = fields.text()
      return { type: 'rest', connection, n, asked, wall, mono, purpose, url, status, body: fields.restBytes() }
    }
    case TYPES.close: {
      const connection = fields.u32()
      const wall = fields.time()
      const mono = fields.time()
      const code = fields.text()
      if (!isErrorCode(code)) throw damaged(`a connection ended with the unknown code ${JSON.stringify(code)}`)
      return { type: 'close', connection, wall, mono, code, detail: fields.restText() }
    }
    case TYPES.open:
    case TYPES.decide:
      return {
        type: type === TYPES.open ? 'open' : 'decide',
        connection: fields.u32(),
        wall: fields.time(),
        mono: fields.time(),
        body: fields.restText(),
      }
    case TYPES.wanted:
      return { type: 'wanted', wall: fields.time(), mono: fields.time(), body: fields.restText() }
    case TYPES.state:
    case TYPES.config:
      return { type: type === TYPES.state ? 'state' : 'config', wall: fields.time(), body: fields.restText() }
    case TYPES.end:
      return { type: 'end', wall: fields.time() }
    default:
      throw damaged(`a record of the unknown type ${type}`)
  }
}

/** Reads fields one after the other, never past the end of the record. */
class Fields {
  readonly #source: Buffer
  readonly #end: number
  #at: number

  constructor(source: Buffer, at: number, end: number) {
    this.#source = source
    this.#at = at
    this.#end = end
  }

  u32(): number {
    return this.#source.readUInt32LE(this.#take(4))
  }

  i32(): number {
    return this.#source.readInt32LE(this.#take(4))
  }

  u48(): number {
    return this.#source.readUIntLE(this.#take(COUNTER), COUNTER)
  }

  time(): bigint {
    return this.#source.readBigInt64LE(this.#take(TIME))
  }

  text(): string {
    const length = this.u32()
    const from = this.#take(length)
    return this.#source.toString('utf8', from, from + length)
  }

  restBytes(): Uint8Array {
    return this.#source.subarray(this.#at, this.#end)
  }

  restText(): string {
    return this.#source.toString('utf8', this.#at, this.#end)
  }

  #take(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#end) throw damaged('a field is cut short')
    this.#at = at + bytes
    return at
  }
}

function utf8(text: string): number {
  return Buffer.byteLength(text)
}

function writeText(target: Buffer, offset: number, text: string): number {
  const length = target.write(text, offset + LENGTH)
  target.writeUInt32LE(length, offset)
  return offset + LENGTH + length
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

function damaged(what: string): CollectorError {
  return new CollectorError('JOURNAL_DAMAGED', `The journal holds ${what}.`)
}
