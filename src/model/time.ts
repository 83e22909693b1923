/** UTC nanoseconds since 1970-01-01. */
export type Nanos = bigint

const MS = 1_000_000n
export const SECOND: Nanos = 1_000_000_000n
export const DAY: Nanos = 86_400n * SECOND

/** Milliseconds as the venue wrote them (an integer) to nanoseconds. `undefined` when it is not a whole, non-negative number. */
export function nanosFromMs(ms: unknown): Nanos | undefined {
  if (typeof ms === 'number') return Number.isSafeInteger(ms) && ms >= 0 ? BigInt(ms) * MS : undefined
  if (typeof ms === 'string' && /^\d{1,16}$/.test(ms)) return BigInt(ms) * MS
  return undefined
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?(Z|[+-]\d\d:?\d\d)?)?$/

/** RFC 3339 text, any number of fraction digits (those past nanoseconds are cut), to nanoseconds. A text without a zone is UTC. */
export function nanosFromIso(text: unknown): Nanos | undefined {
  if (typeof text !== 'string') return undefined
  const match = ISO.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  if (Number.isNaN(ms)) return undefined
  return BigInt(ms) * MS + BigInt(fraction.padEnd(9, '0'))
}

/** Nanoseconds as ISO text with nine fraction digits: `2026-11-23T10:05:00.123456789Z`. */
export function isoFromNanos(time: Nanos): string {
  const fraction = ((time % SECOND) + SECOND) % SECOND
  const seconds = (time - fraction) / SECOND
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`
}

/** Days since 1970-01-01 (UTC) of an instant. */
export function dayOf(time: Nanos): number {
  // Whole milliseconds are exact as a double.
  if (time >= 0n) return Math.floor(Number(time / MS) / 86_400_000)
  return Number((time - (((time % DAY) + DAY) % DAY)) / DAY)
}

/** `YYYY-MM-DD` of a day number. */
export function dateOfDay(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
