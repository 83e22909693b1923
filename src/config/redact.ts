import { type KeyPath, pathText } from './path.js'
import type { CollectorConfig } from './schema.js'
import { configJsonSchema, type Shape, shapeAt } from './shape.js'

const HIDDEN = '***'

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
  if (typeof value === 'string') return path.at(-1) === 'remote' ? withoutOptions(value) : withoutLogin(value)
  if (Array.isArray(value)) return value.map((item, index) => clean(item, [...path, index], secrets, root))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, clean(item, [...path, key], secrets, root)]),
  )
}

/** `:s3,secret_access_key=abc:bucket` becomes `:s3,secret_access_key=***:bucket`. Quoted values may hold any character. */
function withoutOptions(remote: string): string {
  return remote.replace(/(,[\w-]+=)("(?:[^"]|"")*"|'(?:[^']|'')*'|[^,:]*)/g, `$1${HIDDEN}`)
}

function withoutLogin(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`)
}
