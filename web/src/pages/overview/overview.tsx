import '../../styles/overview.css'
import { useMemo } from 'preact/hooks'
import type { AlertRow, GapRow, Health, InventoryRow, SyncAnswer } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { bytesText, lagText, rateText, shareText, shortText } from '../../parts/number-text.js'
import { Sparkline } from '../../parts/sparkline.js'
import { durationText } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { SAMPLES } from '../../state/streams-store.js'
import { concernsOf } from './attention.js'
import { Attention } from './attention-list.js'
import { RateChart } from './rate-chart.js'
import { type Venue, venuesOf } from './venue.js'

const DAY_MS = 86_400_000

/** What needs attention first, then the exchanges. */
export default function Overview() {
  const { api, streams, now } = useApp()
  const today = new Date(Math.floor(now.value / DAY_MS) * DAY_MS).toISOString()
  const gaps = useResource((signal) => api.get<readonly GapRow[]>('/gaps', { from: today }, signal), [today], 10_000)
  const inventory = useResource((signal) => api.get<readonly InventoryRow[]>('/inventory', {}, signal), [], 15_000)
  const health = useResource((signal) => api.get<Health>('/health', {}, signal), [], 5000)
  const sync = useResource((signal) => api.get<SyncAnswer>('/sync', {}, signal), [], 30_000)
  const alerts = useResource(
    (signal) => api.get<readonly AlertRow[]>('/alerts', { state: 'active' }, signal),
    [],
    10_000,
  )
  const rows = streams.rows.value
  const missing = gaps.data ?? []
  const venues = useMemo(() => venuesOf(rows, missing), [rows, missing])
  const concerns = useMemo(
    () =>
      concernsOf({
        streams: rows,
        gaps: missing,
        sync: sync.data,
        alerts: alerts.data,
        drifts: health.data?.drifts ?? [],
      }),
    [rows, missing, sync.data, alerts.data, health.data?.drifts],
  )
  const reload = () => {
    gaps.reload()
    sync.reload()
    alerts.reload()
  }
  if (streams.error.value && !streams.loaded.value)
    return (
      <div class="page">
        <Failure error={streams.error.value} onRetry={() => void streams.load()} />
      </div>
    )
  if (!streams.loaded.value) return <Loading what="the streams" />
  if (rows.length === 0)
    return (
      <Nothing
        icon="streams"
        title="Nothing is recorded yet"
        action={
          <a class="button main" href={placeHref('streams', { add: '1' })}>
            <Icon name="plus" />
            Add a stream
          </a>
        }
      >
        Choose an exchange, a pair and what to record of it; or name them in the config.
      </Nothing>
    )
  return (
    <div class="page">
      <Attention concerns={concerns} onChanged={reload} />
      <Figures
        inventory={inventory.data}
        health={health.data}
        gapSeconds={venues.reduce((sum, each) => sum + each.gapSeconds, 0)}
      />
      <section class="venues" aria-label="Exchanges">
        {venues.map((venue) => (
          <VenueTile key={venue.exchange} venue={venue} />
        ))}
      </section>
      <RateChart venues={venues} />
    </div>
  )
}

interface FiguresProps {
  readonly inventory: readonly InventoryRow[] | undefined
  readonly health: Health | undefined
  readonly gapSeconds: number
}

function Figures({ inventory, health, gapSeconds }: FiguresProps) {
  const { streams } = useApp()
  const rows = streams.rows.value
  const live = rows.filter(({ state }) => state === 'live').length
  const durable = health?.journal_lag_ms
  const stored = inventory?.reduce((sum, each) => sum + each.rows, 0)
  const bytes = inventory?.reduce((sum, each) => sum + each.bytes, 0)
  const known = inventory?.flatMap(({ coverage }) => (coverage === null ? [] : [coverage])) ?? []
  const held = known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : undefined
  return (
    <section class="panel figures" aria-label="In figures">
      <Figure
        name="Receiving"
        value={rateText(streams.total.value)}
        unit="events/s"
        note={`${live} of ${rows.length} streams live`}
      />
      <Figure
        name="Held by proof"
        value={held === undefined ? '–' : shareText(held)}
        note={known.length ? `mean of ${known.length} datasets` : 'nothing is known yet'}
      />
      <Figure
        name="Missing today"
        value={durationText(gapSeconds)}
        tone={gapSeconds > 0 ? 'warn' : undefined}
        note="since 00:00 UTC"
      />
      <Figure
        name="Stored"
        value={stored === undefined ? '–' : shortText(stored)}
        unit="rows"
        note={bytes === undefined ? '' : `${bytesText(bytes)} in ${inventory?.length ?? 0} datasets`}
      />
      <Figure
        name={durable ? 'Durable within' : 'Rows safe within'}
        value={lagText(durable ?? health?.store_lag_ms)}
        note={health ? `up ${durationText(health.uptime_s)}, version ${health.version}` : ''}
      />
    </section>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly unit?: string
  readonly note: string
  readonly tone?: 'warn' | undefined
}

function Figure({ name, value, unit, note, tone }: FigureProps) {
  return (
    <div class="figure">
      <span class="name">{name}</span>
      <span class={`value ${tone ?? ''}`}>
        {value}
        {unit && <span class="unit">{unit}</span>}
      </span>
      <span class="note cut">{note}</span>
    </div>
  )
}

function VenueTile({ venue }: { venue: Venue }) {
  const { streams } = useApp()
  streams.sampled.value
  const { exchange, rate, keys, up, wanted, lagMedian, lagHigh, gapSeconds, tone } = venue
  return (
    <a class="venue" href={placeHref('streams', { exchange })}>
      <div class="row">
        <span class={`badge ${tone}`} />
        <span class="title grow cut" title={exchange}>
          {exchange}
        </span>
        <span class="soft nowrap">
          {up}/{wanted}
          <span class="no-phone"> up</span>
        </span>
      </div>
      <div class="row">
        <span class="rate">{rateText(rate)}</span>
        <span class="soft">/s</span>
        <span class="grow">
          <Sparkline
            values={streams.ratesOfAll(keys)}
            length={SAMPLES}
            label={`Rate of ${exchange}, now ${rateText(rate)} events a second`}
          />
        </span>
      </div>
      <dl>
        <div>
          <dt>Lag p50</dt>
          <dd>{lagText(lagMedian)}</dd>
        </div>
        <div>
          <dt>Lag p99</dt>
          <dd>{lagText(lagHigh)}</dd>
        </div>
        <div>
          <dt title="Missing today, since 00:00 UTC">Missing</dt>
          <dd class={gapSeconds > 0 ? 'warn' : 'good'}>{durationText(gapSeconds)}</dd>
        </div>
      </dl>
    </a>
  )
}
