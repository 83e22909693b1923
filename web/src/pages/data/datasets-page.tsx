import { useMemo } from 'preact/hooks'
import type { InventoryRow } from '../../api/contract.js'
import { type Column, DataTable } from '../../parts/data-table.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { bytesText, countText, shareText, shortText } from '../../parts/number-text.js'
import { SearchField } from '../../parts/search-field.js'
import { TwoLines } from '../../parts/two-lines.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { datasetHref } from './coverage-map.js'

const COLUMNS: readonly Column<InventoryRow>[] = [
  {
    id: 'exchange',
    title: 'Exchange',
    width: 'minmax(90px, 140px)',
    drop: 950,
    cell: ({ exchange }) => exchange,
    order: ({ exchange }) => exchange,
  },
  {
    id: 'pair',
    title: 'Pair',
    width: 'minmax(96px, 1fr)',
    cell: ({ pair, exchange }, has) => <TwoLines name={pair} about={[!has('exchange') && exchange]} />,
    order: ({ pair }) => pair,
  },
  {
    id: 'kind',
    title: 'Kind',
    width: 'minmax(100px, 1fr)',
    cell: ({ kind, interval }) => `${kind}${interval ? ` ${interval}` : ''}`,
    order: ({ kind, interval }) => `${kind} ${interval}`,
  },
  {
    id: 'coverage',
    title: 'Held',
    width: '132px',
    drop: 560,
    cell: ({ coverage }) =>
      coverage === null ? (
        <span class="faint">not known</span>
      ) : (
        <>
          <span class="coverage-bar" aria-hidden="true">
            <span style={{ width: `${coverage * 100}%` }} />
          </span>
          {shareText(coverage)}
        </>
      ),
    order: ({ coverage }) => coverage ?? -1,
  },
  {
    id: 'gaps',
    title: 'Gaps',
    width: '50px',
    align: 'right',
    cell: ({ gaps }) => <span class={gaps ? 'warn' : 'faint'}>{countText(gaps)}</span>,
    order: ({ gaps }) => gaps,
  },
  {
    id: 'rows',
    title: 'Rows',
    width: '72px',
    align: 'right',
    cell: ({ rows }) => shortText(rows),
    order: ({ rows }) => rows,
  },
  {
    id: 'bytes',
    title: 'Size',
    width: '72px',
    align: 'right',
    drop: 640,
    cell: ({ bytes }) => bytesText(bytes),
    order: ({ bytes }) => bytes,
  },
  {
    id: 'files',
    title: 'Files',
    width: '56px',
    align: 'right',
    drop: 800,
    cell: ({ files }) => countText(files),
    order: ({ files }) => files,
  },
  { id: 'first', title: 'First', width: '92px', drop: 900, cell: ({ first }) => first, order: ({ first }) => first },
  { id: 'last', title: 'Last', width: '92px', drop: 900, cell: ({ last }) => last, order: ({ last }) => last },
]

/** Every dataset as a line. */
export function DatasetsPage() {
  const { api, router } = useApp()
  const { query } = router.place.value
  const inventory = useResource((signal) => api.get<readonly InventoryRow[]>('/inventory', {}, signal), [], 10_000)
  const search = (query.search ?? '').toLowerCase()
  const rows = useMemo(
    () =>
      (inventory.data ?? []).filter(({ exchange, pair, kind, interval }) =>
        `${exchange} ${pair} ${kind} ${interval ?? ''}`.toLowerCase().includes(search),
      ),
    [inventory.data, search],
  )
  if (inventory.error && !inventory.data) return <Failure error={inventory.error} onRetry={inventory.reload} />
  if (!inventory.data) return <Loading what="the datasets" />
  return (
    <>
      <div class="toolbar">
        <SearchField
          label="Search datasets"
          value={query.search ?? ''}
          onInput={(text) => router.narrow({ search: text })}
        />
        <span class="soft">
          {countText(rows.length)} datasets, {shortText(rows.reduce((sum, each) => sum + each.rows, 0))} rows,{' '}
          {bytesText(rows.reduce((sum, each) => sum + each.bytes, 0))}
        </span>
      </div>
      <section class="panel fill">
        <DataTable
          label="Datasets"
          rows={rows}
          columns={COLUMNS}
          id={({ exchange, pair, kind, interval }) => `${exchange} ${kind} ${pair} ${interval ?? ''}`}
          onOpen={(row) => {
            location.hash = datasetHref(row)
          }}
          empty={
            <Nothing icon="data" title={inventory.data.length ? 'No dataset fits the filter' : 'Nothing is stored yet'}>
              {inventory.data.length
                ? 'Search for something else.'
                : 'The first rows appear a few seconds after a stream is live.'}
            </Nothing>
          }
        />
      </section>
    </>
  )
}
