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

/** Streams and gaps of a day by exchange. The lags are over the medians of its streams. */
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
    const lags = rows.flatMap(({ lag_ms }) => (lag_ms === null ? [] : [lag_ms])).sort((a, b) => a - b)
    const wanted = rows.filter(({ state }) => state !== 'stopped').length
    const up = rows.filter(({ state }) => state === 'live').length
    const failed = rows.some(({ state }) => state === 'failed')
    return {
      exchange,
      keys: rows.map(({ key }) => key),
      up,
      wanted: rows.length,
      rate: rows.reduce((sum, { rate }) => sum + rate, 0),
      lagMedian: quantile(lags, 0.5),
      lagHigh: quantile(lags, 0.99),
      gapSeconds: seconds.get(exchange) ?? 0,
      tone: failed ? 'bad' : wanted === 0 ? 'faint' : up < wanted ? 'warn' : 'good',
    }
  })
}

function quantile(sorted: readonly number[], part: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}
