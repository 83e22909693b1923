import { openApi } from '../src/api/openapi.js'
import { createServices } from '../src/app.js'
import { cliReference } from '../src/cli/reference.js'
import { buildProgram } from '../src/cli/run-cli.js'
import { configReference } from '../src/config/reference.js'
import { configJsonSchema } from '../src/config/shape.js'
import { exchanges } from '../src/exchanges/index.js'
import { errorReference } from '../src/model/error-reference.js'
import { exchangeReference } from '../src/service/exchange-reference.js'
import { MemoryIo } from './memory-io.js'

/** Every generated page, by its path in docs. */
export function generatedPages(): Readonly<Record<string, string>> {
  return {
    'exchanges.md': exchangeReference(Object.values(exchanges)),
    'reference/cli.md': cliReference(buildProgram(createServices(), new MemoryIo(), () => {})),
    'reference/config.md': configReference(),
    'reference/config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    'reference/errors.md': errorReference(),
    'reference/openapi.json': `${JSON.stringify(openApi('1'), null, 2)}\n`,
  }
}
