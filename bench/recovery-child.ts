import { writeSync } from 'node:fs'
import { createServices } from '../src/app.js'
import { createConfig } from '../src/config/parse.js'
import { Catalog } from '../src/store/catalog.js'
import { DataFolder } from '../src/store/data-folder.js'

/** recovery-child.js FOLDER: a daemon without streams on a folder that was left by a kill. Prints how long it took until all was committed, and its memory at most. */
const [folder = ''] = process.argv.slice(2)
const config = createConfig({ settings: { data_path: folder, ui_port: 0 } })
const began = performance.now()
await createServices().startDaemon(config, (error) => process.stderr.write(`${error.message}\n`))
const catalog = Catalog.openReadOnly(new DataFolder(folder).catalog)
while (catalog.lanes().some(({ lane, open }) => lane === 1 && open))
  await new Promise((resolve) => setTimeout(resolve, 100))
const seconds = (performance.now() - began) / 1000
const rows = catalog.segments().reduce((sum, segment) => sum + segment.rows, 0)
const pieces = catalog.parts().reduce((sum, { piece }) => sum + (piece?.rows ?? 0), 0)
const held = catalog.held().length
writeSync(
  1,

  `${JSON.stringify({ seconds, rows: rows + pieces, held, peakMb: process.resourceUsage().maxRSS / 1024 })}\n`,
)
// As it was found: by a kill.
process.kill(process.pid, 'SIGKILL')
