import { type DecimalText, isDecimal } from '../../model/decimal.js'
import type { Level } from '../../model/event.js'
import { type Nanos, nanosFromMs } from '../../model/time.js'

/** What came over the wire is not what the protocol allows. An adapter turns it into a `bad` reading, never lets it out. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** A JSON object of the wire, nothing known of its fields. */
export type Fields = { readonly [name: string]: unknown }

/** The JSON of a frame. Numbers become doubles: use it where the venue writes prices as text, else `readLossless`. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new WireError('not JSON')
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fields(value: unknown, name: string): Fields {
  if (isFields(value)) return value
  throw wrong(name, 'an object', value)
}

export function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(name, 'a list', value)
}

/** Text that is not empty. */
export function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw wrong(name, 'text', value)
}

export function flag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrong(name, 'true or false', value)
}

/** A number as the venue wrote it; any sign. */
export function decimal(value: unknown, name: string): DecimalText {
  if (isDecimal(value)) return value
  throw wrong(name, 'a decimal number as text', value)
}

/** A number as the venue wrote it, zero or more. */
export function unsignedDecimal(value: unknown, name: string): DecimalText {
  if (isDecimal(value) && !value.startsWith('-')) return value
  throw wrong(name, 'a decimal number as text, not negative', value)
}

/** A whole number that a double holds exactly, written as a number or (after `readLossless`) as text. */
export function integer(value: unknown, name: string): number {
  if (Number.isSafeInteger(value)) return Number(value)
  if (typeof value === 'string' && WHOLE.test(value) && Number.isSafeInteger(Number(value))) return Number(value)
  throw wrong(name, 'a whole number', value)
}

/** A whole number of any size, zero or more: ids and sequences. */
export function counter(value: unknown, name: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && WHOLE.test(value) && !value.startsWith('-')) return BigInt(value)
  throw wrong(name, 'a counter', value)
}

/** A time in milliseconds since 1970, as number or text. */
export function milliseconds(value: unknown, name: string): Nanos {
  const nanos = nanosFromMs(value)
  if (nanos === undefined) throw wrong(name, 'a time in milliseconds', value)
  return nanos
}

/** Levels written as `[price, amount]` texts; what stands behind them in a level is left out. */
export function levels(value: unknown, name: string): Level[] {
  const read: Level[] = []
  for (const each of list(value, name)) {
    if (!Array.isArray(each)) throw wrong(name, 'a list of levels', each)
    read.push([unsignedDecimal(each[0], name), unsignedDecimal(each[1], name)])
  }
  return read
}

const WHOLE = /^-?\d{1,40}$/

function wrong(name: string, wanted: string, found: unknown): WireError {
  // Not the inside of lists and objects: they may be of any size and depth.
  const what = Array.isArray(found) ? 'a list' : found === undefined ? 'nothing' : 'an object'
  const shown = typeof found === 'object' && found !== null ? what : (JSON.stringify(found) ?? what)
  return new WireError(`${name} should be ${wanted}, is ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}`)
}
