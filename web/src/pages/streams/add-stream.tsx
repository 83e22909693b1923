import { useEffect, useState } from 'preact/hooks'
import type { ChannelOffer, ConfigAnswer, ConfigSaved, ExchangeOffer } from '../../api/contract.js'
import { Dialog } from '../../parts/dialog.js'
import { Failure } from '../../parts/nothing.js'
import { PairSearch } from '../../parts/pair-search.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

/** What tells that nothing of a channel is missing. */
const PROOFS: Readonly<Record<string, string>> = {
  counter: 'events are counted',
  chain: 'changes are chained',
  checksum: 'checksums',
  connection: 'frames are counted',
  unit: 'each is whole',
  none: 'no proof offered',
}

/** Chooses exchange, pairs and channels from what is really offered, and starts them. */
export function AddStream({ onClose }: { onClose(): void }) {
  const app = useApp()
  const { api, streams, toasts } = app
  const offers = useResource((signal) => api.get<readonly ExchangeOffer[]>('/capabilities', {}, signal), [])
  const config = useResource((signal) => api.get<ConfigAnswer>('/config', {}, signal), [])
  const [keep, setKeep] = useState(true)
  const [exchange, setExchange] = useState('')
  const [pairs, setPairs] = useState<readonly string[]>([])
  const [channels, setChannels] = useState<readonly string[]>(['trades'])
  const [depth, setDepth] = useState<number>()
  const [busy, setBusy] = useState(false)
  const chosen = offers.data?.find((each) => each.exchange === exchange)
  useEffect(() => {
    const [first] = offers.data ?? []
    if (first && exchange === '') setExchange(first.exchange)
  }, [offers.data, exchange])
  const offered = chosen?.channels ?? []
  const asked = channels.filter((each) => offered.some(({ channel }) => channel === each.split(':')[0]))
  const ready = pairs.length > 0 && asked.length > 0 && !busy

  const hasFile = config.data !== undefined && config.data.file !== null
  const options = { channels: asked, ...(depth === undefined ? {} : { depth }) }

  /** By the config: it starts them, now and after a restart. */
  const write = async () => {
    try {
      const { applied } = await api.post<ConfigSaved>('/config/streams', { exchange, pairs, ...options })
      const count = applied.started.length + applied.restarted.length
      toasts.done(
        count === 1 ? `${exchange} ${pairs[0]} is started` : `${count} streams are started`,
        'They are in the config.',
      )
      return true
    } catch (error) {
      toasts.failed('Nothing was started', error)
      return false
    }
  }
  const startOnly = async () => {
    const failures: unknown[] = []
    for (const pair of pairs) {
      try {
        await api.post('/streams', { exchange, pair, ...options })
      } catch (error) {
        failures.push(error)
      }
    }
    const done = pairs.length - failures.length
    if (failures.length > 0) toasts.failed(`${failures.length} of ${pairs.length} could not be started`, failures[0])
    if (done > 0)
      toasts.done(
        done === 1 ? `${exchange} ${pairs[0]} is started` : `${done} streams are started`,
        'Until the daemon ends.',
      )
    return done > 0
  }
  const start = async () => {
    setBusy(true)
    const done = await (keep && hasFile ? write() : startOnly())
    setBusy(false)
    await streams.load()
    if (done) onClose()
  }
  const toggle = (channel: string, on: boolean) =>
    setChannels(on ? [...channels, channel] : channels.filter((each) => each.split(':')[0] !== channel))
  return (
    <Dialog
      title="Add a stream"
      onClose={onClose}
      foot={
        <>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" class="button main" disabled={!ready} onClick={() => void start()}>
            {busy ? 'Starting …' : pairs.length > 1 ? `Start ${pairs.length} streams` : 'Start'}
          </button>
        </>
      }
    >
      <div class="stack">
        {offers.error && <Failure error={offers.error} onRetry={offers.reload} />}
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
            {(offers.data ?? []).map((each) => (
              <option key={each.exchange}>{each.exchange}</option>
            ))}
          </select>
        </label>
        {exchange && <PairSearch key={exchange} exchange={exchange} chosen={pairs} onChoose={setPairs} />}
        <fieldset class="field">
          <legend class="hidden-label">Channels</legend>
          <span class="name">Channels that {exchange || 'the exchange'} offers</span>
          <div class="offers">
            {offered.map((offer) => (
              <Offer
                key={offer.channel}
                offer={offer}
                value={channels.find((each) => each.split(':')[0] === offer.channel)}
                depth={depth}
                onToggle={(on) => toggle(offer.channel, on)}
                onInterval={(interval) =>
                  setChannels([
                    ...channels.filter((each) => each.split(':')[0] !== offer.channel),
                    `${offer.channel}:${interval}`,
                  ])
                }
                onDepth={setDepth}
              />
            ))}
          </div>
        </fieldset>
        {hasFile && (
          <label class="check">
            <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
            Write it into the config, so that it starts again with the daemon
          </label>
        )}
      </div>
    </Dialog>
  )
}

interface OfferProps {
  readonly offer: ChannelOffer
  readonly value: string | undefined
  readonly depth: number | undefined
  onToggle(on: boolean): void
  onInterval(interval: string): void
  onDepth(depth: number | undefined): void
}

function Offer({ offer, value, depth, onToggle, onInterval, onDepth }: OfferProps) {
  const { channel, intervals, depths, proof } = offer
  return (
    <div class="row">
      <label class="check">
        <input
          type="checkbox"
          checked={value !== undefined}
          onChange={(event) => onToggle(event.currentTarget.checked)}
        />
        <span>
          {channel} <span class="faint">{PROOFS[proof] ?? proof}</span>
        </span>
      </label>
      {value !== undefined && intervals && intervals.length > 0 && (
        <select
          class="input"
          aria-label="Length of the candles"
          value={value.split(':')[1] ?? '1m'}
          onChange={(event) => onInterval(event.currentTarget.value)}
        >
          {intervals.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      {value !== undefined && channel === 'book' && depths && depths.length > 0 && (
        <select
          class="input"
          aria-label="Levels a side"
          value={depth ?? ''}
          onChange={(event) =>
            onDepth(event.currentTarget.value === '' ? undefined : Number(event.currentTarget.value))
          }
        >
          <option value="">all levels</option>
          {depths.map((each) => (
            <option key={each} value={each}>
              {each} levels
            </option>
          ))}
        </select>
      )}
    </div>
  )
}
