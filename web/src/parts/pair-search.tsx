import '../styles/pair-list.css'
import { useState } from 'preact/hooks'
import type { InstrumentPage } from '../api/contract.js'
import { useApp } from '../state/app-context.js'
import { useResource } from '../state/resource.js'
import { Failure } from './nothing.js'
import { countText } from './number-text.js'

const MOST_PAIRS = 60

interface PairProps {
  readonly exchange: string
  readonly chosen: readonly string[]
  onChoose(pairs: readonly string[]): void
}

/** Chooses pairs from what an exchange lists; one that is not listed may be typed. */
export function PairSearch({ exchange, chosen, onChoose }: PairProps) {
  const { api } = useApp()
  const [text, setText] = useState('')
  const found = useResource(
    (signal) =>
      api.get<InstrumentPage>('/instruments', { exchange, search: text || undefined, limit: MOST_PAIRS }, signal),
    [exchange, text],
  )
  const rows = found.data?.instruments ?? []
  const toggle = (pair: string) =>
    onChoose(chosen.includes(pair) ? chosen.filter((each) => each !== pair) : [...chosen, pair])
  const typed = text.trim().toUpperCase()
  return (
    <div class="field">
      <label class="field">
        <span class="name">Pairs</span>
        <input
          class="input"
          type="search"
          placeholder="Search, such as btc or BTC/USDT"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            const [first] = rows
            if (event.key === 'Enter' && first) toggle(first.pair)
          }}
        />
      </label>
      {found.error && <Failure error={found.error} onRetry={found.reload} />}
      {rows.length > 0 && (
        <div class="pair-list" role="listbox" aria-label="Found pairs" aria-multiselectable="true">
          {rows.map(({ pair, symbol, kind, status }) => (
            <button
              key={symbol}
              type="button"
              role="option"
              aria-selected={chosen.includes(pair)}
              onClick={() => toggle(pair)}
            >
              {pair}
              <span class="soft">{symbol}</span>
              <span class="group">{status === 'trading' ? kind : `${kind}, ${status}`}</span>
            </button>
          ))}
        </div>
      )}
      {!found.loading && !found.error && rows.length === 0 && (
        <p class="hint">
          {found.data?.total === 0 && text === ''
            ? 'What this exchange lists is not known yet. '
            : 'Nothing listed fits. '}
          {/^[A-Z0-9]+\/[A-Z0-9]+(:\w+)?$/.test(typed) && (
            <button type="button" class="button small" onClick={() => toggle(typed)}>
              Take {typed} as it is
            </button>
          )}
        </p>
      )}
      <p class="hint">
        {chosen.length > 0
          ? `Chosen: ${chosen.join(', ')}`
          : `${countText(found.data?.total ?? 0)} found. Choose one or more.`}
      </p>
    </div>
  )
}
