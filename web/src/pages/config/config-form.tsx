import { Icon } from '../../parts/icon.js'
import { appendTo, ChannelChips, type FormProps, SimpleInput, SpanInput } from './fields.js'
import { JobList } from './job-list.js'
import { Schedules } from './schedules.js'
import { recordAt, recordsAt, textsOf } from './yaml-text.js'

type SimpleField = readonly [key: string, title: string, type: 'text' | 'number', preset: string]

const SECTIONS: readonly (readonly [section: string, title: string, fields: readonly SimpleField[]])[] = [
  [
    'settings',
    'Settings',
    [
      ['data_path', 'Where the data goes', 'text', './data/crypto'],
      ['timezone', 'Time zone', 'text', 'local'],
      ['ui_host', 'Address of this page', 'text', '127.0.0.1'],
      ['ui_port', 'Port', 'number', '8080'],
      ['workers', 'Threads that receive', 'text', 'auto'],
    ],
  ],
  [
    'journal',
    'Journal',
    [
      ['keep', 'Kept for', 'text', '7d'],
      ['max_bytes', 'At most, bytes', 'number', 'no limit'],
    ],
  ],
  [
    'storage',
    'Disk and copies',
    [
      ['min_free_gb', 'Pauses below, GB free', 'number', '1'],
      ['sync_interval', 'Seconds between two copies', 'number', '3600'],
    ],
  ],
  [
    'alerts',
    'Alerts',
    [
      ['webhook_url', 'Webhook', 'text', 'https://…'],
      ['format', 'Form', 'text', 'auto'],
      ['max_consecutive_errors', 'Failures before an alert', 'number', '3'],
    ],
  ],
]

/** The config as fields. A change of one is a change of that place in the text, nothing else. */
export function ConfigForm({ values, readOnly, onSet }: FormProps) {
  return (
    <div class="config-form stack">
      <StreamJobs values={values} readOnly={readOnly} onSet={onSet} />
      <HistoryJobs values={values} readOnly={readOnly} onSet={onSet} />
      <Schedules values={values} readOnly={readOnly} onSet={onSet} />
      {SECTIONS.map(([section, title, fields]) => (
        <fieldset key={section} class="stack" disabled={readOnly}>
          <h3>{title}</h3>
          <div class="fields">
            {fields.map(([key, name, type, preset]) => (
              <SimpleInput
                key={key}
                name={name}
                type={type}
                preset={preset}
                value={recordAt(values, section)[key]}
                onValue={(value) => onSet([section, key], value)}
              />
            ))}
          </div>
        </fieldset>
      ))}
      <Remotes values={values} readOnly={readOnly} onSet={onSet} />
    </div>
  )
}

function StreamJobs(form: FormProps) {
  const fresh = { pairs: ['BTC/USDT'], channels: ['trades'] }
  return (
    <JobList kind="stream_jobs" title="Streams" fresh={fresh} form={form}>
      {(job, set, offer) => (
        <>
          <ChannelChips
            offered={offer?.channels.map(({ channel }) => channel) ?? []}
            value={textsOf(job.channels)}
            onValue={(value) => set('channels', value)}
          />
          <div class="fields">
            <SimpleInput
              name="Levels a side"
              type="number"
              preset="all"
              value={job.depth}
              onValue={(value) => set('depth', value)}
            />
            <SimpleInput
              name="Seconds between snapshots"
              type="number"
              preset="60"
              value={job.time_step}
              onValue={(value) => set('time_step', value)}
            />
          </div>
        </>
      )}
    </JobList>
  )
}

function HistoryJobs(form: FormProps) {
  return (
    <JobList kind="histo_jobs" title="Histories" fresh={{ pairs: ['BTC/USDT'], span: 3600 }} form={form}>
      {(job, set) => (
        <div class="fields">
          <SpanInput value={job.span} onValue={(value) => set('span', value)} />
        </div>
      )}
    </JobList>
  )
}

function Remotes({ values, readOnly, onSet }: FormProps) {
  const remotes = recordsAt(recordAt(values, 'storage'), 'remotes')
  return (
    <fieldset class="stack" disabled={readOnly}>
      <div class="row">
        <h3 class="grow">Remotes</h3>
        <button
          type="button"
          class="button small"
          onClick={() =>
            appendTo(onSet, ['storage', 'remotes'], remotes.length, { provider: 'rclone', remote: 'nas:crypto' })
          }
        >
          <Icon name="plus" size={12} />
          Add
        </button>
      </div>
      {remotes.length === 0 && <p class="faint">none</p>}
      {remotes.map((remote, index) => (
        <div key={String(remote.remote)} class="row">
          <input
            class="input"
            aria-label="Remote of rclone"
            value={String(remote.remote ?? '')}
            onChange={(event) => onSet(['storage', 'remotes', index, 'remote'], event.currentTarget.value)}
          />
          <button
            type="button"
            class="button plain small"
            aria-label="Remove the remote"
            onClick={() => onSet(['storage', 'remotes', index], undefined)}
          >
            <Icon name="close" size={12} />
          </button>
        </div>
      ))}
    </fieldset>
  )
}
