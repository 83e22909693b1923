/** As much of a JSON schema as completion reads. */
export interface TextSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  /** Words that are common where others are allowed too. */
  readonly known?: readonly string[]
  readonly properties?: Readonly<Record<string, TextSchema>>
  readonly additionalProperties?: boolean | TextSchema
  readonly items?: TextSchema
  readonly anyOf?: readonly TextSchema[]
}

/** Something that can be written at a place of a text. */
export interface Offer {
  readonly label: string
  readonly detail: string
  readonly info: string
  /** What is written for it. */
  readonly text: string
}

export interface Offers {
  /** Where what was typed of it begins. */
  readonly from: number
  readonly key: boolean
  readonly offers: readonly Offer[]
}

/** What a line says: where its first dash or key stands, the dashes of list items before it, its key and what stands behind. */
interface Line {
  readonly start: number
  readonly dashes: readonly number[]
  /** Column of what stands after the dashes. */
  readonly column: number
  readonly key: string | undefined
  readonly rest: string
}

const ITEM = '[]'

/** What can stand at an offset of a YAML text: the keys of the mapping around it that it has not yet, or the values of its key. By indentation, since a text that is being typed is seldom whole. */
export function offersAt(schema: TextSchema, text: string, offset: number): Offers | undefined {
  const before = text.slice(0, offset)
  const lines = text.split('\n')
  const number = before.split('\n').length - 1
  const lineStart = before.lastIndexOf('\n') + 1
  const typed = before.slice(lineStart)
  if (/(^|\s)#/.test(typed)) return undefined
  const line = lineOf(typed)
  const path = pathTo(lines.slice(0, number), line)
  if (line.key === undefined) {
    const from = lineStart + line.column
    const around = schemaAt(schema, path)
    const keys = around === undefined ? undefined : keysOf(around)
    if (keys === undefined) return valuesAt(around, from)
    const there = siblingsOf(lines, number, line.column)
    const offers = Object.entries(keys)
      .filter(([name]) => !there.has(name))
      .map(([name, each]) => keyOffer(name, each, ' '.repeat(line.column + 2)))
    return { from, key: true, offers }
  }
  const own = schemaAt(schema, [...path, line.key])
  const value = /^\[?(?:[^\]]*,)?\s*([^,\]]*)$/.exec(line.rest)
  if (own === undefined || value === null) return undefined
  return valuesAt(line.rest.startsWith('[') ? own.items : own, offset - (value[1] ?? '').length)
}

function lineOf(text: string): Line {
  const [, blank = '', marks = '', content = ''] = /^(\s*)((?:- +|-$)*)(.*)$/.exec(text) ?? []
  const dashes = [...marks.matchAll(/-/g)].map(({ index }) => blank.length + index)
  const [, key, rest = ''] = /^["']?([\w-]+)["']?:(?:\s+(.*)|)$/.exec(content) ?? []
  return { start: blank.length, dashes, column: blank.length + marks.length, key, rest }
}

/** The keys and list items around a line, outermost first. */
function pathTo(above: readonly string[], { start, dashes }: Line): string[] {
  const path: string[] = dashes.map(() => ITEM)
  let inside = start
  let item = dashes.length > 0
  for (const text of above.toReversed()) {
    if (/^\s*(#|$)/.test(text)) continue
    const line = lineOf(text)
    // A list may stand as far left as the key that it belongs to.
    if (line.key !== undefined && (line.column < inside || (item && line.column === inside))) {
      path.unshift(line.key)
      inside = line.column
      item = false
    }
    for (const dash of line.dashes.toReversed()) {
      if (dash >= inside) continue
      path.unshift(ITEM)
      inside = dash
      item = true
    }
    if (inside === 0 && !item) break
  }
  return path
}

/** The keys that the mapping at a column has already. */
function siblingsOf(lines: readonly string[], number: number, column: number): Set<string> {
  const found = new Set<string>()
  const look = (texts: readonly string[], down: boolean) => {
    for (const text of texts) {
      if (/^\s*(#|$)/.test(text)) continue
      const line = lineOf(text)
      const begins = line.dashes.length > 0 && line.column === column
      if (line.column < column || (down && line.start < column)) return
      if (line.column === column && line.key !== undefined) found.add(line.key)
      if (begins) return
    }
  }
  const own = lineOf(lines[number] ?? '')
  if (own.dashes.length === 0) look(lines.slice(0, number).toReversed(), false)
  look(lines.slice(number + 1), true)
  return found
}

function schemaAt(schema: TextSchema, path: readonly string[]): TextSchema | undefined {
  let at: TextSchema | undefined = schema
  for (const part of path) {
    if (at === undefined) return undefined
    const any: TextSchema | boolean | undefined = at.additionalProperties
    at = part === ITEM ? at.items : (at.properties?.[part] ?? (typeof any === 'object' ? any : undefined))
  }
  return at
}

function keysOf({ properties, additionalProperties }: TextSchema): TextSchema['properties'] {
  return properties ?? (typeof additionalProperties === 'object' ? {} : undefined)
}

function valuesAt(schema: TextSchema | undefined, from: number): Offers | undefined {
  if (schema === undefined) return undefined
  const values = new Set<string>()
  for (const each of [schema, ...(schema.anyOf ?? [])]) {
    for (const value of [...(each.enum ?? []), ...(each.known ?? [])]) values.add(String(value))
    if (each.const !== undefined) values.add(String(each.const))
    if (each.type === 'boolean') for (const value of ['true', 'false']) values.add(value)
    if (each.type === 'null') values.add('null')
  }
  const preset = schema.default === undefined ? undefined : String(schema.default)
  const offers = [...values].map((label) => ({
    label,
    detail: label === preset ? 'default' : '',
    info: schema.description ?? '',
    text: label,
  }))
  return { from, key: false, offers }
}

function keyOffer(name: string, schema: TextSchema, indent: string): Offer {
  const { type, items, description = '' } = schema
  const list = type === 'array' && items?.type === 'object'
  const mapping = type === 'object'
  const preset = schema.default
  const plain = preset !== undefined && preset !== null && typeof preset !== 'object' && preset !== ''
  return {
    label: name,
    detail: plain ? String(preset) : list ? 'list' : mapping ? '…' : '',
    info: description,
    text: list ? `${name}:\n${indent}- ` : mapping ? `${name}:\n${indent}` : `${name}: `,
  }
}
