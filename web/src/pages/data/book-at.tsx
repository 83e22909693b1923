import { useEffect, useState } from 'preact/hooks'
import type { BookAnswer, InventoryRow } from '../../api/contract.js'
import { DepthChart } from '../../parts/depth-chart.js'
import { Instant } from '../../parts/instant.js'
import { Ladder } from '../../parts/ladder.js'
import { Failure, Loading } from '../../parts/nothing.js'
import { Segments } from '../../parts/segments.js'
import { TimeField } from '../../parts/time-field.js'
import { isoOf, millisOf } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

const PROOFS: Readonly<Record<BookAnswer['proof'], readonly [string, string]>> = {
  verified: ['good', 'Proven by the rule of the exchange, without a break up to this instant.'],
  unverifiable: ['warn', 'Listened to without a break; the exchange offers no proof.'],
  pending: ['busy', 'Nothing after it has proven it yet.'],
  missing: ['bad', 'This instant lies in a gap: the book is the last one before it.'],
}

const SPANS = [
  [300_000, '5 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 day'],
] as const
const STEPS = 1000
const LEVELS = 15
/** While the slider moves, one book is asked for at a time, the last one wanted. */
const SETTLE_MS = 90

/** The order book as it stood at an instant, chosen by a slider. */
export function BookAt({ row }: { row: InventoryRow }) {
  const { api } = useApp()
  const [end, setEnd] = useState(() => millisOf(row.held_until) ?? Date.now())
  const [length, setLength] = useState<(typeof SPANS)[number][0]>(SPANS[0][0])
  const [at, setAt] = useState(end)
  const [asked, setAsked] = useState(at)
  useEffect(() => {
    const timer = window.setTimeout(() => setAsked(at), SETTLE_MS)
    return () => window.clearTimeout(timer)
  }, [at])
  const book = useResource(
    (signal) =>
      api.get<BookAnswer>('/book', { exchange: row.exchange, pair: row.pair, at: isoOf(asked), depth: 100 }, signal),
    [row.exchange, row.pair, asked],
  )
  const show = (ms: number) => {
    setEnd(Math.max(ms, Math.min(end, ms + length)))
    setAt(ms)
  }
  const [tone, proof] = book.data ? PROOFS[book.data.proof] : ['', '']
  return (
    <section class="panel" aria-label="Order book at an instant">
      <header>
        <h2 class="grow">Order book at an instant</h2>
        <Segments label="Reach of the slider" options={SPANS} value={length} onChoose={setLength} />
      </header>
      <div class="body stack">
        <div class="slider">
          <input
            type="range"
            min={0}
            max={STEPS}
            step={1}
            aria-label="Instant of the book"
            aria-valuetext={isoOf(at)}
            value={Math.round(((at - (end - length)) / length) * STEPS)}
            onInput={(event) => setAt(Math.round(end - length + (Number(event.currentTarget.value) / STEPS) * length))}
          />
          <div class="ends">
            <Instant at={end - length} />
            <Instant at={end} />
          </div>
          <div class="row wrap">
            <TimeField
              name="At"
              inline
              value={isoOf(at)}
              onChange={(text) => {
                const ms = millisOf(text)
                if (ms !== undefined) show(ms)
              }}
            />
            <button
              type="button"
              class="button"
              onClick={() => {
                const now = millisOf(row.held_until) ?? Date.now()
                setEnd(now)
                setAt(now)
              }}
            >
              Newest
            </button>
          </div>
        </div>
        {book.error && <Failure error={book.error} onRetry={book.reload} />}
        {!book.data && book.loading && <Loading what="the book" />}
        {book.data && !book.error && (
          <div class="book-at" aria-busy={book.loading}>
            <Ladder book={book.data} levels={LEVELS} />
            <div class="stack">
              <p>
                <span class={`badge ${tone}`}>{book.data.proof}</span> <span class="soft">{proof}</span>
              </p>
              <dl class="facts">
                <dt>Last change</dt>
                <dd>
                  <Instant at={book.data.time} clock />
                </dd>
                <dt>Sequence</dt>
                <dd class="mono">{book.data.sequence ?? '–'}</dd>
              </dl>
              <DepthChart book={book.data} />
            </div>
          </div>
        )}
      </div>
    </section>
  )
}
