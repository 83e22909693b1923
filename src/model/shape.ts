import type { Channel } from './dataset.js'
import type { Nanos } from './time.js'

/**
 * What an exchange documents of a part of a message: a plain value, one of some words, an object by its fields, a list of alike items, a list by its
 * places, or one of several forms. null stands for any of them.
 */
export type Shape =
  | { readonly is: 'value' }
  | { readonly is: 'anything' }
  | { readonly is: 'word'; readonly words: ReadonlySet<string> }
  | { readonly is: 'object'; readonly fields: ReadonlyMap<string, Shape> }
  | { readonly is: 'list'; readonly item: Shape }
  | { readonly is: 'places'; readonly each: readonly Shape[] }
  | { readonly is: 'either'; readonly forms: readonly Shape[] }

/** Something in a message that is not documented: a field, a word, or a value of another type. */
export interface Strange {
  readonly what: 'field' | 'word' | 'type'
  /** Where: `data[].side`, and for words what it was: `data[].side = "short"`. */
  readonly name: string
}

/** Items of a list that are looked at. */
const ITEMS = 50
/** More of one message says no more. */
const MOST = 20
const LONGEST = 80

/** What in parsed JSON is not as documented; nothing twice. */
export function strangeIn(value: unknown, shape: Shape): readonly Strange[] {
  return [...new Map(look(value, shape, '').map((each) => [`${each.what} ${each.name}`, each])).values()].slice(0, MOST)
}

function look(value: unknown, shape: Shape, at: string): Strange[] {
  if (value === null || shape.is === 'anything') return []
  switch (shape.is) {
    case 'value':
      return typeof value === 'object' ? [strange('type', at)] : []
    case 'word':
      if (typeof value === 'object') return [strange('type', at)]
      return shape.words.has(String(value)) ? [] : [strange('word', `${at} = ${JSON.stringify(value)}`)]
    case 'object': {
      if (typeof value !== 'object' || Array.isArray(value)) return [strange('type', at)]
      return Object.entries(value).flatMap(([name, inner]) => {
        const path = at === '' ? name : `${at}.${name}`
        const known = shape.fields.get(name)
        return known ? look(inner, known, path) : [strange('field', path)]
      })
    }
    case 'list':
      if (!Array.isArray(value)) return [strange('type', at)]
      return value.slice(0, ITEMS).flatMap((item) => look(item, shape.item, `${at}[]`))
    case 'places':
      if (!Array.isArray(value)) return [strange('type', at)]
      return value.slice(0, ITEMS).flatMap((item, place) => {
        const known = shape.each[place]
        return known ? look(item, known, `${at}[${place}]`) : [strange('field', `${at}[${place}]`)]
      })
    default:
      // The form that explains it best.
      return shape.forms.map((form) => look(value, form, at)).sort((a, b) => a.length - b.length)[0] ?? []
  }
}

function strange(what: Strange['what'], name: string): Strange {
  return { what, name: name.slice(0, LONGEST) }
}

/**
 * A way in which an exchange's messages are not as documented: something strange in them, a `message` that could not be read, or a `rule` that proves no
 * more.
 */
export interface Drift {
  readonly exchange: string
  /** null where it could not be told. */
  readonly channel: Channel | null
  readonly what: Strange['what'] | 'message' | 'rule'
  readonly name: string
  /** Messages that showed it, of those that were looked at. */
  readonly count: number
  /** UTC. */
  readonly first: Nanos
  readonly last: Nanos
  /** The first message that showed it, in the journal (`frameNumber`). */
  readonly frame: bigint | null
}
