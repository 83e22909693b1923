import '../../styles/streams.css'
import { useLayoutEffect, useMemo, useState } from 'preact/hooks'
import type { StreamRow } from '../../api/contract.js'
import { DataTable } from '../../parts/data-table.js'
import { Icon } from '../../parts/icon.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { SearchField } from '../../parts/search-field.js'
import { useApp } from '../../state/app-context.js'
import { controlStreams, type StreamAction } from '../../state/stream-control.js'
import { idOf } from '../../state/streams-store.js'
import { AddStream } from './add-stream.js'
import { STREAM_COLUMNS } from './columns.js'
import { StreamDrawer } from './stream-drawer.js'

const STATES = ['live', 'degraded', 'failed', 'connecting', 'subscribing', 'waiting', 'draining', 'stopped'] as const

/** Every stream: what it does now, and starting and stopping it. */
export default function Streams() {
  const app = useApp()
  const { streams, router, keys } = app
  const { query } = router.place.value
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const rows = streams.rows.value
  const shown = useMemo(() => rows.filter((row) => fits(row, query)), [rows, query])
  const mayControl = app.mayControl.value
  const adding = query.add === '1'
  const close = () => router.narrow({ open: undefined })

  const act = (action: StreamAction) => {
    const targets = chosen.size ? [...chosen] : query.open ? [query.open] : []
    if (targets.length) void controlStreams(app, action, targets).then(() => setChosen(new Set()))
  }
  // With the commit: what is shown answers to its keys.
  useLayoutEffect(() => {
    const bindings = [
      {
        keys: 'Escape',
        label: 'Close, choose none',
        group: 'This page',
        run: () => (query.open ? close() : setChosen(new Set())),
      },
      ...(mayControl
        ? [
            { keys: 'a', label: 'Add a stream', group: 'This page', run: () => router.narrow({ add: '1' }) },
            { keys: 's', label: 'Start the chosen', group: 'This page', run: () => act('start') },
            { keys: 'e', label: 'Stop the chosen', group: 'This page', run: () => act('stop') },
            { keys: 'r', label: 'Restart the chosen', group: 'This page', run: () => act('restart') },
          ]
        : []),
    ]
    return keys.bind(bindings)
  }, [keys, router, mayControl, chosen, query.open])

  if (streams.error.value && !streams.loaded.value)
    return (
      <div class="page">
        <Failure error={streams.error.value} onRetry={() => void streams.load()} />
      </div>
    )
  if (!streams.loaded.value) return <Loading what="the streams" />
  const opened = rows.find((row) => idOf(row) === query.open)
  return (
    <div class="page filled">
      <Filters rows={rows} />
      <section class="panel fill">
        {chosen.size > 0 && (
          <div class="bulk" role="status">
            <span class="grow">{chosen.size} chosen</span>
            {(['start', 'stop', 'restart'] as const).map((action) => (
              <button
                key={action}
                type="button"
                class="button small"
                disabled={!mayControl}
                onClick={() => act(action)}
              >
                <Icon name={action === 'start' ? 'play' : action} size={12} />
                {action === 'start' ? 'Start' : action === 'stop' ? 'Stop' : 'Restart'}
              </button>
            ))}
            <button
              type="button"
              class="button plain small"
              aria-label="Choose none"
              onClick={() => setChosen(new Set())}
            >
              <Icon name="close" size={12} />
            </button>
          </div>
        )}
        <DataTable
          label="Streams"
          rows={shown}
          columns={STREAM_COLUMNS}
          id={idOf}
          chosen={chosen}
          onChoose={setChosen}
          opened={query.open}
          onOpen={(row) => router.narrow({ open: idOf(row) })}
          empty={
            <Nothing icon="streams" title={rows.length ? 'No stream fits the filter' : 'Nothing is recorded yet'}>
              {rows.length ? 'Take a filter away, or add a stream.' : 'Add a stream, or name some in the config.'}
            </Nothing>
          }
        />
      </section>
      {opened && <StreamDrawer key={idOf(opened)} row={opened} onClose={close} />}
      {adding && <AddStream onClose={() => router.narrow({ add: undefined })} />}
    </div>
  )
}

function fits(row: StreamRow, query: Readonly<Record<string, string>>): boolean {
  if (query.state && row.state !== query.state) return false
  if (query.exchange && row.exchange !== query.exchange) return false
  const text = (query.search ?? '').toLowerCase().trim()
  if (text === '') return true
  const words =
    `${row.exchange} ${row.pair} ${row.channels.join(' ')} ${row.state} ${row.error?.code ?? ''}`.toLowerCase()
  return text.split(/\s+/).every((word) => words.includes(word))
}

function Filters({ rows }: { rows: readonly StreamRow[] }) {
  const { router, mayControl } = useApp()
  const { query } = router.place.value
  const exchanges = [...new Set(rows.map(({ exchange }) => exchange))].sort()
  const counts = new Map<string, number>()
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1)
  return (
    <div class="toolbar">
      <SearchField label="Search streams" value={query.search ?? ''} onInput={(search) => router.narrow({ search })} />
      <select
        class="input exchange-filter"
        aria-label="Exchange"
        value={query.exchange ?? ''}
        onChange={(event) => router.narrow({ exchange: event.currentTarget.value })}
      >
        <option value="">All exchanges</option>
        {exchanges.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <fieldset class="chips" aria-label="State">
        {STATES.filter((state) => counts.has(state) || state === query.state).map((state) => (
          <button
            key={state}
            type="button"
            class="chip"
            aria-pressed={query.state === state}
            onClick={() => router.narrow({ state: query.state === state ? undefined : state })}
          >
            {state} <span class="count">{counts.get(state) ?? 0}</span>
          </button>
        ))}
      </fieldset>
      <span class="grow" />
      {mayControl.value && (
        <button type="button" class="button main" onClick={() => router.narrow({ add: '1' })}>
          <Icon name="plus" />
          Add
        </button>
      )}
    </div>
  )
}
