import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/api-client.js'
import type { SqlAnswer } from '../../api/contract.js'
import { CodeEditor } from '../../parts/code-editor.js'
import { type Column, DataTable } from '../../parts/data-table.js'
import { Icon } from '../../parts/icon.js'
import { Failure, Nothing } from '../../parts/nothing.js'
import { countText } from '../../parts/number-text.js'
import { Segments } from '../../parts/segments.js'
import { durationText } from '../../parts/time-text.js'
import { KeyText } from '../../shell/key-help.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { ResultChart } from './result-chart.js'
import { EXAMPLES } from './sql-examples.js'
import { marksOf, SqlTables, tablesOf } from './sql-tables.js'

const VIEWS = [
  ['table', 'Table'],
  ['chart', 'Chart'],
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
  const [asking, setAsking] = useState('')
  const [asked, setAsked] = useState<Asked>()
  const [error, setError] = useState<ApiError>()
  const [view, setView] = useState<'table' | 'chart'>('table')
  const running = useRef<AbortController>(undefined)
  const [busy, setBusy] = useState(false)
  const run = async (sql: string) => {
    running.current?.abort()
    const control = new AbortController()
    running.current = control
    setAsking(sql)
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
  const tables = useResource((signal) => tablesOf(api, signal), [])
  const language = useMemo(() => ({ name: 'sql', tables: tables.data }) as const, [tables.data])
  const marks = useMemo(() => (error ? marksOf(asking, error.message) : []), [error])
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
          title: /TIMESTAMP/.test(type) ? `${name} (UTC)` : name,
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
    <div class="sql fill">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void run(text)
        }}
      >
        <div class="sql-text">
          <CodeEditor
            label="SQL"
            language={language}
            value={text}
            marks={marks}
            onInput={setText}
            onRun={() => void run(text)}
          />
        </div>
        <div class="row wrap">
          <button type="submit" class="button main" disabled={busy || text.trim() === ''}>
            <Icon name="play" size={13} />
            {busy ? 'Running …' : 'Run'}
          </button>
          <span class="no-phone">
            <KeyText keys="mod+Enter" />
          </span>
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
          <Segments label="Show as" options={VIEWS} value={view} onChoose={setView} />
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
        <SqlTables tables={tables.data} error={tables.error} />
      </aside>
      <section class="panel result" aria-label="Result">
        {error && <Failure error={error} />}
        {asked === undefined && error ? null : asked === undefined ? (
          <Nothing icon="search" title="Ask something">
            Take an example, or look at what the tables have. Nothing can be changed from here.
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
    </div>
  )
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
