import type { z } from 'zod'
import { nearest } from '../lib/nearest.js'
import { type KeyPath, pathText } from './path.js'
import { type Problem, printable } from './problem.js'
import { type Shape, shapeAt } from './shape.js'
import type { Source } from './source.js'

type Issue = z.core.$ZodIssue

/** What the schema found, as problems of the file: where, what was found, what belongs there, the nearest valid one. */
export function explainIssues(issues: readonly Issue[], source: Source, root: Shape): Problem[] {
  const problems = issues.flatMap((issue) => explain(issue, source, root))
  // A misspelled key is said once, not also as the key that is missing.
  const meant = new Set(problems.flatMap(({ correction }) => correction ?? []))
  return problems.filter(({ path, missing }) => !missing || !meant.has(path)).map(({ problem }) => problem)
}

interface Explained {
  readonly path: string
  readonly problem: Problem
  readonly missing?: true
  /** The path that an unknown key most likely meant. */
  readonly correction?: string
}

function explain(issue: Issue, source: Source, root: Shape): Explained[] {
  const path = keyPath(issue.path)
  const shape = shapeAt(root, path)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, shape, source))
  const { present, value } = valueAt(source.value, path)
  const key = pathText(path)
  const expected = shape?.expected ?? 'something else'
  if (!present) {
    const within = pathText(path.slice(0, -1))
    const place = source.placeOf(path)
    const name = `${path.at(-1) ?? ''}`
    const message = `${within ? `${within} has` : 'the config has'} no ${name}; expected ${expected}`
    const problem = { path: key, ...place, message, expected, source: source.lineText(place.line) }
    return [{ path: key, problem, missing: true }]
  }
  const place = source.placeOf(path)
  const secret = shape?.secret === true || source.secrets.has(key)
  const found = secret ? kindOf(value) : foundText(value)
  const close = typeof value === 'string' ? suggestion(value, path, shape) : undefined
  const problem: Problem = {
    path: key,
    ...place,
    message: `${key || 'the file'} is ${found}; expected ${expected}${close ? `; did you mean ${close}?` : ''}`,
    found,
    expected,
    ...(close ? { nearest: close } : {}),
  }
  return [{ path: key, problem: secret ? problem : { ...problem, source: source.lineText(place.line) } }]
}

function unknownKey(parent: KeyPath, key: string, shape: Shape | undefined, source: Source): Explained {
  const path = [...parent, key]
  const place = source.keyPlaceOf(path)
  const known = Object.keys(shape?.properties ?? {})
  const close = nearest(key, known)
  const expected = known.join(', ')
  const within = pathText(parent)
  const name = printable(pathText(path)).slice(0, 200)
  const hint = close ? `did you mean ${close}?` : `there ${known.length === 1 ? 'is' : 'are'} ${expected}`
  const problem = {
    path: pathText(path),
    ...place,
    message: `${name} is not a key${within ? ` of ${within}` : ''}; ${hint}`,
    found: key,
    expected,
    ...(close ? { nearest: close } : {}),
    source: source.lineText(place.line),
  }
  return { path: problem.path, problem, ...(close ? { correction: pathText([...parent, close]) } : {}) }
}

/** Quotes that tell where the slash of a pair belongs. */
const USUAL_QUOTES = /^([A-Z0-9]{2,})(USDT|USDC|FDUSD|TUSD|USD|EUR|GBP|JPY|BTC|ETH)$/

function suggestion(value: string, path: KeyPath, shape: Shape | undefined): string | undefined {
  if (shape?.known) return nearest(value, shape.known)
  if (pathText(path) === 'settings.timezone') return nearest(value, Intl.supportedValuesOf('timeZone'))
  if (path.at(-2) === 'pairs') {
    const [market, suffix] = value.split(':')
    const pair = (market ?? '')
      .trim()
      .toUpperCase()
      .replace(/\s*[-_/ ]\s*/, '/')
    const slashed = pair.replace(USUAL_QUOTES, '$1/$2')
    if (/^[^\s/:]+\/[^\s/:]+$/.test(slashed)) return suffix ? `${slashed}:${suffix}` : slashed
  }
  return shape?.items && !value.includes('[') ? `[${printable(value)}]` : undefined
}

function keyPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)))
}

function valueAt(root: unknown, path: KeyPath): { present: boolean; value: unknown } {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return { present: false, value: undefined }
    value = Object.getOwnPropertyDescriptor(value, step)?.value
  }
  return { present: value !== undefined, value }
}

function foundText(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(printable(value.length > 60 ? `${value.slice(0, 57)}...` : value))
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return kindOf(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return (
    { string: 'text', number: 'a number', boolean: 'true or false', object: 'a group of keys' }[String(typeof value)] ??
    'unreadable'
  )
}
