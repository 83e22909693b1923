import type { Kind } from '../model/dataset.js'
import { type OrderKey, orderKeys, quoted } from './canonical.js'

/** Where a page of rows ended: the file, and the values of its last row by which the rows of a file are ordered. */
export interface PagePlace {
  readonly part: number
  /** One for each key of the order, as text; null where there is none. */
  readonly keys: readonly (string | null)[]
}

/** What a query selects to know where it ended. */
export function placeColumns(kind: Kind): string[] {
  return orderKeys(kind).map(
    ({ sql, type }) => `CAST(${type === 'TIMESTAMP_NS' ? `epoch_ns(${sql})` : sql} AS VARCHAR)`,
  )
}

/** Whether these can be the keys of a place: it comes from outside. */
export function arePlaceKeys(kind: Kind, keys: readonly (string | null)[]): boolean {
  const wanted = orderKeys(kind)
  return keys.length === wanted.length && wanted.every((key, at) => fits(key, keys[at]))
}

const FORMS: Readonly<Record<string, RegExp>> = {
  TIMESTAMP_NS: /^-?\d{1,19}$/,
  BIGINT: /^-?\d{1,19}$/,
  HUGEINT: /^-?\d{1,37}$/,
  BOOLEAN: /^(true|false)$/,
  VARCHAR: /^.{0,200}$/s,
}
/** Times and counters have room to both sides. */
const MOST = 2n ** 62n

function fits({ type, nullable }: OrderKey, text: string | null | undefined): boolean {
  if (text === null) return nullable === true
  if (text === undefined || !FORMS[type]?.test(text)) return false
  if (type !== 'TIMESTAMP_NS' && type !== 'BIGINT') return true
  return BigInt(text) < MOST && BigInt(text) > -MOST
}

function literal({ type }: OrderKey, text: string): string {
  if (type === 'TIMESTAMP_NS') return `make_timestamp_ns(${text})`
  return `CAST(${quoted(text)} AS ${type})`
}

/** The condition for rows that stand behind a place in the order of their file. */
export function behind(kind: Kind, keys: readonly (string | null)[]): string {
  const wanted = orderKeys(kind)
  const texts: string[] = []
  let equal = ''
  for (const [at, key] of wanted.entries()) {
    const text = keys[at] ?? null
    // Null is first: behind it is whatever is not.
    texts.push(`${equal}${text === null ? `${key.sql} IS NOT NULL` : `${key.sql} > ${literal(key, text)}`}`)
    equal += text === null ? `${key.sql} IS NULL AND ` : `${key.sql} = ${literal(key, text)} AND `
  }
  return texts.map((text) => `(${text})`).join(' OR ')
}

/** The first key of a place as a bound of `frame`; undefined for kinds that are not in the order of frames. */
export function frameOf(kind: Kind, { keys }: Pick<PagePlace, 'keys'>): string | undefined {
  return orderKeys(kind)[0]?.sql === 'frame' ? (keys[0] ?? undefined) : undefined
}

/** The first key of a place as a bound of time; undefined for kinds in the order of frames, and where the row has no time of that kind. */
export function timeOf(kind: Kind, { keys }: Pick<PagePlace, 'keys'>): bigint | undefined {
  const [first] = keys
  return orderKeys(kind)[0]?.type === 'TIMESTAMP_NS' && first !== null && first !== undefined
    ? BigInt(first)
    : undefined
}
