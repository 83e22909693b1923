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
    else tell(`everything is kept in ${folder}: data, config, truth.ndjson, faults.ndjson`)
    return verdict.passed ? 0 : 3
  } finally {
    ignore()
  }
}

/** What anyone can read. */
function verdictText(verdict: ChaosVerdict): string {
  const { kills, faults, datasets, trades, book_states, gap_seconds, lost, doubled, wrong, false_gaps, problems } =
    verdict
  const head = verdict.passed ? 'PASSED' : 'FAILED'
  return [
    '',
    `${head}: ${lost} lost, ${doubled} doubled, ${wrong} corrupt, ${false_gaps} false gaps`,
    `  done to it   ${kills} kills, ${faults} other faults in ${verdict.seconds} s (seed ${verdict.seed})`,
    `  compared     ${trades} trades and ${book_states} states of books in ${datasets} datasets`,
    `  the ledger   says ${gap_seconds} s may be missing, over all datasets; nothing else is`,
    ...problems.slice(0, 20).map((problem) => `  ! ${problem}`),
    '',
  ].join('\n')
}
