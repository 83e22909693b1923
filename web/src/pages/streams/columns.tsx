import type { StreamRow } from '../../api/contract.js'
import type { Column } from '../../parts/data-table.js'
import { countText, lagText, rateText, shortText } from '../../parts/number-text.js'
import { Sparkline } from '../../parts/sparkline.js'
import { StateBadge } from '../../parts/state-badge.js'
import { ageText, millisOf } from '../../parts/time-text.js'
import { TwoLines } from '../../parts/two-lines.js'
import { useApp } from '../../state/app-context.js'
import { idOf, SAMPLES } from '../../state/streams-store.js'

/** The columns of the table of streams. */
export const STREAM_COLUMNS: readonly Column<StreamRow>[] = [
  {
    id: 'state',
    title: 'State',
    width: '88px',
    cell: ({ state }) => <StateBadge state={state} />,
    order: ({ state }) => state,
  },
  {
    id: 'exchange',
    title: 'Exchange',
    width: '128px',
    drop: 990,
    cell: ({ exchange }) => exchange,
    order: ({ exchange }) => exchange,
  },
  {
    id: 'pair',
    title: 'Pair',
    width: 'minmax(132px, 1fr)',
    cell: ({ pair, exchange, channels, error }, has) => (
      <span title={error?.message}>
        <TwoLines name={pair} about={[!has('exchange') && exchange, !has('channels') && channels.join(', ')]} />
      </span>
    ),
    order: ({ pair }) => pair,
  },
  {
    id: 'channels',
    title: 'Channels',
    width: 'minmax(120px, 2.2fr)',
    drop: 985,
    cell: ({ channels }) => (
      <span class="soft" title={channels.join(', ')}>
        {channels.join(', ')}
      </span>
    ),
    order: ({ channels }) => channels.join(' '),
  },
  {
    id: 'trend',
    title: 'Last 90 s',
    width: '104px',
    drop: 720,
    cell: (row) => <Trend row={row} />,
  },
  {
    id: 'rate',
    title: 'Events/s',
    width: '70px',
    align: 'right',
    cell: ({ rate }) => rateText(rate),
    order: ({ rate }) => rate,
  },
  {
    id: 'age',
    title: 'Last event',
    width: '70px',
    align: 'right',
    drop: 640,
    cell: (row) => <Age row={row} />,
    order: ({ last_event }) => millisOf(last_event) ?? 0,
  },
  {
    id: 'lag',
    title: 'Lag',
    width: '64px',
    align: 'right',
    drop: 480,
    cell: ({ lag_ms }) => lagText(lag_ms),
    order: ({ lag_ms }) => lag_ms ?? -1,
  },
  {
    id: 'reconnects',
    title: 'Reconnects',
    width: '80px',
    align: 'right',
    drop: 980,
    cell: ({ reconnects }) => <span class={reconnects ? '' : 'faint'}>{countText(reconnects)}</span>,
    order: ({ reconnects }) => reconnects,
  },
  {
    id: 'gaps',
    title: 'Gaps',
    width: '44px',
    drop: 400,
    align: 'right',
    cell: ({ gaps }) => <span class={gaps ? 'warn' : 'faint'}>{countText(gaps)}</span>,
    order: ({ gaps }) => gaps,
  },
  {
    id: 'rows',
    title: 'Rows',
    width: '64px',
    align: 'right',
    drop: 820,
    cell: ({ rows }) => shortText(rows),
    order: ({ rows }) => rows,
  },
]

function Trend({ row }: { row: StreamRow }) {
  const { streams } = useApp()
  streams.sampled.value
  const sick = row.state === 'failed' || row.state === 'degraded'
  return (
    <Sparkline
      values={streams.ratesOf(row.key)}
      length={SAMPLES}
      label={`Rate of ${idOf(row)}, now ${rateText(row.rate)}`}
      tone={sick ? 'var(--warn)' : 'var(--series-1)'}
    />
  )
}

const LATE_MS = 60_000

function Age({ row }: { row: StreamRow }) {
  const now = useApp().now.value
  const at = millisOf(row.last_event)
  const late = at !== undefined && row.running && now - at > LATE_MS
  return <span class={late ? 'warn' : ''}>{ageText(at, now)}</span>
}
