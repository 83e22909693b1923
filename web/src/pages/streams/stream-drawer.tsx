import { useState } from 'preact/hooks'
import type { LogLine, StreamRow } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { LogLines } from '../../parts/log-lines.js'
import { Failure, Nothing } from '../../parts/nothing.js'
import { countText, lagText, rateText } from '../../parts/number-text.js'
import { StateBadge } from '../../parts/state-badge.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { controlStreams } from '../../state/stream-control.js'
import { LiveView } from './live-view.js'

const TABS = ['Live', 'Connection log', 'Details'] as const

/** One stream: what it hears now, what its connection said, what it is. */
export function StreamDrawer({ row, onClose }: { row: StreamRow; onClose(): void }) {
  const app = useApp()
  const [tab, setTab] = useState<(typeof TABS)[number]>('Live')
  const { key, exchange, pair, state, error } = row
  const idle = state === 'stopped' || state === 'failed'
  return (
    <aside class="drawer" aria-label={`Stream ${key}`}>
      <header>
        <div class="grow">
          <h2 class="cut">
            {pair} <span class="soft">on {exchange}</span>
          </h2>
          <StateBadge state={state} />
        </div>
        {app.mayControl.value && (
          <>
            <button
              type="button"
              class="button small"
              onClick={() => void controlStreams(app, idle ? 'start' : 'stop', [key])}
            >
              <Icon name={idle ? 'play' : 'stop'} size={12} />
              {idle ? 'Start' : 'Stop'}
            </button>
            <button type="button" class="button small" onClick={() => void controlStreams(app, 'restart', [key])}>
              <Icon name="restart" size={12} />
              Restart
            </button>
          </>
        )}
        <button type="button" class="button plain" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="tabs" role="tablist">
        {TABS.map((each) => (
          <button key={each} type="button" role="tab" aria-selected={each === tab} onClick={() => setTab(each)}>
            {each}
          </button>
        ))}
      </div>
      <div class="body stack" role="tabpanel" aria-label={tab} tabIndex={0}>
        {error && (
          <div class="notice bad" role="alert">
            <div>
              <strong>{error.message}</strong>
              <p>
                {error.remedy} <span class="tag">{error.code}</span>
              </p>
            </div>
          </div>
        )}
        {tab === 'Live' && <LiveView row={row} />}
        {tab === 'Connection log' && <ConnectionLog row={row} />}
        {tab === 'Details' && <Details row={row} />}
      </div>
    </aside>
  )
}

function ConnectionLog({ row }: { row: StreamRow }) {
  const { api } = useApp()
  const log = useResource(
    (signal) => api.get<readonly LogLine[]>('/logs', { search: row.pair, tail: 200 }, signal),
    [row.key],
    4000,
  )
  if (log.error) return <Failure error={log.error} onRetry={log.reload} />
  const lines = (log.data ?? []).filter((line) => isAbout(line, row))
  if (lines.length === 0)
    return (
      <Nothing icon="logs" title="No line names this stream">
        Connections, refusals and gaps of it appear here.
      </Nothing>
    )
  return <LogLines lines={[...lines].reverse()} />
}

function isAbout({ message, fields }: LogLine, { key, exchange, pair }: StreamRow): boolean {
  const text = `${message} ${JSON.stringify(fields)}`
  return text.includes(key) || (text.includes(exchange) && text.includes(pair))
}

function Details({ row }: { row: StreamRow }) {
  return (
    <div class="stack">
      <dl class="facts">
        <dt>Key</dt>
        <dd class="mono">{row.key}</dd>
        <dt>Channels</dt>
        <dd>{row.channels.join(', ')}</dd>
        <dt>Rate</dt>
        <dd>{rateText(row.rate)} events a second</dd>
        <dt>Lag</dt>
        <dd>{lagText(row.lag_ms)}</dd>
        <dt>Last frame</dt>
        <dd>
          <Instant at={row.last_frame} />
        </dd>
        <dt>Last event</dt>
        <dd>
          <Instant at={row.last_event} />
        </dd>
        <dt>Reconnects</dt>
        <dd>{countText(row.reconnects)}</dd>
        <dt>Gaps</dt>
        <dd>{countText(row.gaps)}</dd>
        <dt>Rows</dt>
        <dd>{countText(row.rows)}</dd>
        <dt>Book snapshots</dt>
        <dd>every {row.time_step} s</dd>
        <dt>In the config</dt>
        <dd>{row.configured ? 'yes' : 'no: it runs until the daemon ends'}</dd>
      </dl>
      <div class="row wrap">
        <a class="button small" href={placeHref('data', { exchange: row.exchange, pair: row.pair })}>
          Coverage of {row.pair}
        </a>
        <a
          class="button small"
          href={placeHref('data/dataset', { exchange: row.exchange, pair: row.pair, kind: 'trades' })}
        >
          Stored trades
        </a>
      </div>
    </div>
  )
}
