import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/api-client.js'
import type { SqlAnswer } from '../../api/contract.js'
import { type Column, DataTable } from '../../parts/data-table.js'
import { Icon } from '../../parts/icon.js'
import { Failure, Nothing } from '../../parts/nothing.js'
import { countText } from '../../parts/number-text.js'
import { durationText } from '../../parts/time-text.js'
import { KeyText } from '../../shell/key-help.js'
import { useApp } from '../../state/app-context.js'
import { ResultChart } from './result-chart.js'

const EXAMPLES = [
  {
    title: 'What is there of each pair',
    sql: `SELECT exchange, pair, count(*) AS trades, min(exchange_time) AS first, max(exchange_time) AS last
FROM trades GROUP BY ALL ORDER BY trades DESC`,
  },
  {
    title: 'Price by ten seconds',
    sql: `WITH busiest AS (SELECT exchange, pair FROM trades GROUP BY ALL ORDER BY count(*) DESC LIMIT 1)
SELECT time_bucket(INTERVAL 10 seconds, exchange_time) AS time, last(price ORDER BY exchange_time) AS price
FROM trades JOIN busiest USING (exchange, pair) GROUP BY 1 ORDER BY 1`,
  },
  {
    title: 'Bought against sold by minute',
    sql: `SELECT time_bucket(INTERVAL 1 minute, exchange_time) AS time,
  sum(amount) FILTER (taker_side = 'buy') AS bought, sum(amount) FILTER (taker_side = 'sell') AS sold
FROM trades GROUP BY 1 ORDER BY 1`,
  },
  {
    title: 'Lag of each exchange, in milliseconds',
    sql: `SELECT exchange, count(*) AS trades,
  round(quantile_cont(epoch_ns(receive_time) - epoch_ns(exchange_time), 0.5) / 1e6, 2) AS p50_ms,
  round(quantile_cont(epoch_ns(receive_time) - epoch_ns(exchange_time), 0.99) / 1e6, 2) AS p99_ms
FROM trades GROUP BY ALL ORDER BY exchange`,
  },
  {
    title: 'The largest trades',
    sql: 'SELECT exchange, pair, exchange_time, price, amount, taker_side FROM trades ORDER BY price * amount DESC LIMIT 50',
  },
] as const

type Row = { readonly number: number; readonly cells: readonly unknown[] }

interface Asked {
  readonly answer: SqlAnswer
  readonly seconds: number
}

/** One SELECT over what is published, its result as a table or a picture. */
export function SqlPage() {
  const { api } = useApp()
  const [text, setText] = useState<string>(EXAMPLES[0].sql)
  const [asked, setAsked] = useState<Asked>()
  const [error, setError] = useState<ApiError>()
  const [view, setView] = useState<'table' | 'chart'>('table')
  const running = useRef<AbortController>(undefined)
  const [busy, setBusy] = useState(false)
  const run = async (sql: string) => {
    running.current?.abort()
    const control = new AbortController()
    running.current = control
    setBusy(true)
    const start = performance.now()
    try {
      const answer = await api.post<SqlAnswer>('/sql', { sql, limit: 10_000 }, control.signal)
      setAsked({ answer, seconds: (performance.now() - start) / 1000 })
      setError(undefined)
    } catch (cause) {
      if (control.signal.aborted) return
      setError(asApiError(cause))
    } finally {
      if (running.current === control) setBusy(false)
    }
  }
  useEffect(() => () => running.current?.abort(), [])
  const rows = useMemo<readonly Row[]>(
    () => (asked?.answer.rows ?? []).map((cells, number) => ({ number, cells })),
    [asked],
  )
  const columns = useMemo<readonly Column<Row>[]>(
    () =>
      (asked?.answer.columns ?? []).map(({ name, type }, index) => {
        const numeric = /INT|DOUBLE|FLOAT|DECIMAL|HUGEINT/i.test(type)
        return {
          id: `${index} ${name}`,
          title: name,
          width: /TIMESTAMP/.test(type) ? '200px' : 'minmax(90px, 1fr)',
          ...(numeric ? { align: 'right' as const } : {}),
          cell: ({ cells }: Row) => <span title={type}>{cellText(cells[index])}</span>,
          order: ({ cells }: Row) => {
            const value = cells[index]
            return numeric ? Number(value ?? Number.NEGATIVE_INFINITY) : String(value ?? '')
          },
        }
      }),
    [asked],
  )
  return (
    <>
      <div class="sql">
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault()
            void run(text)
          }}
        >
          <label class="field">
            <span class="hidden-label">SQL</span>
            <textarea
              class="input"
              spellcheck={false}
              rows={8}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
                event.preventDefault()
                void run(text)
              }}
            />
          </label>
          <div class="row wrap">
            <button type="submit" class="button main" disabled={busy || text.trim() === ''}>
              <Icon name="play" size={13} />
              {busy ? 'Running …' : 'Run'}
            </button>
            <KeyText keys="mod+Enter" />
            {busy && (
              <button
                type="button"
                class="button"
                onClick={() => {
                  running.current?.abort()
                  setBusy(false)
                }}
              >
                Cancel
              </button>
            )}
            <span class="soft grow">
              {asked &&
                `${rows.length === 1 ? '1 row' : `${countText(rows.length)} rows`} in ${durationText(asked.seconds)}${asked.answer.truncated ? ', there are more: add a LIMIT or group' : ''}`}
            </span>
            <fieldset class="segments" aria-label="Show as">
              {(['table', 'chart'] as const).map((each) => (
                <button key={each} type="button" aria-pressed={each === view} onClick={() => setView(each)}>
                  {each}
                </button>
              ))}
            </fieldset>
          </div>
        </form>
        <aside class="examples" aria-label="Examples">
          <h3 class="soft">Examples</h3>
          {EXAMPLES.map(({ title, sql }) => (
            <button
              key={title}
              type="button"
              onClick={() => {
                setText(sql)
                void run(sql)
              }}
            >
              {title}
            </button>
          ))}
        </aside>
      </div>
      {error && <Failure error={error} />}
      <section class="panel fill" aria-label="Result">
        {asked === undefined ? (
          <Nothing icon="search" title="Ask something">
            Tables are named by kind: trades, quotes, ohlc, book_deltas, book_snapshots. Nothing can be changed from
            here.
          </Nothing>
        ) : view === 'chart' ? (
          <ResultChart answer={asked.answer} />
        ) : (
          <DataTable
            label="Result"
            rows={rows}
            columns={columns}
            id={({ number }) => String(number)}
            empty={<Nothing icon="search" title="No row fits the question" />}
          />
        )}
      </section>
    </>
  )
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
