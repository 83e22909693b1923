import { useMemo } from 'preact/hooks'
import type { InventoryRow } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { bytesText, countText, shareText } from '../../parts/number-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { BookAt } from './book-at.js'
import { datasetHref } from './coverage-map.js'
import { DatasetCandles } from './dataset-candles.js'
import { Download } from './download.js'
import { StoredRows } from './stored-rows.js'

/** One dataset: a picture of it, its rows, and a way to take it along. */
export function DatasetPage() {
  const { api, router } = useApp()
  const { query } = router.place.value
  const inventory = useResource((signal) => api.get<readonly InventoryRow[]>('/inventory', {}, signal), [], 10_000)
  const siblings = useMemo(
    () => (inventory.data ?? []).filter(({ exchange, pair }) => exchange === query.exchange && pair === query.pair),
    [inventory.data, query.exchange, query.pair],
  )
  if (inventory.error && !inventory.data) return <Failure error={inventory.error} onRetry={inventory.reload} />
  if (!inventory.data) return <Loading what="the dataset" />
  const row = siblings.find(
    ({ kind, interval }) => kind === query.kind && (kind !== 'ohlc' || (interval ?? '1m') === (query.interval ?? '1m')),
  )
  if (!row)
    return (
      <Nothing
        icon="data"
        title={`No ${query.kind ?? 'data'} of ${query.pair ?? 'this pair'} is stored`}
        action={
          <a class="button" href={siblings[0] ? datasetHref(siblings[0]) : placeHref('data/datasets')}>
            {siblings[0] ? `Show its ${siblings[0].kind}` : 'All datasets'}
          </a>
        }
      >
        It appears a few seconds after the first rows are safe.
      </Nothing>
    )
  const isBook = row.kind === 'book_deltas' || row.kind === 'book_snapshots'
  const priced = row.kind === 'trades' || row.kind === 'ohlc'
  return (
    <>
      <div class="toolbar">
        <h2>
          {row.pair} <span class="soft">on {row.exchange}</span>
        </h2>
        <nav class="chips" aria-label="Kinds of this pair">
          {siblings.map((each) => (
            <a
              key={`${each.kind} ${each.interval}`}
              class="chip"
              href={datasetHref(each)}
              aria-current={each === row ? 'page' : undefined}
            >
              {each.kind} {each.interval}
            </a>
          ))}
        </nav>
        <span class="grow" />
        <a class="button small" href={placeHref('data', { exchange: row.exchange, search: row.pair })}>
          <Icon name="data" size={13} />
          Coverage
        </a>
        <Download row={row} />
      </div>
      <p class="soft">
        {countText(row.rows)} rows, {bytesText(row.bytes)} in {row.files} {row.files === 1 ? 'file' : 'files'},{' '}
        {row.first}
        {row.last !== row.first && ` to ${row.last}`}.{' '}
        {row.coverage !== null && <>Held by proof: {shareText(row.coverage)}, </>}
        {row.gaps === 0 ? 'no gaps' : <span class="warn">{row.gaps === 1 ? '1 gap' : `${row.gaps} gaps`}</span>}
        {row.held_until && (
          <>
            , up to <Instant at={row.held_until} />
          </>
        )}
        .
      </p>
      {priced && <DatasetCandles row={row} />}
      {isBook && <BookAt row={row} />}
      <StoredRows row={row} />
    </>
  )
}
