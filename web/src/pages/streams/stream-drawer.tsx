import { useState } from 'preact/hooks'
import type { StreamRow } from '../../api/contract.js'
import { Drawer } from '../../parts/drawer.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure } from '../../parts/nothing.js'
import { countText, lagText, rateText } from '../../parts/number-text.js'
import { StateBadge } from '../../parts/state-badge.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { controlStreams, removeStream } from '../../state/stream-control.js'
import { ConnectionLog } from './connection-log.js'
import { LiveView } from './live-view.js'

const TABS = ['Live', 'Connection log', 'Details'] as const

/** One stream: what it hears now, what its connection said, what it is. */
export function StreamDrawer({ row, onClose }: { row: StreamRow; onClose(): void }) {
  const app = useApp()
  const [tab, setTab] = useState<(typeof TABS)[number]>('Live')
  const { key, exchange, pair, state, error } = row
  const idle = state === 'stopped' || state === 'failed'
  return (
    <Drawer
      label={`Stream ${key}`}
      title={
        <>
          {pair} <span class="soft">on {exchange}</span>
        </>
      }
      state={<StateBadge state={state} />}
      actions={
        app.mayControl.value && (
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
        )
      }
      onClose={onClose}
    >
      <div class="tabs" role="tablist">
        {TABS.map((each) => (
          <button key={each} type="button" role="tab" aria-selected={each === tab} onClick={() => setTab(each)}>
            {each}
          </button>
        ))}
      </div>
      <div class="body stack" role="tabpanel" aria-label={tab} tabIndex={0}>
        {error && <Failure error={error} />}
        {tab === 'Live' && <LiveView row={row} />}
        {tab === 'Connection log' && <ConnectionLog row={row} />}
        {tab === 'Details' && <Details row={row} />}
      </div>
    </Drawer>
  )
}

function Details({ row }: { row: StreamRow }) {
  const app = useApp()
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
        <dd>
          {lagText(row.lag_ms)}, 99 of 100 events below {lagText(row.lag_p99_ms)}
        </dd>
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
        <a class="button small" href={placeHref('data/datasets', { search: `${row.exchange} ${row.pair} ` })}>
          What is stored of it
        </a>
        {app.mayControl.value && row.configured && (
          <button type="button" class="button small danger" onClick={() => void removeStream(app, row)}>
            Take it out of the config
          </button>
        )}
      </div>
    </div>
  )
}
