import '../../styles/alerts.css'
import { useEffect } from 'preact/hooks'
import type { AlertRow, ConfigAnswer, LogLine } from '../../api/contract.js'
import { LogLines } from '../../parts/log-lines.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { Segments } from '../../parts/segments.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { AlertItem } from './alert-item.js'
import { Receiver } from './receiver.js'

const STATES = [
  ['active', 'Now'],
  ['past', 'Over'],
  ['all', 'All'],
] as const

/** What keeps failing and what did, who is told of it, and what was warned of. */
export default function Alerts() {
  const { api, feed, router, toasts } = useApp()
  const { query } = router.place.value
  const [state] = STATES.find(([id]) => id === query.state) ?? STATES[0]
  const alerts = useResource((signal) => api.get<readonly AlertRow[]>('/alerts', { state }, signal), [state], 15_000)
  const config = useResource((signal) => api.get<ConfigAnswer>('/config', {}, signal), [])
  const said = useResource(
    (signal) => api.get<readonly LogLine[]>('/logs', { level: 'warn', tail: 200 }, signal),
    [],
    5000,
  )
  useEffect(() => feed.on('alert', alerts.reload), [feed])
  const acknowledge = async ({ id }: AlertRow) => {
    try {
      await api.post(`/alerts/${id}/ack`)
      alerts.reload()
    } catch (error) {
      toasts.failed('It could not be acknowledged', error)
    }
  }
  const rows = alerts.data ?? []
  const lines = [...(said.data ?? [])].reverse()
  return (
    <div class="page">
      <section class="panel" aria-label="Alerts">
        <header>
          <h2 class="grow">What keeps failing</h2>
          <Segments
            label="Which alerts"
            options={STATES}
            value={state}
            onChoose={(id) => router.narrow({ state: id })}
          />
        </header>
        {alerts.error && <Failure error={alerts.error} onRetry={alerts.reload} />}
        {!alerts.data && alerts.loading && <Loading what="the alerts" />}
        {alerts.data && rows.length === 0 && (
          <Nothing icon="check" title={state === 'active' ? 'Nothing keeps failing' : 'No alert was ever raised'}>
            A stream, a copy or the disk that fails several times in a row stands here, with what to do about it.
          </Nothing>
        )}
        <ul class="alerts">
          {rows.map((alert) => (
            <AlertItem key={alert.id} alert={alert} onAcknowledge={() => void acknowledge(alert)} />
          ))}
        </ul>
      </section>
      <Receiver config={config.data} />
      <section class="panel">
        <header>
          <h2 class="grow">Warnings and errors of the log</h2>
          <a class="button plain small" href={placeHref('logs', { level: 'warn' })}>
            All of the log
          </a>
        </header>
        <div class="body">
          {said.error && <Failure error={said.error} onRetry={said.reload} />}
          {lines.length > 0 && <LogLines lines={lines} />}
          {said.data && lines.length === 0 && (
            <Nothing icon="check" title="No warning was logged">
              Refusals, cuts and failed copies appear here.
            </Nothing>
          )}
        </div>
      </section>
    </div>
  )
}
