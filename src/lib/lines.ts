import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A line of the input, from 1. `text` is undefined where it cannot be had; `problem` says why. */
export interface Line {
  readonly number: number
  readonly text: string | undefined
  readonly problem?: string
}

const NEWLINE = 0x0a

/** Undoes gzip where the bytes begin with its mark (RFC 1952), else passes them on. Throws what the source or a damaged gzip throws. */
export async function* maybeGunzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]()
  const begin: Uint8Array[] = []
  let held = 0
  while (held < 2) {
    const next = await source.next()
    if (next.done) break
    begin.push(next.value)
    held += next.value.length
  }
  async function* all() {
    yield* begin
    yield* { [Symbol.asyncIterator]: () => source }
  }
  const head = Buffer.concat(begin)
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* all()
    return
  }
  const unzipped = createGunzip()
  // The error arrives where `unzipped` is read.
  pipeline(Readable.from(all()), unzipped, () => {})
  for await (const piece of unzipped) if (piece instanceof Uint8Array) yield piece
}

/** Cuts bytes into lines of UTF-8 text, a batch per piece read. No more than `mostBytes` of one line are held; a longer one is dropped. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 0
  let parts: Uint8Array[] = []
  let held = 0
  let tooLong = false
  const add = (part: Uint8Array) => {
    held += part.length
    tooLong ||= held > mostBytes
    if (tooLong) parts = []
    else parts.push(part)
  }
  const take = (): Line => {
    number++
    const line = Buffer.concat(parts)
    const problem = tooLong ? `longer than ${mostBytes} bytes` : 'not UTF-8 text'
    parts = []
    held = 0
    if (tooLong) {
      tooLong = false
      return { number, text: undefined, problem }
    }
    try {
      return { number, text: decoder.decode(line).replace(/\r$/, '') }
    } catch {
      return { number, text: undefined, problem }
    }
  }
  for await (const piece of bytes) {
    const lines: Line[] = []
    let at = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, at)) {
      add(piece.subarray(at, end))
      lines.push(take())
      at = end + 1
    }
    if (at < piece.length) add(piece.subarray(at))
    if (lines.length) yield lines
  }
  if (held > 0) yield [take()]
}
