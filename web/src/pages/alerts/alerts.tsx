import '../../styles/overview.css'
import { useMemo } from 'preact/hooks'
import type { ConfigAnswer, GapRow, LogLine, SyncAnswer } from '../../api/contract.js'
import { LogLines } from '../../parts/log-lines.js'
import { Failure, Nothing } from '../../parts/nothing.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { concernsOf } from '../overview/attention.js'
import { Attention } from '../overview/attention-list.js'

const DAY_MS = 86_400_000

/** What is wrong now, who would be told, and what was said. */
export default function Alerts() {
  const { api, streams, now } = useApp()
  const today = new Date(Math.floor(now.value / DAY_MS) * DAY_MS).toISOString()
  const gaps = useResource((signal) => api.get<readonly GapRow[]>('/gaps', { from: today }, signal), [today], 10_000)
  const sync = useResource((signal) => api.get<SyncAnswer>('/sync', {}, signal), [], 30_000)
  const config = useResource((signal) => api.get<ConfigAnswer>('/config', {}, signal), [])
  const said = useResource(
    (signal) => api.get<readonly LogLine[]>('/logs', { level: 'warn', tail: 200 }, signal),
    [],
    5000,
  )
  const rows = streams.rows.value
  const concerns = useMemo(
    () => concernsOf({ streams: rows, gaps: gaps.data ?? [], sync: sync.data }),
    [rows, gaps.data, sync.data],
  )
  const lines = [...(said.data ?? [])].reverse()
  return (
    <div class="page">
      <Attention concerns={concerns} onChanged={gaps.reload} />
      <section class="panel">
        <header>
          <h2 class="grow">Who is told</h2>
          <a class="button small" href={placeHref('config')}>
            Change
          </a>
        </header>
        <div class="body">
          <Receivers config={config.data} />
        </div>
      </section>
      <section class="panel">
        <header>
          <h2 class="grow">Warnings and errors</h2>
          <a class="button plain small" href={placeHref('logs', { level: 'warn' })}>
            All of the log
          </a>
        </header>
        <div class="body">
          {said.error && <Failure error={said.error} onRetry={said.reload} />}
          {lines.length > 0 ? (
            <LogLines lines={lines} />
          ) : (
            !said.error && (
              <Nothing icon="check" title="No warning was logged">
                Refusals, cuts and failed copies appear here.
              </Nothing>
            )
          )}
        </div>
      </section>
    </div>
  )
}

function Receivers({ config }: { config: ConfigAnswer | undefined }) {
  const alerts = config?.config.alerts
  const entries = typeof alerts === 'object' && alerts !== null ? Object.entries(alerts) : []
  if (entries.length === 0) return <p class="soft">Nobody is told yet: name a receiver under alerts in the config.</p>
  return (
    <dl class="facts">
      {entries.map(([name, value]) => (
        <AlertFact key={name} name={name} value={value} />
      ))}
    </dl>
  )
}

function AlertFact({ name, value }: { name: string; value: unknown }) {
  const text =
    value === null || value === undefined
      ? 'not set'
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)
  return (
    <>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd class={text === 'not set' ? 'faint' : ''}>{text}</dd>
    </>
  )
}
