import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchBackfill } from './backfill.js'
import { benchDecode } from './decode.js'
import type { Figure } from './figure.js'
import { benchInstruments } from './instruments.js'
import { benchRecording } from './recording.js'
import { benchStore } from './store.js'

const { values } = parseArgs({ options: { json: { type: 'string' }, seconds: { type: 'string', default: '8' } } })
const figures: Figure[] = [
  ...benchInstruments(),
  ...(await benchDecode()),
  ...(await benchRecording(Number(values.seconds))),
  ...(await benchBackfill()),
  ...(await benchStore()),
]
const width = Math.max(...figures.map(({ name }) => name.length))
process.stdout.write(`${'NAME'.padEnd(width)}        OURS      BESIDE    RATIO  UNIT\n`)
for (const { name, unit, ours, beside, ratio } of figures) {
  const numbers = `${ours.toFixed(0).padStart(10)}  ${beside.toFixed(0).padStart(10)}  ${ratio.toFixed(3).padStart(7)}`
  process.stdout.write(`${name.padEnd(width)}  ${numbers}  ${unit}\n`)
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
