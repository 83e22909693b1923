import { useMemo } from 'preact/hooks'
import type { SqlAnswer } from '../../api/contract.js'
import { Nothing } from '../../parts/nothing.js'
import { shortText } from '../../parts/number-text.js'
import { TimeChart } from '../../parts/time-chart.js'
import { millisOf } from '../../parts/time-text.js'

const MOST_SERIES = 6

/** A result as lines: its first time (or number) across, its other numbers up. */
export function ResultChart({ answer }: { answer: SqlAnswer }) {
  const plot = useMemo(() => plotOf(answer), [answer])
  if (!plot)
    return (
      <Nothing icon="overview" title="There is nothing to draw">
        A chart needs a column of times or numbers, another of numbers, and two rows or more.
      </Nothing>
    )
  const series = plot.names.map((label, index) => ({
    label,
    tone: `series-${index + 1}`,
    fill: plot.names.length === 1,
    bars: !plot.time,
  }))
  return (
    <div class="chart-body">
      <p class="legend">
        {series.map(({ label, tone }) => (
          <span key={label}>
            <span class="swatch" style={{ background: `var(--${tone})` }} />
            {label}
          </span>
        ))}
      </p>
      <TimeChart
        label={`Chart of ${plot.names.join(', ')}`}
        data={plot.data}
        series={series}
        numeric={!plot.time}
        value={shown}
      />
    </div>
  )
}

function shown(value: number): string {
  return Math.abs(value) >= 1_000_000 ? shortText(value) : String(Number(value.toPrecision(8)))
}

interface Plot {
  readonly time: boolean
  readonly names: readonly string[]
  readonly data: [number[], ...(number | null)[][]]
}

function plotOf({ columns, rows }: SqlAnswer): Plot | undefined {
  const isTime = columns.map(({ type }) => /TIMESTAMP|DATE/i.test(type))
  const isNumber = columns.map(({ type }) => /INT|DOUBLE|FLOAT|DECIMAL|REAL/i.test(type))
  const time = isTime.indexOf(true)
  const across = time >= 0 ? time : -1
  const up = columns.flatMap((_, index) => (isNumber[index] && index !== across ? [index] : [])).slice(0, MOST_SERIES)
  if (up.length === 0 || rows.length < 2) return undefined
  const points = rows
    .map((row, index) => ({ at: across < 0 ? index : secondsOf(row[across]), row }))
    .filter((each): each is { at: number; row: readonly unknown[] } => each.at !== undefined)
    .sort((a, b) => a.at - b.at)
  if (points.length < 2) return undefined
  return {
    time: across >= 0,
    names: up.map((index) => columns[index]?.name ?? ''),
    data: [
      points.map(({ at }) => at),
      ...up.map((index) =>
        points.map(({ row }) => (row[index] === null || row[index] === undefined ? null : Number(row[index]))),
      ),
    ],
  }
}

/** Times as the API writes them: ISO, with a blank or a T, without a zone UTC. */
function secondsOf(value: unknown): number | undefined {
  const text = String(value)
  const iso = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text.replace(' ', 'T')
  const ms = millisOf(/(Z|[+-]\d\d:?\d\d)$/.test(iso) || /^\d+$/.test(iso) ? iso : `${iso}Z`)
  return ms === undefined ? undefined : ms / 1000
}
