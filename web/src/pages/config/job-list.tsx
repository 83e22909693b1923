import type { ComponentChildren } from 'preact'
import type { ExchangeOffer } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { appendTo, type FormProps, ListInput } from './fields.js'
import { recordsAt, textsOf } from './yaml-text.js'

type Job = Readonly<Record<string, unknown>>

interface Props {
  /** The list of the config. */
  readonly kind: string
  readonly title: string
  /** What a new one begins with, beside its exchange. */
  readonly fresh: Job
  readonly form: FormProps
  /** The fields of one, after exchange and pairs; `offer`: what its exchange has, once that is known. */
  readonly children: (
    job: Job,
    set: (key: string, value: unknown) => void,
    offer: ExchangeOffer | undefined,
  ) => ComponentChildren
}

/** A list of the config whose items have an exchange and pairs: one is added, changed, taken out. */
export function JobList({ kind, title, fresh, form: { values, readOnly, onSet }, children }: Props) {
  const { api } = useApp()
  const offers = useResource((signal) => api.get<readonly ExchangeOffer[]>('/capabilities', {}, signal), [])
  const jobs = recordsAt(values, kind)
  const exchanges = (offers.data ?? []).map(({ exchange }) => exchange)
  return (
    <fieldset class="stack" disabled={readOnly} aria-label={title}>
      <div class="row">
        <h3 class="grow">{title}</h3>
        <button
          type="button"
          class="button small"
          onClick={() => appendTo(onSet, [kind], jobs.length, { exchange: exchanges[0] ?? 'binance', ...fresh })}
        >
          <Icon name="plus" size={12} />
          Add
        </button>
      </div>
      {jobs.length === 0 && <p class="faint">none</p>}
      {jobs.map((job, index) => {
        const set = (key: string, value: unknown) => onSet([kind, index, key], value)
        const exchange = String(job.exchange ?? '')
        return (
          <div key={`${kind} ${index}`} class="job stack">
            <div class="row">
              <label class="grow">
                <span class="hidden-label">Exchange</span>
                <select class="input" value={exchange} onChange={(event) => set('exchange', event.currentTarget.value)}>
                  {[...new Set([exchange, ...exchanges])].map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </select>
              </label>
              <button
                type="button"
                class="button plain small"
                aria-label={`Remove ${exchange}`}
                onClick={() => onSet([kind, index], undefined)}
              >
                <Icon name="close" size={12} />
              </button>
            </div>
            <ListInput name="Pairs" value={textsOf(job.pairs)} onValue={(value) => set('pairs', value)} />
            {children(
              job,
              set,
              offers.data?.find((each) => each.exchange === exchange),
            )}
          </div>
        )
      })}
    </fieldset>
  )
}
