import type { Shape } from '../../model/shape.js'

/** A text, number, flag or null, of which no more is documented. */
export const VALUE: Shape = { is: 'value' }

/** Whatever it is: it is not looked at. */
export const ANYTHING: Shape = { is: 'anything' }

/** One of these words. */
export function oneOf(...words: string[]): Shape {
  return { is: 'word', words: new Set(words) }
}

/** An object: `names`, apart by white space, of plain values, and the fields of which more is known. */
export function object(names: string, more: Readonly<Record<string, Shape>> = {}): Shape {
  const plain = names.split(/\s+/).filter(Boolean)
  return { is: 'object', fields: new Map([...plain.map((name) => [name, VALUE] as const), ...Object.entries(more)]) }
}

/** A list of items that are alike. */
export function listOf(item: Shape): Shape {
  return { is: 'list', item }
}

/** A list whose places mean something each: so many plain values, or what is given. It may be shorter. */
export function places(...each: readonly (Shape | number)[]): Shape {
  return { is: 'places', each: each.flatMap((one) => (typeof one === 'number' ? Array(one).fill(VALUE) : [one])) }
}

/** One of several forms. */
export function either(...forms: Shape[]): Shape {
  return { is: 'either', forms }
}

/** A side of a book: `[price, amount]` and so many places more. */
export function levelList(more = 0): Shape {
  return listOf(places(2 + more))
}
