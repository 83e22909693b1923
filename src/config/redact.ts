import { type KeyPath, pathText } from './path.js'
import type { CollectorConfig } from './schema.js'
import { configJsonSchema, type Shape, shapeAt } from './shape.js'

/** What stands in place of a secret. */
export const HIDDEN = '***'

/**
 * The config without its secrets, for the journal, the API and logs: tokens, alert addresses, names and passwords in URLs,
 * options of rclone remotes, and whatever came from the environment (`secrets`, the keys of a `ParsedConfig`).
 */
export function redact(config: CollectorConfig, secrets: ReadonlySet<string> = new Set()): unknown {
  const root = configJsonSchema()
  return clean(config, [], secrets, root)
}

function clean(value: unknown, path: KeyPath, secrets: ReadonlySet<string>, root: Shape): unknown {
  if (value === null || value === undefined) return value
  if (secrets.has(pathText(path)) || shapeAt(root, path)?.secret) return HIDDEN
  if (typeof value === 'string') return withoutSecretParts(value, path)
  if (Array.isArray(value)) return value.map((item, index) => clean(item, [...path, index], secrets, root))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, clean(item, [...path, key], secrets, root)]),
  )
}

/** Every text that `redact` takes out, longest first: what must not stand in a log either. Too short a text would hide half of each line, and is left out. */
export function secretTexts(config: CollectorConfig, secrets: ReadonlySet<string> = new Set()): string[] {
  const found = new Set<string>()
  collect(config, redact(config, secrets), found)
  return [...found].filter((text) => text.length >= SHORTEST).sort((a, b) => b.length - a.length)
}

const SHORTEST = 6

/** Walks a value beside its redacted form and takes what differs. */
function collect(value: unknown, shown: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (typeof shown !== 'string' || shown === value) return
    // What stands around the hidden parts says where they are.
    const parts = shown.split(HIDDEN).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    // A login is a name and a password, an option may stand in quotes: a message may name them apart.
    for (const secret of new RegExp(`^${parts.join('(.*)')}$`, 's').exec(value)?.slice(1) ?? [])
      for (const text of [secret, ...secret.split(/["':]/)]) found.add(text)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const inside: ReadonlyMap<string, unknown> = new Map(typeof shown === 'object' && shown ? Object.entries(shown) : [])
  for (const [key, item] of Object.entries(value)) collect(item, shown === HIDDEN ? HIDDEN : inside.get(key), found)
}

/** One value as it is written in the file, without what is secret in it. A reference to the environment names no secret and stays. */
export function hidden(value: string, path: KeyPath): string {
  if (/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(value)) return value
  return shapeAt(configJsonSchema(), path)?.secret ? HIDDEN : withoutSecretParts(value, path)
}

function withoutSecretParts(value: string, path: KeyPath): string {
  return path.at(-1) === 'remote' ? withoutOptions(value) : withoutLogin(value)
}

/** `:s3,secret_access_key=abc:bucket` becomes `:s3,secret_access_key=***:bucket`. Quoted values may hold any character. */
function withoutOptions(remote: string): string {
  return remote.replace(/(,[\w-]+=)("(?:[^"]|"")*"|'(?:[^']|'')*'|[^,:]*)/g, `$1${HIDDEN}`)
}

function withoutLogin(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`)
}
