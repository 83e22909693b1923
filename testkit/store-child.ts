import { writeSync } from 'node:fs'
import { argv } from 'node:process'
import { exitAt } from './exit-at.js'
import { ROUNDS, storeScenario } from './store-scenario.js'

// store-child.js FOLDER N kill|both [ROUNDS]: runs the scenario and ends before its N-th file operation. Prints each position that is committed, and at the
// end how many operations there were.
const [, , folder = '', n = '0', ending, rounds = String(ROUNDS)] = argv
const count = exitAt(Number(n), ending === 'both' ? 'both' : 'kill', folder)
await storeScenario(folder, (position) => writeSync(1, `committed ${position}\n`), Number(rounds))
writeSync(1, `operations ${count()}\n`)
