import { openApi } from '../src/api/openapi.js'
import { createServices } from '../src/app.js'
import { cliReference } from '../src/cli/reference.js'
import { buildProgram } from '../src/cli/run-cli.js'
import { configReference } from '../src/config/reference.js'
import { configJsonSchema } from '../src/config/shape.js'
import { exchanges } from '../src/exchanges/index.js'
import { errorReference } from '../src/model/error-reference.js'
import { exchangeReference } from '../src/service/exchange-reference.js'
import { apiTypes } from './api-types.js'
import { MemoryIo } from './memory-io.js'

/** Every generated page, and the types of the web UI, by their path from docs. */
export function generatedPages(): Readonly<Record<string, string>> {
  const document = openApi('1')
  return {
    'exchanges.md': exchangeReference(Object.values(exchanges)),
    'reference/cli.md': cliReference(buildProgram(createServices(), new MemoryIo(), () => {})),
    'reference/config.md': configReference(),
    'reference/config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    'reference/errors.md': errorReference(),
    'reference/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    '../web/src/api/answers.ts': apiTypes(document),
  }
}
