import { openApi } from '../src/api/openapi.js'
import { createServices } from '../src/app.js'
import { cliReference } from '../src/cli/reference.js'
import { buildProgram } from '../src/cli/run-cli.js'
import { configReference } from '../src/config/reference.js'
import { configJsonSchema } from '../src/config/shape.js'
import { errorReference } from '../src/model/error-reference.js'
import { MemoryIo } from './memory-io.js'

/** Every generated page, by its name in docs/reference. */
export function generatedPages(): Readonly<Record<string, string>> {
  return {
    'cli.md': cliReference(buildProgram(createServices(), new MemoryIo(), () => {})),
    'config.md': configReference(),
    'config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    'errors.md': errorReference(),
    'openapi.json': `${JSON.stringify(openApi('1'), null, 2)}\n`,
  }
}
