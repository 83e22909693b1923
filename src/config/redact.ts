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
