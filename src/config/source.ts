import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import { type Environment, expandVariables } from './environment.js'
import { type KeyPath, pathText } from './path.js'
import type { Place, Problem } from './problem.js'
import { accepts, type Shape, shapeAt } from './shape.js'

/** Far beyond any config that a person writes; protects from a data file given by mistake. */
export const MAX_CONFIG_BYTES = 1_048_576
const MAX_VALUES = 100_000

/** A config file as read: its values, where each stands, and what could not be read. */
export interface Source {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Keys whose value came from an environment variable, as `pathText`. */
  readonly secrets: ReadonlySet<string>
  /** Where a value stands; of a key that is not there, its nearest parent. */
  placeOf(path: KeyPath): Place
  /** Where the key itself stands. */
  keyPlaceOf(path: KeyPath): Place
  lineText(line: number): string
}

/** Reads YAML with positions and environment variables. Never throws: what is wrong is in `problems`. */
export function readSource(bytes: Uint8Array, shape: Shape, environment: Environment): Source {
  const refuse = (message: string, place: Place = { line: 1, column: 1 }) => nothing([{ ...place, path: '', message }])
  if (bytes.length > MAX_CONFIG_BYTES) {
    return refuse(`the file has ${bytes.length} bytes, a config has at most ${MAX_CONFIG_BYTES}; is it another file?`)
  }
  if (bytes.includes(0)) return refuse('the file is not text; is it another file?')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('the file is not UTF-8 text; is it another file, or in another encoding?')
  }
  if (text.trim() === '') return refuse('the file is empty; `dccd demo` needs no config, `dccd init` makes one')
  try {
    return new YamlSource(text, shape, environment)
  } catch (error) {
    if (error instanceof TooMany)
      return refuse(`the file holds more than ${MAX_VALUES} values; are there aliases of aliases?`)
    // What the YAML library does on the stack's end.
    if (error instanceof RangeError) return refuse('the values are nested too deeply to be a config')
    throw error
  }
}

function nothing(problems: readonly Problem[]): Source {
  const start = { line: 1, column: 1 }
  return {
    value: undefined,
    problems,
    secrets: new Set(),
    placeOf: () => start,
    keyPlaceOf: () => start,
    lineText: () => '',
  }
}

class TooMany extends Error {}

class YamlSource implements Source {
  readonly value: unknown
  readonly problems: Problem[] = []
  readonly secrets = new Set<string>()
  readonly #lines: readonly string[]
  readonly #counter = new LineCounter()
  readonly #document: Document
  readonly #shape: Shape
  readonly #environment: Environment
  readonly #open = new Set<Node>()
  #values = 0

