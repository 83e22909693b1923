import type { GapRow, StreamRow } from '../../api/contract.js'

/** An exchange in one look. */
export interface Venue {
  readonly exchange: string
  readonly keys: readonly string[]
  readonly up: number
  readonly wanted: number
  readonly rate: number
  readonly lagMedian: number | undefined
  readonly lagHigh: number | undefined
  readonly gapSeconds: number
  readonly tone: 'good' | 'warn' | 'bad' | 'faint'
}

/** Streams and gaps of a day by exchange. */
export function venuesOf(streams: readonly StreamRow[], gaps: readonly GapRow[]): Venue[] {
  const groups = new Map<string, StreamRow[]>()
  for (const row of streams) {
    const group = groups.get(row.exchange)
    if (group) group.push(row)
    else groups.set(row.exchange, [row])
  }
  const seconds = new Map<string, number>()
  for (const gap of gaps) seconds.set(gap.exchange, (seconds.get(gap.exchange) ?? 0) + gap.seconds)
  return [...groups].map(([exchange, rows]) => {
    const wanted = rows.filter(({ state }) => state !== 'stopped').length
    const up = rows.filter(({ state }) => state === 'live').length
    const failed = rows.some(({ state }) => state === 'failed')
    return {
      exchange,
      keys: rows.map(({ key }) => key),
      up,
      wanted: rows.length,
      rate: rows.reduce((sum, { rate }) => sum + rate, 0),
      lagMedian: quantile(rows, ({ lag_ms }) => lag_ms, 0.5),
      lagHigh: quantile(rows, ({ lag_p99_ms }) => lag_p99_ms, 0.99),
      gapSeconds: seconds.get(exchange) ?? 0,
      tone: failed ? 'bad' : wanted === 0 ? 'faint' : up < wanted ? 'warn' : 'good',
    }
  })
}

/** The lag below which this part of the events stays: each stream counts as much as it receives. */
function quantile(
  rows: readonly StreamRow[],
  lagOf: (row: StreamRow) => number | null,
  part: number,
): number | undefined {
  const known = rows
    .flatMap((row) => {
      const lag = lagOf(row)
      return lag === null ? [] : [{ lag, weight: row.rate + Number.EPSILON }]
    })
    .sort((a, b) => a.lag - b.lag)
  const total = known.reduce((sum, { weight }) => sum + weight, 0)
  let sum = 0
  for (const { lag, weight } of known) {
    sum += weight
    if (sum >= total * part) return lag
  }
  return known.at(-1)?.lag
}
