import { Icon } from '../../parts/icon.js'
import { appendTo, type FormProps, ListInput, SimpleInput } from './fields.js'
import { recordsAt, textsOf } from './yaml-text.js'

const KINDS = ['ohlc', 'trades', 'funding', 'open_interest']
const TRIGGERS = ['interval', 'cron', 'once', 'manual']

/** Histories that are fetched by a schedule: what, from when on, and when. */
export function Schedules({ values, readOnly, onSet }: FormProps) {
  const jobs = recordsAt(values, 'jobs')
  const add = () => {
    const job = { exchange: 'binance', pairs: ['BTC/USDT'], data_type: 'trades' }
    appendTo(onSet, ['jobs'], jobs.length, { ...job, trigger_kind: 'cron', cron: '0 3 * * *' })
  }
  return (
    <fieldset class="stack" disabled={readOnly} aria-label="Schedules">
      <div class="row">
        <h3 class="grow">Schedules</h3>
        <button type="button" class="button small" onClick={add}>
          <Icon name="plus" size={12} />
          Add
        </button>
      </div>
      {jobs.length === 0 && <p class="faint">none</p>}
      {jobs.map((job, index) => {
        const set = (key: string, value: unknown) => onSet(['jobs', index, key], value)
        const kind = String(job.data_type ?? 'ohlc')
        const trigger = String(job.trigger_kind ?? 'interval')
        return (
          <div key={`job ${index}`} class="job stack">
            <div class="row">
              <div class="grow">
                <SimpleInput
                  name="Exchange"
                  type="text"
                  preset="binance"
                  value={job.exchange}
                  onValue={(value) => set('exchange', value)}
                />
              </div>
              <button
                type="button"
                class="button plain small"
                aria-label={`Remove schedule ${index + 1}`}
                onClick={() => onSet(['jobs', index], undefined)}
              >
                <Icon name="close" size={12} />
              </button>
            </div>
            <ListInput name="Pairs" value={textsOf(job.pairs)} onValue={(value) => set('pairs', value)} />
            <div class="fields">
              <Choice name="What" of={KINDS} value={kind} onValue={(value) => set('data_type', value)} />
              {kind === 'ohlc' && (
                <SimpleInput
                  name="Candle length, seconds"
                  type="number"
                  preset="3600"
                  value={job.span}
                  onValue={(value) => set('span', value)}
                />
              )}
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
          </div>
        )
      })}
    </fieldset>
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
