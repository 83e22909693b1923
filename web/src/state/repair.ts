import type { GapRow, RunRow } from '../api/contract.js'
import type { App } from './app-context.js'

/** Kinds of which exchanges keep a past that can be asked for; nobody keeps past books. */
const WITH_PAST = /^(trades|ohlc|funding|open_interest)$/

export function canRepair({ kind, lost }: Pick<GapRow, 'kind'> & Partial<Pick<GapRow, 'lost'>>): boolean {
  return WITH_PAST.test(kind) && (lost ?? null) === null
}

/** Asks for the history of gaps, as far as the exchanges still have it, and says how it went. One run for each dataset. */
export async function repairGaps(app: App, gaps: readonly GapRow[]): Promise<void> {
  const groups = new Map<string, GapRow[]>()
  for (const gap of gaps) {
    const id = `${gap.exchange} ${gap.kind} ${gap.pair} ${gap.interval ?? ''}`
    groups.set(id, [...(groups.get(id) ?? []), gap])
  }
  const failures: unknown[] = []
  const runs: RunRow[] = []
  for (const rows of groups.values()) {
    try {
      runs.push(await app.api.post<RunRow>('/runs', repairOf(rows)))
    } catch (error) {
      failures.push(error)
    }
  }
  if (runs.length > 0)
    app.toasts.done(
      runs.length === 1 ? `Repair ${runs[0]?.id} has begun` : `${runs.length} repairs have begun`,
      'History shows how far they are.',
    )
  if (failures.length > 0)
    app.toasts.failed(
      failures.length === 1 ? 'A repair could not begin' : `${failures.length} repairs could not begin`,
      failures[0],
    )
}

function repairOf(rows: readonly GapRow[]) {
  const [first] = rows
  const froms = rows.map(({ from }) => BigInt(from))
  const untils = rows.map(({ until }) => BigInt(until))
  return {
    kind: 'repair',
    exchange: first?.exchange,
    pairs: first ? [first.pair] : undefined,
    channels: first ? [first.kind] : undefined,
    interval: first?.interval ?? undefined,
    start: String(froms.reduce((a, b) => (b < a ? b : a))),
    until: String(untils.reduce((a, b) => (b > a ? b : a))),
  }
}
