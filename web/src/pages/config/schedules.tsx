import { type FormProps, SimpleInput, SpanInput } from './fields.js'
import { JobList } from './job-list.js'

const KINDS = ['ohlc', 'trades', 'funding', 'open_interest']
const TRIGGERS = ['interval', 'cron', 'once', 'manual']

const FRESH = { pairs: ['BTC/USDT'], data_type: 'trades', trigger_kind: 'cron', cron: '0 3 * * *' }

/** Histories that are fetched by a schedule: what, from when on, and when. */
export function Schedules(form: FormProps) {
  return (
    <JobList kind="jobs" title="Schedules" fresh={FRESH} form={form}>
      {(job, set) => {
        const kind = String(job.data_type ?? 'ohlc')
        const trigger = String(job.trigger_kind ?? 'interval')
        return (
          <div class="fields">
            <Choice name="What" of={KINDS} value={kind} onValue={(value) => set('data_type', value)} />
            {kind === 'ohlc' && <SpanInput value={job.span} onValue={(value) => set('span', value)} />}
            <SimpleInput
              name="From"
              type="text"
              preset="last"
              value={job.start}
              onValue={(value) => set('start', value)}
            />
            <Choice name="When" of={TRIGGERS} value={trigger} onValue={(value) => set('trigger_kind', value)} />
            {trigger === 'interval' && (
              <SimpleInput
                name="Seconds between runs"
                type="number"
                preset="3600"
                value={job.every}
                onValue={(value) => set('every', value)}
              />
            )}
            {trigger === 'cron' && (
              <SimpleInput
                name="Cron"
                type="text"
                preset="0 3 * * *"
                value={job.cron}
                onValue={(value) => set('cron', value)}
              />
            )}
          </div>
        )
      }}
    </JobList>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly of: readonly string[]
  readonly value: string
  onValue(value: string): void
}

function Choice({ name, of, value, onValue }: ChoiceProps) {
  return (
    <label class="field">
      <span class="name">{name}</span>
      <select class="input" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {[...new Set([value, ...of])].map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  )
}
