import type { RunRow, RunState } from '../../api/contract.js'
import { durationText } from '../../parts/time-text.js'

const TONES: Readonly<Record<RunState, string>> = {
  queued: 'busy hollow',
  running: 'busy pulse',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'faint hollow',
  stale: 'warn',
}

/** The state of a run in a word; `more` stands behind it. */
export function RunBadge({ state, more = '' }: { state: RunState; more?: string }) {
  return <span class={`badge ${TONES[state]}`}>{more === '' ? state : `${state} ${more}`}</span>
}

function percentOf({ progress }: Pick<RunRow, 'progress'>): number {
  return Math.floor(Math.min(1, progress) * 100)
}

/** How far a run is while it runs. */
export function percentText(run: Pick<RunRow, 'progress' | 'state'>): string {
  return run.state === 'running' ? `${percentOf(run)} %` : ''
}

/** How far a run is, as a bar and a number. */
export function RunProgress({ run }: { run: Pick<RunRow, 'progress' | 'state'> }) {
  const percent = percentOf(run)
  const tone = run.state === 'succeeded' ? 'done' : run.state === 'failed' || run.state === 'stale' ? 'failed' : ''
  return (
    <div class="run-progress">
      <div
        class={`progress ${tone}`}
        role="progressbar"
        aria-label="Progress"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div style={{ width: `${percent}%` }} />
      </div>
      <span>{percent} %</span>
    </div>
  )
}

export function etaText({ state, eta_s }: Pick<RunRow, 'state' | 'eta_s'>): string {
  if (state !== 'running') return ''
  return eta_s === null ? 'not known yet' : durationText(eta_s)
}

/** What a run is about, in short. */
export function aboutText({ request, job, kind, parts }: RunRow): string {
  const { exchange, pairs, channels, interval } = request
  if (job !== null) return job
  const [first, ...others] = parts
  if (exchange === null && first) return `${kind} ${first.dataset}${others.length ? ` and ${others.length} more` : ''}`
  const what = [exchange ?? 'all exchanges', pairs?.join(', ') ?? 'all pairs', channels?.join(', '), interval]
  return `${kind} ${what.filter(Boolean).join(' ')}`
}

export function isActive({ state }: Pick<RunRow, 'state'>): boolean {
  return state === 'running' || state === 'queued'
}
