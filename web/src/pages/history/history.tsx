import '../../styles/history.css'
import { useEffect, useLayoutEffect } from 'preact/hooks'
import { isRecord } from '../../api/api-client.js'
import type { JobRow, JobsAnswer, RunRow } from '../../api/contract.js'
import { type Column, DataTable } from '../../parts/data-table.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { bytesText, countText, shortText } from '../../parts/number-text.js'
import { TwoLines } from '../../parts/two-lines.js'
import { placeHref } from '../../shell/router.js'
import { type App, useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { Backfill } from './backfill.js'
import { RunDrawer } from './run-drawer.js'
import { aboutText, etaText, percentText, RunBadge, RunProgress } from './run-state.js'

const RUN_COLUMNS: readonly Column<RunRow>[] = [
  { id: 'id', title: 'Run', width: '44px', cell: ({ id }) => id, order: ({ id }) => id },
  {
    id: 'state',
    title: 'State',
    width: '104px',
    cell: (run, has) => <RunBadge state={run.state} more={has('progress') ? '' : percentText(run)} />,
    order: ({ state }) => state,
  },
  {
    id: 'about',
    title: 'What',
    width: 'minmax(130px, 2fr)',
    cell: (run, has) => (
      <TwoLines name={aboutText(run)} about={[!has('eta') && etaText(run) && `${etaText(run)} left`]} />
    ),
    order: aboutText,
  },
  { id: 'trigger', title: 'By', width: '76px', drop: 900, cell: ({ trigger }) => <span class="soft">{trigger}</span> },
  {
    id: 'progress',
    title: 'Progress',
    width: 'minmax(110px, 1fr)',
    drop: 560,
    cell: (run) => <RunProgress run={run} />,
    order: ({ progress }) => progress,
  },
  { id: 'eta', title: 'Left', width: '92px', align: 'right', drop: 760, cell: (run) => etaText(run) },
  {
    id: 'rows',
    title: 'Rows',
    width: '68px',
    align: 'right',
    drop: 440,
    cell: ({ rows }) => shortText(rows),
    order: ({ rows }) => rows,
  },
  {
    id: 'bytes',
    title: 'Fetched',
    width: '76px',
    align: 'right',
    drop: 820,
    cell: ({ bytes }) => bytesText(bytes),
    order: ({ bytes }) => bytes,
  },
  {
    id: 'created',
    title: 'Asked for',
    width: '148px',
    drop: 680,
    cell: ({ created }) => <Instant at={created} />,
    order: ({ created }) => created,
  },
]

function jobColumns(app: App, reload: () => void): readonly Column<JobRow>[] {
  return [
    {
      id: 'id',
      title: 'Job',
      width: 'minmax(160px, 2fr)',
      cell: ({ id }) => <span title={id}>{id}</span>,
      order: ({ id }) => id,
    },
    { id: 'schedule', title: 'When', width: 'minmax(110px, 1fr)', drop: 560, cell: ({ schedule }) => schedule },
    {
      id: 'next',
      title: 'Next',
      width: '148px',
      drop: 700,
      cell: ({ next }) => <Instant at={next} />,
      order: ({ next }) => next ?? '',
    },
    {
      id: 'last',
      title: 'Last run',
      width: '110px',
      cell: ({ last, running }) =>
        running !== null ? (
          <RunBadge state="running" />
        ) : last ? (
          <RunBadge state={last.state} />
        ) : (
          <span class="faint">never</span>
        ),
    },
    {
      id: 'failures',
      title: 'Failures',
      width: '62px',
      align: 'right',
      drop: 820,
      cell: ({ failures }) => <span class={failures ? 'bad' : 'faint'}>{failures}</span>,
      order: ({ failures }) => failures,
    },
    {
      id: 'run',
      title: '',
      width: '70px',
      align: 'right',
      cell: ({ id, running }) => (
        <button
          type="button"
          class="button small"
          disabled={!app.mayControl.value || running !== null}
          onClick={() => void runNow(app, id).then(reload)}
        >
          Run
        </button>
      ),
    },
  ]
}

async function runNow(app: App, job: string): Promise<void> {
  try {
    const run = await app.api.post<RunRow>(`/jobs/${encodeURIComponent(job)}/run`)
    app.toasts.done(`Run ${run.id} has begun`)
  } catch (error) {
    app.toasts.failed('The job could not be started', error)
  }
}

/** Histories: what is scheduled, what ran, how far it is. */
export default function History() {
  const app = useApp()
  const { api, router, keys, feed, toasts } = app
  const { query } = router.place.value
  const jobs = useResource((signal) => api.get<JobsAnswer>('/jobs', {}, signal), [], 5000)
  const runs = useResource((signal) => api.get<readonly RunRow[]>('/runs', { limit: 200 }, signal), [], 2000)
  const mayControl = app.mayControl.value
  useEffect(() => feed.on('progress', (data) => isRecord(data) && runs.reload()), [feed])
  useLayoutEffect(
    () =>
      keys.bind([
        { keys: 'Escape', label: 'Close', group: 'This page', run: () => router.narrow({ run: undefined }) },
        ...(mayControl
          ? [{ keys: 'b', label: 'Backfill', group: 'This page', run: () => router.narrow({ add: '1' }) }]
          : []),
      ]),
    [keys, router, mayControl],
  )
  const pause = async (paused: boolean) => {
    try {
      await api.post('/scheduler', { paused })
      toasts.done(paused ? 'The scheduler is paused' : 'The scheduler goes on')
      jobs.reload()
    } catch (error) {
      toasts.failed('The scheduler could not be changed', error)
    }
  }
  const scheduled = jobs.data?.jobs ?? []
  return (
    <div class="page filled">
      <div class="toolbar">
        <p class="soft grow">
          {scheduled.length > 0 &&
            `${countText(scheduled.length)} scheduled ${scheduled.length === 1 ? 'job' : 'jobs'}`}
          {jobs.data?.paused && <span class="warn"> · the scheduler is paused: nothing starts by itself</span>}
        </p>
        {mayControl && jobs.data && (scheduled.length > 0 || jobs.data.paused) && (
          <button type="button" class="button" onClick={() => void pause(!jobs.data?.paused)}>
            <Icon name={jobs.data.paused ? 'play' : 'pause'} size={13} />
            {jobs.data.paused ? 'Resume the schedules' : 'Pause the schedules'}
          </button>
        )}
        {mayControl && (
          <button type="button" class="button main" onClick={() => router.narrow({ add: '1' })}>
            <Icon name="plus" />
            Backfill
          </button>
        )}
      </div>
      {jobs.error && <Failure error={jobs.error} onRetry={jobs.reload} />}
      <div class="halves">
        <section class="panel jobs-panel" aria-label="Jobs">
          {jobs.data && scheduled.length === 0 ? (
            <p class="soft body">
              Nothing is scheduled: name <code>histo_jobs</code> in the <a href={placeHref('config')}>config</a> to
              fetch histories again and again. A backfill fetches once.
            </p>
          ) : (
            <DataTable
              label="Jobs"
              rows={scheduled}
              columns={jobColumns(app, jobs.reload)}
              id={({ id }) => id}
              empty={<Loading what="the jobs" />}
            />
          )}
        </section>
        <section class="panel" aria-label="Runs">
          {runs.error && !runs.data ? (
            <Failure error={runs.error} onRetry={runs.reload} />
          ) : runs.data ? (
            <DataTable
              label="Runs"
              rows={runs.data}
              columns={RUN_COLUMNS}
              id={({ id }) => String(id)}
              opened={query.run}
              sort={{ column: 'id', down: true }}
              onOpen={({ id }) => router.narrow({ run: String(id) })}
              empty={
                <Nothing
                  icon="history"
                  title="No history was fetched yet"
                  action={
                    mayControl && (
                      <button type="button" class="button" onClick={() => router.narrow({ add: '1' })}>
                        Backfill history
                      </button>
                    )
                  }
                >
                  A backfill fetches what an exchange still has of the past: trades and candles. A repair fills the
                  gaps.
                </Nothing>
              }
            />
          ) : (
            <Loading what="the runs" />
          )}
        </section>
      </div>
      {query.run && <RunDrawer key={query.run} id={query.run} onClose={() => router.narrow({ run: undefined })} />}
      {query.add === '1' && (
        <Backfill
          onClose={() => router.narrow({ add: undefined })}
          onStarted={(run) => {
            router.narrow({ add: undefined, run: String(run.id) })
            runs.reload()
          }}
        />
      )}
    </div>
  )
}
