import { useMemo } from 'preact/hooks'
import { rateText } from '../../parts/number-text.js'
import { TimeChart } from '../../parts/time-chart.js'
import { useApp } from '../../state/app-context.js'
import { SAMPLES } from '../../state/streams-store.js'
import type { Venue } from './venue.js'

const TONES = 10
/** The surfaces of more lie over each other and hide the lines. */
const FEW = 2

/** Events per second of every exchange over the last minute and a half. */
export function RateChart({ venues }: { venues: readonly Venue[] }) {
  const { streams, now } = useApp()
  const sampled = streams.sampled.value
  const data = useMemo(() => {
    const until = Math.floor(now.peek() / 1000)
    const times = Array.from({ length: SAMPLES }, (_, index) => until - SAMPLES + 1 + index)
    const lines = venues.map(({ keys }) => {
      const rates = streams.ratesOfAll(keys)
      return times.map((_, index) => rates[index - SAMPLES + rates.length] ?? null)
    })
    return [times, ...lines] as [number[], ...(number | null)[][]]
  }, [venues, sampled, streams, now])
  const series = venues.map(({ exchange }, index) => ({
    label: exchange,
    tone: `series-${(index % TONES) + 1}`,
    fill: venues.length <= FEW,
  }))
  return (
    <section class="panel">
      <header>
        <h2 class="grow">Events per second</h2>
        <span class="legend">
          {series.map(({ label, tone }) => (
            <span key={label}>
              <span class="swatch" style={{ background: `var(--${tone})` }} />
              {label}
            </span>
          ))}
        </span>
      </header>
      <div class="body">
        <TimeChart
          label={`Events per second: ${venues.map((each) => `${each.exchange} ${rateText(each.rate)}`).join(', ')}`}
          data={data}
          series={series}
          height={190}
          value={rateText}
        />
      </div>
    </section>
  )
}
