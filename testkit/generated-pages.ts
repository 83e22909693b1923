import { configReference } from '../src/config/reference.js'
import { configJsonSchema } from '../src/config/shape.js'
import { errorReference } from '../src/model/error-reference.js'

/** Every generated page, by its name in docs/reference. */
export function generatedPages(): Readonly<Record<string, string>> {
  return {
    'config.md': configReference(),
    'config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    'errors.md': errorReference(),
  }
}
