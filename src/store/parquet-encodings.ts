/**
 * Encodings of values in a page of a Parquet file (https://parquet.apache.org/docs/file-format/data-pages/encodings/), straight from typed arrays. Only those that pay for
 * hidden files: each takes one pass.
 */
export type Encoding = keyof typeof ENCODINGS

/** Numbers of the encodings in the format. */
export const ENCODINGS = { plain: 0, rle: 3, delta: 5, deltaText: 7, dictionary: 8 } as const

/** Values that are there; nulls are told beside them. */
export interface Encoded {
  readonly encoding: Encoding
  readonly bytes: Uint8Array
  /** The different values, plainly encoded, which `bytes` are indices of. */
  readonly dictionary?: { readonly bytes: Uint8Array; readonly values: number }
}

const BLOCK = 128
const MINIBLOCK = 32
/** Seven bits of the byte before it, and what a double still holds exactly. */
const WIDEST = 46
const LARGEST = 2 ** WIDEST
/** Bytes of a block and what stands before it. */
const BLOCK_MOST = (BLOCK * WIDEST) / 8 + 16
const TWO_32 = 2 ** 32
const POWERS = Float64Array.from({ length: WIDEST + 8 }, (_, bits) => 2 ** bits)

/** Bytes that grow at their end. */
class Bytes {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity)
  }

  /** Before more than a few bytes are written: there is place for so many. */
  reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    grown.set(this.#bytes)
    this.#bytes = grown
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value
  }

  varint(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest & 127) | 128)
    this.byte(rest)
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  zigzagLong(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; rest >= 128n; rest >>= 7n) this.byte(Number(rest & 127n) | 128)
    this.byte(Number(rest))
  }

  /** Each in `width` bits, the lowest bit first; filled up with zero bits to `count` values. */
  pack(values: Float64Array | Uint32Array, from: number, until: number, width: number, count: number): void {
    if (width === 0) return
    const bytes = this.#bytes
    let at = this.#length
    const end = at + (width * count) / 8
    let held = 0
    let bits = 0
    for (let index = from; index < until; index++) {
      held += (values[index] ?? 0) * (POWERS[bits] ?? 0)
      for (bits += width; bits >= 8; bits -= 8) {
        bytes[at++] = held & 255
        held = Math.floor(held / 256)
      }
    }
    if (bits > 0) bytes[at++] = held & 255
    bytes.fill(0, at, end)
    this.#length = end
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}

function widthOf(value: number): number {
  return value < TWO_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / TWO_32))
}

