import { z } from 'zod'
import type { KeyPath } from './path.js'
import { configSchema } from './schema.js'

/** What the JSON schema says about one key. */
export interface Shape {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: boolean | Shape
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly required?: readonly string[]
  readonly expected?: string
  readonly known?: readonly string[]
  readonly secret?: boolean
  readonly unbuilt?: string
}

/** Made once: making it takes as long as reading a large config does. */
const SHAPE = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' }) as Shape // by the library's own promise

/** The JSON schema (draft 2020-12) of a config as it is written, for editors. */
export function configJsonSchema(): Shape {
  return SHAPE
}

/** The shape of one key, or `undefined` where there is no such key. */
export function shapeAt(root: Shape, path: KeyPath): Shape | undefined {
  let shape: Shape | undefined = root
  for (const step of path) {
    if (!shape) return undefined
    if (typeof step === 'number') shape = shape.items
    else if (shape.properties && Object.hasOwn(shape.properties, step)) shape = shape.properties[step]
    else shape = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined
  }
  return shape
}

/** Whether a value of this type may stand there. */
export function accepts(shape: Shape | undefined, type: 'string' | 'number' | 'boolean'): boolean {
  if (!shape) return false
  const types = typeof shape.type === 'string' ? [shape.type] : (shape.type ?? [])
  if (types.includes(type) || (type === 'number' && types.includes('integer'))) return true
  return shape.anyOf?.some((each) => accepts(each, type)) ?? false
}
