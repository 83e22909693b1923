import { readJson } from './wire.js'

/** A text that does not end takes all that is left, so that nothing in it is quoted into a whole one. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const QUOTE = '"'
/** No escape, and no character that JSON allows at most between tokens. */
const PLAIN = /^[ -[\]-\uffff]*$/
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * The JSON of a frame with every number as the text that stood on the wire: `[1.10, "x"]` becomes `['1.10', 'x']`.
 * A number can then not be told from text of the same spelling. Throws a WireError when it is not JSON.
 */
export function readLossless(frame: string): unknown {
  // Frames are nearly always plain; whatever is not, or is no JSON at all, is left to the thorough way.
  if (PLAIN.test(frame)) {
    const plain = new PlainReader(frame).whole()
    if (plain !== UNREAD) return plain
  }
  return readJson(frame.replace(STRING_OR_NUMBER, (token) => (token.startsWith(QUOTE) ? token : QUOTE + token + QUOTE)))
}

/** Not plain JSON after all. */
const UNREAD = Symbol('unread')
/** Frames are flat; deeper ones are left to the thorough way, which needs no stack. */
const DEEPEST = 50

const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

/** Reads JSON without escapes about as fast as `JSON.parse`. */
class PlainReader {
  private readonly frame: string
  private at = 0

  constructor(frame: string) {
    this.frame = frame
  }

  whole(): unknown {
    const value = this.value(0)
    return this.next() === undefined ? value : UNREAD
  }

  /** The code of the next character that is no space; undefined at the end. */
  private next(): number | undefined {
    while (this.frame.charCodeAt(this.at) === SPACE) this.at++
    return this.at < this.frame.length ? this.frame.charCodeAt(this.at) : undefined
  }

  private value(depth: number): unknown {
    const code = this.next()
    if (code === undefined || depth > DEEPEST) return UNREAD
    if (code === DOUBLE_QUOTE) return this.text()
    if (code === OPEN_LIST) return this.list(depth)
    if (code === OPEN_OBJECT) return this.object(depth)
    return this.number() ?? this.word()
  }

  private text(): string | typeof UNREAD {
    const end = this.frame.indexOf(QUOTE, this.at + 1)
    if (end < 0) return UNREAD
    const text = this.frame.slice(this.at + 1, end)
    this.at = end + 1
    return text
  }

  private number(): string | undefined {
    NUMBER.lastIndex = this.at
    if (!NUMBER.test(this.frame)) return undefined
    const text = this.frame.slice(this.at, NUMBER.lastIndex)
    this.at = NUMBER.lastIndex
    return text
  }

  private word(): unknown {
    for (const [word, value] of WORDS) {
      if (!this.frame.startsWith(word, this.at)) continue
      this.at += word.length
      return value
    }
    return UNREAD
  }

  private list(depth: number): unknown {
    const items: unknown[] = []
    this.at++
    if (this.next() === CLOSE_LIST) {
      this.at++
      return items
    }
    for (;;) {
      const item = this.value(depth + 1)
      if (item === UNREAD) return UNREAD
      items.push(item)
      const code = this.next()
      this.at++
      if (code === CLOSE_LIST) return items
      if (code !== COMMA) return UNREAD
    }
  }

  private object(depth: number): unknown {
    const object: Record<string, unknown> = {}
    this.at++
    if (this.next() === CLOSE_OBJECT) {
      this.at++
      return object
    }
    for (;;) {
      if (this.next() !== DOUBLE_QUOTE) return UNREAD
      const name = this.text()
      // Assigning this name would set the prototype.
      if (name === UNREAD || name === '__proto__' || this.next() !== COLON) return UNREAD
      this.at++
      const value = this.value(depth + 1)
      if (value === UNREAD) return UNREAD
      object[name] = value
      const code = this.next()
      this.at++
      if (code === CLOSE_OBJECT) return object
      if (code !== COMMA) return UNREAD
    }
  }
}
