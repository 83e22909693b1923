import type { Histories, HistoryOutput } from '../service/histories.js'
import { bytesText, type Io, table, timeText } from './output.js'

type Run = HistoryOutput<'runs.get'>
type RunRow = HistoryOutput<'runs'>[number]
type Plan = HistoryOutput<'runs.plan'>

const LOOK_MS = 200
/** Where nobody looks at a screen, a line is printed this often. */
const LINE_MS = 5000
const OVER: ReadonlySet<RunRow['state']> = new Set(['succeeded', 'failed', 'cancelled', 'stale'])

/**
 * Waits for runs to end, showing how far they are: one line that is rewritten on a screen, now and then a line of its own elsewhere. An interrupt
 * cancels the runs, which end at their next page.
 */
export async function follow(histories: Histories, ids: readonly number[], io: Io): Promise<Run[]> {
  let stopping = false
  const undo = io.onSignal(() => {
    if (stopping) io.exit(130)
    stopping = true
    io.stderr(`${io.terminal ? '\r\x1b[K' : ''}ending at the next page; what is proven is kept\n`)
    for (const id of ids) void histories.call('runs.cancel', { id }).catch(() => {})
  })
  let shown = 0
  let logged = new Map<number, string>()
  try {
    for (;;) {
      const runs: Run[] = []
      for (const id of ids) runs.push(await histories.call('runs.get', { id }))
      const line = progressText(runs)
      if (io.terminal) io.stderr(`\r\x1b[K${line.slice(0, Math.max(20, io.columns - 1))}`)
      else if (shown === 0 || Date.now() - shown > LINE_MS) {
        io.stderr(`${line}\n`)
        shown = Date.now()
      }
      logged = sayWarnings(runs, logged, io)
      if (runs.every(({ state }) => OVER.has(state))) {
        io.stderr(io.terminal ? '\r\x1b[K' : `${progressText(runs)}\n`)
        return runs
      }
      // Not a timer without a reference: this process waits for nothing else.
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  } finally {
    undo()
  }
}

/** What is odd or lost is told as it happens. */
function sayWarnings(runs: readonly Run[], seen: ReadonlyMap<number, string>, io: Io): Map<number, string> {
  const next = new Map<number, string>()
  for (const { id, log } of runs) {
    const before = seen.get(id)
    const from = before === undefined ? 0 : log.lastIndexOf(before) + 1
    for (const line of log.slice(from)) {
      if (!/ lost | serves | again in | in the future| is not used | is left/.test(line)) continue
      io.stderr(`${io.terminal ? '\r\x1b[K' : ''}${line.slice(line.indexOf(' ') + 1)}\n`)
    }
    const last = log.at(-1)
    if (last !== undefined) next.set(id, last)
  }
  return next
}

function progressText(runs: readonly Run[]): string {
  const sum = (field: 'rows' | 'requests' | 'rate') => runs.reduce((all, run) => all + run[field], 0)
  const wanted = runs.reduce((all, { parts }) => all + parts.reduce((own, part) => own + part.wanted_s, 0), 0)
  const done = runs.reduce((all, { parts }) => all + parts.reduce((own, part) => own + part.done_s, 0), 0)
  const over = runs.every(({ state }) => OVER.has(state))
  const part = over && runs.every(({ state }) => state === 'succeeded') ? 1 : wanted > 0 ? done / wanted : 0
  const etas = runs.flatMap(({ eta_s }) => (eta_s === null ? [] : [eta_s]))
  const eta = over || !etas.length ? '' : `, ${durationText(Math.max(...etas))} left`
  const waiting = runs.every(({ state }) => state === 'queued') ? ', waits for its turn' : ''
  const rate = over ? '' : `, ${Math.round(sum('rate'))} rows/s`
  return `${(part * 100).toFixed(1)} % · ${sum('rows')} rows by ${sum('requests')} requests${rate}${eta}${waiting}`
}

export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`
}

/** A run that ended, dataset by dataset. */
export function runText(run: RunRow): string {
  const took = run.started && run.ended ? (Date.parse(run.ended) - Date.parse(run.started)) / 1000 : undefined
  const time = took === undefined ? '' : ` in ${durationText(took)}`
  const lines = [
    `run ${run.id} (${run.kind}): ${run.state}, ${run.rows} rows, ${run.requests} requests, ${bytesText(run.bytes)}${time}`,
  ]
  for (const part of run.parts) {
    // One that failed before its plan has none.
    const range =
      part.from === part.until ? 'no range yet' : `${timeText(BigInt(part.from))} to ${timeText(BigInt(part.until))}`
    const what = part.error
      ? `${part.error.code}: ${part.error.message}`
      : part.wanted_s === 0
        ? 'nothing was missing'
        : `${part.rows} rows by ${part.requests} requests`
    lines.push(`  ${part.dataset}  ${range}  ${what}`)
    for (const { from, until, reason } of part.lost)
      lines.push(`    lost ${timeText(BigInt(from))} to ${timeText(BigInt(until))}: ${reason}`)
  }
  if (run.error) lines.push(`  ${run.error.code}: ${run.error.message}`, `  ${run.error.remedy}`)
  return `${lines.join('\n')}\n`
}

export function runsTable(runs: readonly RunRow[], io: Io): string {
  const rows = runs.map((run) => [
    String(run.id),
    run.kind,
    run.job ?? run.trigger,
    run.state,
    run.started?.slice(0, 19) ?? '-',
    run.started && run.ended ? durationText((Date.parse(run.ended) - Date.parse(run.started)) / 1000) : '-',
    String(run.rows),
    `${(run.progress * 100).toFixed(0)} %`,
    run.error?.code ?? '',
  ])
  return table(['RUN', 'KIND', 'JOB', 'STATE', 'STARTED (UTC)', 'TOOK', 'ROWS', 'DONE', 'ERROR'], rows, io)
}

export function planText(plan: Plan, io: Io): string {
  const rows = plan.parts.map((part) => [
    part.dataset,
    timeText(BigInt(part.from)),
    timeText(BigInt(part.until)),
    String(part.missing.length),
    String(part.requests),
    String(part.rows),
    bytesText(part.bytes),
    durationText(part.seconds),
  ])
  const head = ['DATASET', 'FROM', 'UNTIL', 'MISSING', 'REQUESTS', 'ROWS', 'BYTES', 'TIME']
  const warnings = plan.parts.flatMap(({ dataset, warnings: said }) =>
    said.map((each) => `warning: ${dataset}: ${each}\n`),
  )
  const files = plan.parts.flatMap(({ dataset, archives }) =>
    archives
      ? `${dataset}: beside these ${archives.files} files of the archive, ${archives.bytes ? bytesText(archives.bytes) : 'of unknown size'}: ${archives.first}${archives.files > 1 ? ` to ${archives.last}` : ''}\n`
      : [],
  )
  const all = `about ${plan.requests} requests, ${plan.rows} rows, ${bytesText(plan.bytes)}, ${durationText(plan.seconds)}; nothing was fetched\n`
  return `${table(head, rows, io)}${warnings.join('')}${files.join('')}${all}`
}
