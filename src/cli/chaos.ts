import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ChaosVerdict, Services } from '../service/services.js'
import { type Io, json, usage } from './output.js'

export interface ChaosOptions {
  readonly minutes: number
  readonly seed: string
  readonly instruments: number
  readonly rate: number
  readonly exchanges?: readonly string[]
  readonly torments?: readonly string[]
  readonly data?: string
  readonly json?: boolean
}

/** Problems in the text; `--json` has all that were noted. */
const PROBLEMS_SHOWN = 20

/** Torments a recording and prints the verdict; resolves with the exit code: 0 nothing wrong, 3 something was. */
export async function chaos(services: Services, io: Io, options: ChaosOptions): Promise<number> {
  const { minutes, data, json: asJson, ...more } = options
  const folder = data === undefined ? await mkdtemp(join(tmpdir(), 'dccd-chaos-')) : resolve(io.folder, data)
  if (data !== undefined && (await readdir(folder).catch(() => [])).length > 0)
    throw usage(`${folder} is not empty`, 'Give --data a new folder: what it holds would be mixed up with the run.')
  const tell = (line: string) => (asJson ? io.stderr : io.stdout)(`${line}\n`)
  tell(`records emulated exchanges for ${minutes} min in ${folder}, while it is killed and fed with faults`)
  const ending = new AbortController()
  const ignore = io.onSignal(() => ending.abort(usage('stopped before there was a verdict', 'Run it again.')))
  try {
    const verdict = await services.chaos({ seconds: minutes * 60, folder, ...more }, tell, ending.signal)
    io.stdout(asJson ? json(verdict) : verdictText(verdict))
    if (verdict.passed && data === undefined) await rm(folder, { recursive: true, force: true })
    else tell(`everything is kept in ${folder}: data, config, truth.ndjson, faults.ndjson, disturbances.ndjson`)
    return verdict.passed ? 0 : 3
  } finally {
    ignore()
  }
}

/** What anyone can read. */
function verdictText(verdict: ChaosVerdict): string {
  const { lost, doubled, wrong, false_gaps, problems, torments, rows, unexplained_seconds } = verdict
  const done = Object.entries(torments).map(([name, count]) => `${count} ${name.replace('_', ' ')}`)
  const more = Object.entries(rows).map(([kind, count]) => `${count} rows of ${kind}`)
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `  ! ${problem}`)
  if (problems.length > shown.length) shown.push(`  ! and ${problems.length - shown.length} more`)
  return [
    '',
    `${verdict.passed ? 'PASSED' : 'FAILED'}: ${lost} lost, ${doubled} doubled, ${wrong} corrupt, ${false_gaps} false gaps`,
    `  done to it    ${verdict.kills} kills and ${verdict.faults} other faults in ${verdict.seconds} s (seed ${verdict.seed}): ${done.join(', ')}`,
    `  compared      ${verdict.datasets} datasets: ${verdict.trades} trades, ${verdict.book_states} states of books, ${more.join(', ')}`,
    `  the ledger    tells ${verdict.gap_seconds} s of gaps over all datasets; ${unexplained_seconds} s of them have no cause in what was done`,
    `  what happened and is not stored: ${verdict.missing_in_gaps} events in those gaps, ${lost} outside`,
    ...verdict.not_compared.map((text) => `  not compared  ${text}`),
    ...shown,
    '',
  ].join('\n')
}
