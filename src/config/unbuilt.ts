import { type KeyPath, pathText } from './path.js'
import type { Problem } from './problem.js'
import type { Shape } from './shape.js'
import type { Source } from './source.js'

/** A warning for each key that was written but whose part is not built yet. The key is kept. */
export function unbuiltKeys(source: Source, root: Shape): Problem[] {
  const warnings: Problem[] = []
  const walk = (value: unknown, shape: Shape | undefined, path: KeyPath): void => {
    if (!shape || value === undefined) return
    if (shape.unbuilt && !isDefault(value, shape)) {
      const place = source.keyPlaceOf(path)
      const key = pathText(path)
      warnings.push({ path: key, ...place, message: `${key} has no effect in this version: ${shape.unbuilt}` })
      return
    }
    if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, shape.items, [...path, index])
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) walk(item, shape.properties?.[key], [...path, key])
    }
  }
  walk(source.value, root, [])
  return warnings
}

function isDefault(value: unknown, shape: Shape): boolean {
  return JSON.stringify(value) === JSON.stringify(shape.default)
}
