import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Registry } from 'prom-client'
import { health } from '../service/health.js'
import type { Ports } from '../service/ports.js'

const STREAM_LABELS = ['key', 'exchange', 'pair'] as const

/** `GET /metrics`: the plain counts of the daemon in the text format of Prometheus, put together when they are asked for. */
export function addMetricsRoute(app: FastifyInstance, ports: Ports): void {
  const answers = new Map<number, number>()
  app.addHook('onResponse', async (_request, reply) => {
    answers.set(reply.statusCode, (answers.get(reply.statusCode) ?? 0) + 1)
  })
  app.get('/metrics', async (_request, reply) => {
    const registry = new Registry()
    addDaemon(registry, ports)
    addStreams(registry, ports)
    const requests = counter(registry, 'dccd_http_requests_total', 'Answers of the HTTP API by status.', ['status'])
    for (const [status, count] of answers) requests.inc({ status: String(status) }, count)
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

function gauge<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Gauge<L> {
  return new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] })
}

function counter<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[],
): Counter<L> {
  return new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })
}

function addDaemon(registry: Registry, ports: Ports): void {
  const { status, version, uptime_s, streams, journal_lag_ms, store_lag_ms, drifts } = health(ports)
  gauge(registry, 'dccd_info', 'Always 1; the version as a label.', ['version']).set({ version }, 1)
  gauge(registry, 'dccd_up', '1 when everything does what is wanted of it, 0 when the daemon is degraded.').set(
    status === 'ok' ? 1 : 0,
  )
  gauge(registry, 'dccd_uptime_seconds', 'Since the daemon started.').set(uptime_s)
  const states = gauge(registry, 'dccd_streams', 'Streams by state.', ['state'])
  for (const [state, count] of Object.entries(streams)) states.set({ state }, count)
  gauge(registry, 'dccd_journal_lag_seconds', 'Age of the oldest frame that is not yet durable.').set(
    journal_lag_ms / 1000,
  )
  const drift = counter(registry, 'dccd_schema_drift_total', 'Messages looked at that are not as documented.', [
    'exchange',
    'channel',
    'what',
    'name',
  ])
  for (const { exchange, channel, what, name, count } of drifts)
    drift.inc({ exchange, channel: channel ?? '', what, name }, count)
  if (store_lag_ms !== null)
    gauge(registry, 'dccd_store_lag_seconds', 'Age of the oldest row that is not yet committed.').set(
      store_lag_ms / 1000,
    )
}

function addStreams(registry: Registry, ports: Ports): void {
  const make = (name: string, help: string) => gauge(registry, `dccd_stream_${name}`, help, STREAM_LABELS)
  const count = (name: string, help: string) => counter(registry, `dccd_stream_${name}`, help, STREAM_LABELS)
  const up = make('up', '1 while it is live.')
  const rate = make('events_per_second', 'Over the last ten seconds.')
  const lag = make('lag_seconds', 'Median of receive minus exchange time.')
  const last = make('last_event_timestamp_seconds', 'When the last event came, seconds since 1970.')
  const rows = count('rows_total', 'Rows derived since it started.')
  const reconnects = count('reconnects_total', 'Connections lost since it started.')
  const breaks = count('gaps_total', 'Breaks since it started.')
  const gaps = make('gaps', 'Stretches that were wanted and are not held, as the ledger has them now.')
  for (const row of ports.streams.status()) {
    if (row.state === 'draining') continue
    const labels = { key: row.key, exchange: row.exchange, pair: row.pair }
    up.set(labels, row.state === 'live' ? 1 : 0)
    rate.set(labels, row.rate)
    if (row.lagMs !== undefined) lag.set(labels, row.lagMs / 1000)
    if (row.lastEvent !== undefined) last.set(labels, Number(row.lastEvent / 1_000_000n) / 1000)
    rows.inc(labels, row.rows)
    reconnects.inc(labels, row.reconnects)
    breaks.inc(labels, row.breaks)
    if (row.gaps !== undefined) gaps.set(labels, row.gaps)
  }
}