  constructor(text: string, shape: Shape, environment: Environment) {
    this.#lines = text.split(/\r\n|\r|\n/)
    this.#shape = shape
    this.#environment = environment
    this.#document = parseDocument(text, {
      lineCounter: this.#counter,
      prettyErrors: false,
      uniqueKeys: true,
      merge: false,
    })
    const faults = [...this.#document.errors, ...this.#document.warnings]
    for (const error of faults.slice(0, 20)) {
      this.#report(error.pos[0], '', syntaxMessage(error.code, error.message))
    }
    this.value = this.problems.length === 0 ? this.#read(this.#document.contents, []) : undefined
  }

  placeOf(path: KeyPath): Place {
    return this.#at(this.#find(path).value)
  }

  keyPlaceOf(path: KeyPath): Place {
    return this.#at(this.#find(path).key)
  }

  lineText(line: number): string {
    return this.#lines[line - 1] ?? ''
  }

  /** The value as plain data, variables filled in. A key with an empty value counts as left out, where it is known at all. */
  #read(node: Node | null | undefined, path: KeyPath): unknown {
    const offset = node?.range?.[0] ?? 0
    if (++this.#values > MAX_VALUES) throw new TooMany()
    if (!node) return null
    if (isAlias(node)) return this.#readAlias(node.resolve(this.#document), node.source, offset, path)
    if (isScalar(node))
      return typeof node.value === 'string' ? this.#expand(node.value, node.type === 'PLAIN', offset, path) : node.value
    if (this.#open.has(node)) return this.#report(offset, pathText(path), `${pathText(path)} contains itself`)
    this.#open.add(node)
    try {
      if (isSeq<Node | null>(node)) return node.items.map((item, index) => this.#read(item, [...path, index]))
      return isMap<Node, Node | null>(node) ? this.#readMap(node, offset, path) : null
    } finally {
      this.#open.delete(node)
    }
  }

  #readMap(node: YAMLMap<Node, Node | null>, offset: number, path: KeyPath): Record<string, unknown> {
    const own = new Map<string, unknown>()
    const merged = new Map<string, unknown>()
    for (const { key, value } of node.items) {
      if (!isScalar(key)) {
        this.#report(key.range?.[0] ?? offset, pathText(path), 'a key must be plain text')
        continue
      }
      const name = String(key.value)
      if (name === '<<' && key.type === 'PLAIN') {
        const read = this.#read(value, path)
        for (const map of Array.isArray(read) ? read : [read]) {
          if (!isPlainObject(map)) this.#report(key.range?.[0] ?? offset, pathText(path), '<< needs a group of keys')
          else for (const [inner, item] of Object.entries(map)) if (!merged.has(inner)) merged.set(inner, item)
        }
        continue
      }
      const at = [...path, name]
      const read = this.#read(value, at)
      if (read !== null || !shapeAt(this.#shape, at)) own.set(name, read)
    }
    // From entries, so that a key named __proto__ is a key.
    return Object.fromEntries([...merged, ...own])
  }

  #readAlias(target: Node | undefined, name: string, offset: number, path: KeyPath): unknown {
    if (!target) return this.#report(offset, pathText(path), `*${name} has no &${name} before it`)
    return this.#read(target, path)
  }

  #expand(text: string, plain: boolean, offset: number, path: KeyPath): unknown {
    const { text: value, used, missing, malformed } = expandVariables(text, this.#environment)
    const key = pathText(path)
    if (malformed !== undefined) {
      this.#report(offset, key, `${key} has a \${ that is no variable; write \${NAME}, or $\${ for the text itself`)
    }
    for (const name of missing) {
      this.#report(offset, key, `${key} needs the environment variable ${name}, which is not set`, {
        found: `\${${name}}`,
        expected: `${name} in the environment`,
      })
    }
    if (used.length === 0) return value
    this.secrets.add(key)
    if (!plain || missing.length > 0) return value
    // A variable that is the whole value may stand for a number or a switch where one belongs.
    const shape = shapeAt(this.#shape, path)
    if (accepts(shape, 'number') && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
    if (accepts(shape, 'boolean') && (value === 'true' || value === 'false')) return value === 'true'
    return value
  }

  #report(offset: number, path: string, message: string, more: Partial<Problem> = {}): undefined {
    const place = this.#place(offset)
    this.problems.push({ path, ...place, message, source: this.lineText(place.line), ...more })
  }

  #find(path: KeyPath): { key: Node | undefined; value: Node | undefined } {
    let value = this.#resolve(this.#document.contents)
    let key = value
    for (const step of path) {
      if (isSeq<Node | null>(value) && typeof step === 'number') {
        const item = value.items[step]
        if (!item) break
        key = item
        value = this.#resolve(item)
      } else if (isMap<Node, Node | null>(value)) {
        const pair = value.items.find((each) => isScalar(each.key) && String(each.key.value) === String(step))
        if (!pair) break
        key = pair.key
        value = this.#resolve(pair.value) ?? pair.key
      } else break
    }
    return { key, value }
  }

  #resolve(node: Node | null | undefined): Node | undefined {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? undefined
  }

  #at(node: Node | undefined): Place {
    return this.#place(node?.range?.[0] ?? 0)
  }

  #place(offset: number): Place {
    const { line, col } = this.#counter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
}

/** The YAML library's error in our words, where ours are clearer. */
function syntaxMessage(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab begins the line; YAML is indented with spaces'
    case 'DUPLICATE_KEY':
      return 'the key stands twice; keep one'
    case 'MULTIPLE_DOCS':
      return 'a second document begins; a config is one'
    default:
      return `not valid YAML: ${message.replace(/\.$/, '').slice(0, 200)}`
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
