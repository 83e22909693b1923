import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchApi } from './api.js'
import { benchBackfill } from './backfill.js'
import { benchDay } from './day.js'
import { benchDecode } from './decode.js'
import type { Figure } from './figure.js'
import { benchInstruments } from './instruments.js'
import { benchRecording } from './recording.js'
import { benchRecovery } from './recovery.js'
import { benchStart } from './start.js'
import { benchStore } from './store.js'
import { benchWorker } from './worker.js'

const { values } = parseArgs({
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '8' }, only: { type: 'string' } },
})
/** By name; those of the store take minutes and run when they are asked for. */
const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  instruments: benchInstruments,
  worker: benchWorker,
  decode: benchDecode,
  start: benchStart,
  recording: () => benchRecording(Number(values.seconds)),
  backfill: benchBackfill,
  store: benchStore,
  day: benchDay,
  recovery: benchRecovery,
  api: () => benchApi(Number(values.seconds)),
}
const usual = ['instruments', 'decode', 'recording', 'start', 'backfill']
const figures: Figure[] = []
for (const name of values.only?.split(',') ?? usual) {
  const part = PARTS[name]
  if (!part) throw new Error(`there is no part ${name}; there are ${Object.keys(PARTS).join(', ')}`)
  figures.push(...(await part()))
}
const amount = (value: number) => value.toFixed(value < 100 ? 1 : 0)
const width = Math.max(...figures.map(({ name }) => name.length))
process.stdout.write(`${'NAME'.padEnd(width)}        OURS      BESIDE    RATIO  UNIT\n`)
for (const { name, unit, ours, beside, ratio } of figures) {
  const numbers = `${amount(ours).padStart(10)}  ${amount(beside).padStart(10)}  ${ratio.toFixed(3).padStart(7)}`
  process.stdout.write(`${name.padEnd(width)}  ${numbers}  ${unit}\n`)
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
