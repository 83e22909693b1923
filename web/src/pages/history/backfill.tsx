import { useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/api-client.js'
import type { ExchangeOffer, RunPlan, RunRow } from '../../api/contract.js'
import { Dialog } from '../../parts/dialog.js'
import { Failure } from '../../parts/nothing.js'
import { bytesText, countText, shortText } from '../../parts/number-text.js'
import { PairSearch } from '../../parts/pair-search.js'
import { Segments } from '../../parts/segments.js'
import { isTime, TimeField } from '../../parts/time-field.js'
import { durationText, isoOf } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

const CHANNELS = ['trades', 'ohlc', 'funding', 'open_interest'] as const
const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const
const DAY = 86_400_000

const KINDS = [
  ['backfill', 'A range of time'],
  ['repair', 'Known gaps'],
] as const

const STARTS = [
  ['last', 'Go on from what is held'],
  ['origin', 'The first there is'],
  ['day', 'The last 24 hours'],
  ['week', 'The last 7 days'],
  ['own', 'A time of mine'],
] as const

/** Asks for history: first what it would be, then to do it. */
export function Backfill({ onClose, onStarted }: { onClose(): void; onStarted(run: RunRow): void }) {
  const { api, toasts } = useApp()
  const offers = useResource((signal) => api.get<readonly ExchangeOffer[]>('/capabilities', {}, signal), [])
  const [kind, setKind] = useState<'backfill' | 'repair'>('backfill')
  const [exchange, setExchange] = useState('')
  const [pairs, setPairs] = useState<readonly string[]>([])
  const [channels, setChannels] = useState<readonly string[]>(['trades'])
  const [interval, setInterval] = useState('1m')
  const [start, setStart] = useState<string>('day')
  const [own, setOwn] = useState(() => isoOf(Date.now() - DAY))
  const [until, setUntil] = useState('')
  const [again, setAgain] = useState(false)
  const [plan, setPlan] = useState<RunPlan>()
  const [error, setError] = useState<ApiError>()
  const [busy, setBusy] = useState<'plan' | 'start'>()

  const chosen = offers.data?.find((each) => each.exchange === exchange)
  const offered = CHANNELS.filter((channel) => !chosen || chosen.channels.some((each) => each.channel === channel))
  const lengths = chosen?.channels.find(({ channel }) => channel === 'ohlc')?.intervals ?? INTERVALS
  const refetch = kind === 'backfill' && start !== 'last' && again
  const asked = channels.filter((each) => offered.some((channel) => channel === each))

  const begin = () => {
    if (start === 'own') return own
    if (start === 'day') return isoOf(Date.now() - DAY)
    return start === 'week' ? isoOf(Date.now() - 7 * DAY) : start
  }
  const request = () => ({
    kind,
    ...(exchange ? { exchange } : {}),
    ...(pairs.length ? { pairs } : {}),
    ...(asked.length ? { channels: asked } : {}),
    ...(asked.includes('ohlc') ? { interval } : {}),
    start: begin(),
    ...(until ? { until } : {}),
    ...(refetch ? { refetch } : {}),
  })
  const ask = async (what: 'plan' | 'start') => {
    setBusy(what)
    setError(undefined)
    try {
      if (what === 'plan') setPlan(await api.post<RunPlan>('/runs/plan', request()))
      else {
        const run = await api.post<RunRow>('/runs', request())
        toasts.done(`Run ${run.id} has begun`)
        onStarted(run)
      }
    } catch (cause) {
      setError(asApiError(cause))
      setPlan(undefined)
    } finally {
      setBusy(undefined)
    }
  }
  const valid = (start !== 'own' || isTime(own)) && isTime(until, 'now')
  return (
    <Dialog
      title={kind === 'backfill' ? 'Backfill history' : 'Repair gaps'}
      onClose={onClose}
      foot={
        <>
          <button type="button" class="button" disabled={busy !== undefined || !valid} onClick={() => void ask('plan')}>
            {busy === 'plan' ? 'Asking …' : 'Dry run'}
          </button>
          <button
            type="button"
            class="button main"
            disabled={busy !== undefined || !valid}
            onClick={() => void ask('start')}
          >
            {busy === 'start' ? 'Starting …' : 'Start'}
          </button>
        </>
      }
    >
      <div class="stack">
        <Segments label="What to fetch" options={KINDS} value={kind} onChoose={setKind} />
        <p class="soft">
          {kind === 'backfill'
            ? refetch
              ? 'Fetches all of a range of time: what the exchange tells otherwise now replaces what it told before.'
              : 'Fetches what is not held yet of a range of time.'
            : 'Fetches again what was wanted and is missing by the ledger.'}
        </p>
        <label class="field">
          <span class="name">Exchange</span>
          <select
            class="input"
            value={exchange}
            onChange={(event) => {
              setExchange(event.currentTarget.value)
              setPairs([])
            }}
          >
            <option value="">All that the config names</option>
            {(offers.data ?? []).map((each) => (
              <option key={each.exchange}>{each.exchange}</option>
            ))}
          </select>
        </label>
        {exchange && <PairSearch key={exchange} exchange={exchange} chosen={pairs} onChoose={setPairs} />}
        <fieldset class="field">
          <span class="name">What</span>
          <div class="row wrap">
            {offered.map((channel) => (
              <label key={channel} class="check">
                <input
                  type="checkbox"
                  checked={channels.includes(channel)}
                  onChange={(event) =>
                    setChannels(
                      event.currentTarget.checked
                        ? [...channels, channel]
                        : channels.filter((each) => each !== channel),
                    )
                  }
                />
                {channel.replace('_', ' ')}
              </label>
            ))}
            {asked.includes('ohlc') && (
              <label class="row">
                <span class="soft">of</span>
                <select class="input" value={interval} onChange={(event) => setInterval(event.currentTarget.value)}>
                  {lengths.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </select>
              </label>
            )}
          </div>
        </fieldset>
        <label class="field">
          <span class="name">From</span>
          <select class="input" value={start} onChange={(event) => setStart(event.currentTarget.value)}>
            {STARTS.map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {start === 'own' && <TimeField name="Time" value={own} onInput={setOwn} />}
        <TimeField name="Until" value={until} empty="now" onInput={setUntil} />
        {kind === 'backfill' && start !== 'last' && (
          <label class="check">
            <input type="checkbox" checked={again} onChange={(event) => setAgain(event.currentTarget.checked)} />
            Fetch again what is held
          </label>
        )}
        {error && <Failure error={error} />}
        {plan && <Plan plan={plan} />}
      </div>
    </Dialog>
  )
}

function Plan({ plan }: { plan: RunPlan }) {
  const warnings = [...new Set(plan.parts.flatMap((part) => part.warnings))]
  return (
    <div class="plan stack tight" role="status">
      <strong>
        {plan.parts.length === 0
          ? 'Nothing is missing.'
          : `About ${shortText(plan.rows)} rows, ${bytesText(plan.bytes)}, ${countText(plan.requests)} requests, ${durationText(plan.seconds)}.`}
      </strong>
      {plan.parts.slice(0, 12).map((part) => (
        <p key={part.dataset} class="soft">
          {part.dataset}: {shortText(part.rows)} rows, {durationText(part.seconds)}
        </p>
      ))}
      {warnings.map((each) => (
        <p key={each} class="warn">
          {each}
        </p>
      ))}
    </div>
  )
}
