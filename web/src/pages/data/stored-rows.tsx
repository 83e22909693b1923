import { useMemo, useState } from 'preact/hooks'
import type { InventoryRow, ReadPage } from '../../api/contract.js'
import { type Column, DataTable } from '../../parts/data-table.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { evenDecimals } from '../../parts/number-text.js'
import { TimeField } from '../../parts/time-field.js'
import { clockText, isoOf, millisOf, partsIn } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

type Row = ReadPage['rows'][number] & { readonly number: number }

const MOST = 500
const MINUTE = 60_000

/** Rows as they are stored, from an instant on. */
export function StoredRows({ row }: { row: InventoryRow }) {
  const { api, preferences } = useApp()
  const zone = preferences.zone.value
  const [from, setFrom] = useState(() => isoOf((millisOf(row.held_until) ?? Date.now()) - 2 * MINUTE))
  const valid = millisOf(from) !== undefined
  const page = useResource(
    async (signal) => {
      const { exchange, pair, kind, interval } = row
      return await api.get<ReadPage>(
        '/read',
        {
          exchange,
          pair,
          kind,
          interval: interval ?? undefined,
          from: kind === 'ohlc' ? undefined : valid ? from : undefined,
          limit: MOST,
        },
        signal,
      )
    },
    [row.exchange, row.pair, row.kind, row.interval, from],
  )
  const rows = useMemo<readonly Row[]>(
    () => (page.data?.rows ?? []).map((each, number) => ({ ...each, number })),
    [page.data],
  )
  const columns = useMemo(() => columnsOf(rows, zone), [rows, zone])
  return (
    <section class="panel fill" aria-label="Stored rows">
      <header>
        <h2 class="grow">
          Rows <span class="soft">as they are stored{page.data?.next_cursor ? `, the first ${MOST}` : ''}</span>
        </h2>
        {row.kind !== 'ohlc' && <TimeField name="from" inline value={from} onChange={setFrom} />}
      </header>
      {page.error ? (
        <Failure error={page.error} onRetry={page.reload} />
      ) : page.data ? (
        <DataTable
          label="Stored rows"
          rows={rows}
          columns={columns}
          id={({ number }) => String(number)}
          empty={
            <Nothing icon="data" title="No row is published from there on">
              Rows become visible with the next publish. Choose an earlier time.
            </Nothing>
          }
        />
      ) : (
        <Loading what="the rows" />
      )}
    </section>
  )
}

/** Columns that tell where a row came from rather than what it says: the first to go where there is no room. */
const ORIGIN = /^(receive_time|source|connection|frame|row|sequence|.*_id)$/
const NUMBER = /^-?\d+(\.\d+)?(e-?\d+)?$/i

function columnsOf(rows: readonly Row[], zone: string): Column<Row>[] {
  const [first] = rows
  if (!first) return []
  const names = Object.keys(first).filter((name) => name !== 'number' && !name.endsWith('_text'))
  return names.map((name, index) => {
    const time = /_time$/.test(name)
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined)
    const numeric = !time && values.length > 0 && values.every((value) => NUMBER.test(String(value)))
    const texts = new Map<Row, string>()
    if (numeric) {
      const known = rows.filter((row) => row[name] !== null && row[name] !== undefined)
      const even = evenDecimals(known.map((row) => String(row[name])))
      for (const [at, row] of known.entries()) texts.set(row, even[at] ?? '')
    }
    return {
      id: name,
      title: name,
      width: time ? '192px' : 'minmax(92px, 1fr)',
      ...(numeric ? { align: 'right' as const } : {}),
      ...(index > 0 ? { drop: index + (ORIGIN.test(name) ? 100 : 0) } : {}),
      cell: (row) => {
        const value = row[name]
        if (value === null || value === undefined) return <span class="faint">–</span>
        const ms = time ? millisOf(String(value)) : undefined
        const text = ms === undefined ? String(value) : `${partsIn(ms, zone).date} ${clockText(ms, zone)}`
        return (
          <span class={time ? 'mono' : undefined} title={String(value)}>
            {texts.get(row) ?? text}
          </span>
        )
      },
    }
  })
}
