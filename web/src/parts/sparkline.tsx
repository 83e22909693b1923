interface Props {
  readonly values: readonly number[]
  /** How many fit: fewer begin at the right. */
  readonly length: number
  readonly label: string
  readonly tone?: string
}

const WIDTH = 100
const HEIGHT = 22

/** A line without axes. What it ends at is told to screen readers. */
export function Sparkline({ values, length, label, tone = 'var(--series-1)' }: Props) {
  const most = Math.max(...values, 1e-9)
  const step = WIDTH / Math.max(1, length - 1)
  const points = values.map((value, index) => {
    const x = WIDTH - (values.length - 1 - index) * step
    return `${x.toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`
  })
  const line = points.length > 1 ? `M${points.join('L')}` : ''
  const start = WIDTH - (values.length - 1) * step
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {line && <path d={`${line}L${WIDTH},${HEIGHT}L${start.toFixed(1)},${HEIGHT}Z`} fill={tone} opacity="0.13" />}
      {line && <path d={line} fill="none" stroke={tone} stroke-width="1.3" vector-effect="non-scaling-stroke" />}
    </svg>
  )
}
