import type { AlertRow, GapRow, Health, StreamRow, SyncAnswer } from '../../api/contract.js'
import { causeText } from '../../parts/causes.js'
import { durationText } from '../../parts/time-text.js'
import { canRepair } from '../../state/repair.js'

/** Something that a person should look at, with what can be done about it. */
export interface Concern {
  readonly id: string
  readonly tone: 'bad' | 'warn'
  readonly title: string
  readonly detail: string
  /** Streams that a restart may help. */
  readonly restart?: readonly string[]
  /** Gaps that a repair may fill. */
  readonly repair?: readonly GapRow[]
  /** Number of an alert that is told again until somebody has seen it. */
  readonly acknowledge?: number
  /** Remotes shall be tried again now. */
  readonly copy?: true
  readonly look: { readonly path: string; readonly query?: Readonly<Record<string, string>> }
}

interface Known {
  readonly streams: readonly StreamRow[]
  readonly gaps: readonly GapRow[]
  readonly sync: SyncAnswer | undefined
  readonly drifts?: Health['drifts']
  /** What keeps failing. Streams and copies among it are told by their own state. */
  readonly alerts?: readonly AlertRow[] | undefined
}

/** What needs attention, most urgent first: what does not record, then what is missing, then what is not copied. */
export function concernsOf({ streams, gaps, sync, alerts = [], drifts = [] }: Known): Concern[] {
  const concerns: Concern[] = []
  const groups = new Map<string, StreamRow[]>()
  for (const row of streams) {
    const sick = row.state === 'failed' || row.state === 'degraded' || (row.error !== null && row.state !== 'stopped')
    if (!sick) continue
    const group = `${row.exchange} ${row.state} ${row.error?.code ?? ''}`
    groups.set(group, [...(groups.get(group) ?? []), row])
  }
  for (const [id, rows] of groups) {
    const [first] = rows
    if (!first) continue
    const failed = first.state === 'failed'
    const which = rows.length === 1 ? `${first.pair} ${first.channels.join(', ')}` : `${rows.length} streams`
    concerns.push({
      id,
      tone: failed ? 'bad' : 'warn',
      title: `${first.exchange}: ${which} ${rows.length === 1 ? 'is' : 'are'} ${first.state}`,
      detail: first.error
        ? `${first.error.message}. ${first.error.remedy}`
        : 'Nothing is said about why: look at its log.',
      restart: rows.map(({ key }) => key),
      look: { path: 'streams', query: { exchange: first.exchange, state: first.state } },
    })
  }
  const missing = new Map<string, GapRow[]>()
  for (const gap of gaps) missing.set(gap.code, [...(missing.get(gap.code) ?? []), gap])
  for (const [code, rows] of missing) {
    const seconds = rows.reduce((sum, row) => sum + row.seconds, 0)
    const exchanges = [...new Set(rows.map(({ exchange }) => exchange))]
    const [exchange] = exchanges
    const repair = rows.filter(canRepair)
    concerns.push({
      id: `gaps ${code}`,
      tone: 'warn',
      title: `${exchanges.length === 1 ? exchange : `${exchanges.length} exchanges`}: ${rows.length} ${rows.length === 1 ? 'gap' : 'gaps'} today, ${durationText(seconds)} in all`,
      detail: `${causeText(code)}.${repair.length === 0 ? ' Nobody keeps this past: it cannot be fetched again.' : ''}`,
      repair,
      look: { path: 'data', query: exchanges.length === 1 && exchange !== undefined ? { exchange } : {} },
    })
  }
  for (const { remote, ok, error } of sync?.results ?? []) {
    if (ok) continue
    concerns.push({
      id: `remote ${remote}`,
      tone: 'warn',
      title: `The last copy to ${remote} failed`,
      detail: error ? `${error.message}. ${error.remedy}` : 'Look at the log.',
      copy: true,
      look: { path: 'storage' },
    })
  }
  const keys = new Set(streams.map(({ key }) => key))
  for (const { id, key, severity, message, remedy, acknowledged_at } of alerts) {
    if (acknowledged_at !== null || keys.has(key) || key.startsWith('sync ')) continue
    concerns.push({
      id: `alert ${id}`,
      tone: severity === 'critical' ? 'bad' : 'warn',
      title: `${key}: ${message}`,
      detail: remedy,
      acknowledge: id,
      look: { path: key === 'disk' ? 'storage' : 'alerts' },
    })
  }
  for (const exchange of new Set(drifts.map((each) => each.exchange))) {
    const own = drifts.filter((each) => each.exchange === exchange)
    concerns.push({
      id: `drift ${exchange}`,
      tone: 'warn',
      title: `${exchange} sends what its documentation does not name`,
      detail: `${own.map(({ channel, what, name }) => `${channel ?? ''} ${what} ${name}`.trim()).join('; ')}. What is understood goes on.`,
      look: { path: 'streams', query: { exchange } },
    })
  }
  return concerns.sort((a, b) => Number(a.tone === 'warn') - Number(b.tone === 'warn'))
}