/** DELTA_BINARY_PACKED; `deltas[i]`: what value `i + 1` is more than value `i`. `undefined` where one of them is too large. */
function packDeltas(first: bigint, deltas: Float64Array, count: number): Uint8Array | undefined {
  const out = new Bytes(BLOCK_MOST * 4)
  out.varint(BLOCK)
  out.varint(BLOCK / MINIBLOCK)
  out.varint(count)
  out.zigzagLong(first)
  const widths = [0, 0, 0, 0]
  for (let from = 0; from < count - 1; from += BLOCK) {
    const until = Math.min(from + BLOCK, count - 1)
    let least = deltas[from] ?? 0
    for (let index = from; index < until; index++) least = Math.min(least, deltas[index] ?? 0)
    for (let mini = 0; mini < widths.length; mini++) {
      let most = 0
      const start = from + mini * MINIBLOCK
      for (let index = start; index < Math.min(start + MINIBLOCK, until); index++) {
        const more = (deltas[index] ?? 0) - least
        deltas[index] = more
        if (more > most) most = more
      }
      if (!(most < LARGEST)) return undefined
      widths[mini] = widthOf(most)
    }
    out.reserve(BLOCK_MOST)
    out.zigzag(least)
    for (const width of widths) out.byte(width)
    for (const [mini, width] of widths.entries()) {
      const start = from + mini * MINIBLOCK
      out.pack(deltas, start, Math.min(start + MINIBLOCK, until), width, MINIBLOCK)
    }
  }
  return out.take()
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Times and counters mostly rise by little: only by how much is written. */
export function encodeInt64(values: BigInt64Array): Encoded {
  const plain: Encoded = { encoding: 'plain', bytes: bytesOf(values) }
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const deltas = new Float64Array(values.length)
  for (let index = 1; index < values.length; index++) {
    const low = ((halves[index * 2] ?? 0) >>> 0) - ((halves[index * 2 - 2] ?? 0) >>> 0)
    const delta = ((halves[index * 2 + 1] ?? 0) - (halves[index * 2 - 1] ?? 0)) * TWO_32 + low
    // Beyond that it may not be exact.
    if (!(Math.abs(delta) < LARGEST)) return plain
    deltas[index - 1] = delta
  }
  const bytes = packDeltas(values[0] ?? 0n, deltas, values.length)
  return bytes && bytes.length < values.byteLength ? { encoding: 'delta', bytes } : plain
}

export function encodeInt32(values: Int32Array): Encoded {
  const bytes = packInt32(values)
  return bytes.length < values.byteLength ? { encoding: 'delta', bytes } : { encoding: 'plain', bytes: bytesOf(values) }
}

function packInt32(values: Int32Array): Uint8Array {
  const deltas = new Float64Array(values.length)
  for (let index = 1; index < values.length; index++)
    deltas[index - 1] = (values[index] ?? 0) - (values[index - 1] ?? 0)
  const bytes = packDeltas(BigInt(values[0] ?? 0), deltas, values.length)
  if (!bytes) throw new Error('differences of 32-bit integers have no more than 33 bits')
  return bytes
}

/** Which rows have a value (1 of 0 and 1), in the form of definition levels: with their length before them. */
export function encodeLevels(rows: number, present: Uint8Array | 'all' | 'none'): Uint8Array {
  const groups = Math.ceil(rows / 8)
  const out = new Bytes(16 + groups)
  if (typeof present === 'string') {
    out.varint(rows * 2)
    out.byte(present === 'all' ? 1 : 0)
  } else {
    out.varint(groups * 2 + 1)
    out.pack(Uint32Array.from(present), 0, rows, 1, groups * 8)
  }
  const bytes = out.take()
  const framed = new Uint8Array(4 + bytes.length)
  new DataView(framed.buffer).setUint32(0, bytes.length, true)
  framed.set(bytes, 4)
  return framed
}

/** Of so many rows it is told whether values repeat themselves. */
const SAMPLE = 1024

/** Numbers of which few are different, as prices of trades are, stand once each. */
export function encodeDoubles(values: Float64Array): Encoded {
  const repeated = numbered(values.subarray(0, SAMPLE)) && numbered(values)
  return repeated ? indexed(repeated.indices, repeated) : { encoding: 'plain', bytes: bytesOf(values) }
}

/** `undefined` where more than half of the values are different. */
function numbered(
  values: Float64Array,
): { readonly indices: Uint32Array; bytes: Uint8Array; values: number } | undefined {
  const { length } = values
  const slots = 2 ** Math.ceil(Math.log2(length + 1))
  const table = new Int32Array(slots)
  const halves = new Int32Array(values.buffer, values.byteOffset, length * 2)
  const indices = new Uint32Array(length)
  const known = new Int32Array(Math.ceil(length / 2) * 2)
  let count = 0
  for (let row = 0; row < length; row++) {
    const low = halves[row * 2] ?? 0
    const high = halves[row * 2 + 1] ?? 0
    let slot = (Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 7) & (slots - 1)
    for (;;) {
      const entry = (table[slot] ?? 0) - 1
      if (entry < 0) {
        if (count * 2 === known.length) return undefined
        known[count * 2] = low
        known[count * 2 + 1] = high
        indices[row] = count
        table[slot] = ++count
        break
      }
      if (known[entry * 2] === low && known[entry * 2 + 1] === high) {
        indices[row] = entry
        break
      }
      slot = (slot + 1) & (slots - 1)
    }
  }
  return { indices, bytes: bytesOf(known.subarray(0, count * 2)), values: count }
}

function indexed(indices: Uint32Array, dictionary: { readonly bytes: Uint8Array; readonly values: number }): Encoded {
  const { length } = indices
  if (dictionary.values === 1) return encodeSame(length, dictionary.bytes)
  const width = widthOf(dictionary.values - 1)
  const groups = Math.ceil(length / 8)
  const out = new Bytes(16 + groups * width)
  out.byte(width)
  out.varint(groups * 2 + 1)
  out.pack(indices, 0, length, width, groups * 8)
  const { bytes, values } = dictionary
  return { encoding: 'dictionary', bytes: out.take(), dictionary: { bytes, values } }
}

/** So many times one value, which is plainly encoded. */
export function encodeSame(count: number, bytes: Uint8Array): Encoded {
  const out = new Bytes(16)
  out.byte(1)
  out.varint(count * 2)
  out.byte(0)
  return { encoding: 'dictionary', bytes: out.take(), dictionary: { bytes, values: 1 } }
}

/** Texts that repeat themselves stand once each; of others, such as ids that rise, only what follows after the beginning that the one before has too. */
export function encodeTexts(values: readonly string[]): Encoded {
  const numbers = new Map<string, number>()
  const indices = new Uint32Array(values.length)
  let row = 0
  for (const text of values) {
    const known = numbers.get(text)
    indices[row++] = known ?? numbers.size
    if (known !== undefined) continue
    numbers.set(text, numbers.size)
    if (row > SAMPLE && numbers.size > row / 2) return sharedBeginnings(values) ?? plainTexts(values)
  }
  return indexed(indices, { bytes: plainTexts([...numbers.keys()]).bytes, values: numbers.size })
}

/** DELTA_BYTE_ARRAY; `undefined` where a text is not of ASCII. */
function sharedBeginnings(values: readonly string[]): Encoded | undefined {
  const shared = new Int32Array(values.length)
  const rest = new Int32Array(values.length)
  let letters = new Uint8Array(values.length * 4)
  let at = 0
  let row = 0
  let before = ''
  for (const text of values) {
    const { length } = text
    const least = Math.min(before.length, length)
    let same = 0
    while (same < least && text.charCodeAt(same) === before.charCodeAt(same)) same++
    if (at + length > letters.length) {
      const grown = new Uint8Array(letters.length * 2 + length)
      grown.set(letters)
      letters = grown
    }
    for (let index = same; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127) return undefined
      letters[at++] = code
    }
    shared[row] = same
    rest[row++] = length - same
    before = text
  }
  return { encoding: 'deltaText', bytes: joined([packInt32(shared), packInt32(rest), letters.subarray(0, at)]) }
}

/** Each with its length before it. */
export function plainTexts(values: readonly string[]): Encoded {
  const texts = values.map((text) => Buffer.from(text, 'utf8'))
  const out = new Uint8Array(texts.reduce((sum, { length }) => sum + 4 + length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const text of texts) {
    view.setUint32(at, text.length, true)
    out.set(text, at + 4)
    at += 4 + text.length
  }
  return { encoding: 'plain', bytes: out }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
