import type { Kind } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { csvCell } from './csv.js'
import { bunches, type ExportOrigin, type ExportTable, type Value } from './table.js'

type Row = Readonly<Record<string, Value>>

// The CSV of tardis.dev (https://docs.tardis.dev/downloadable-csv-files): times in microseconds, the exchange's own symbol, the local
// time where the exchange gives none.

interface Layout {
  readonly columns: readonly string[]
  readonly cells: (row: Row) => Value[]
}

const values =
  (...names: readonly (string | null)[]) =>
  (row: Row) =>
    names.map((name) => (name === null ? null : (row[name] ?? null)))

const DERIVATIVE = [
  'funding_timestamp',
  'funding_rate',
  'predicted_funding_rate',
  'open_interest',
  'last_price',
  'index_price',
  'mark_price',
]

const LAYOUTS: { readonly [K in Kind]?: Layout } = {
  trades: {
    columns: ['id', 'side', 'price', 'amount'],
    cells: (row) => [row.trade_id ?? null, row.taker_side ?? 'unknown', row.price ?? null, row.amount ?? null],
  },
  book_deltas: {
    columns: ['is_snapshot', 'side', 'price', 'amount'],
    cells: values('is_snapshot', 'side', 'price', 'amount'),
  },
  quotes: {
    columns: ['ask_amount', 'ask_price', 'bid_price', 'bid_amount'],
    cells: values('ask_amount', 'ask_price', 'bid_price', 'bid_amount'),
  },
  liquidations: {
    columns: ['id', 'side', 'price', 'amount'],
    cells: values('order_id', 'side', 'price', 'amount'),
  },
  funding: {
    columns: DERIVATIVE,
    cells: (row) => [
      micros(row.next_funding_time ?? null),
      row.rate ?? null,
      row.predicted_rate ?? null,
      ...[null, null, null, null],
    ],
  },
  open_interest: { columns: DERIVATIVE, cells: values(null, null, null, 'amount', null, null, null) },
  index_price: { columns: DERIVATIVE, cells: values(null, null, null, null, null, 'price', null) },
  mark_price: { columns: DERIVATIVE, cells: values(null, null, null, null, null, null, 'price') },
}

/** CSV in the layout of tardis.dev for this kind: `trades`, `incremental_book_L2`, `book_snapshot_N`, `quotes`, `derivative_ticker`, `liquidations`. */
export async function* tardisText(table: ExportTable, origin: ExportOrigin, depth: number): AsyncGenerator<string> {
  const { exchange, kind } = origin.dataset
  if (kind === 'book_snapshots') {
    yield* snapshotText(table, origin, depth)
    return
  }
  const layout = LAYOUTS[kind]
  if (!layout) throw new CollectorError('UNSUPPORTED', `tardis CSV has no ${kind}`, { remedy: 'Use csv or parquet.' })
  yield `exchange,symbol,timestamp,local_timestamp,${layout.columns.join(',')}\n`
  for await (const bunch of bunches(table.rows, 1024)) {
    const lines = bunch.map((row) => line([exchange, origin.symbol, ...times(row), ...layout.cells(row)]))
    yield `${lines.join('\n')}\n`
  }
}

/** The books of a dataset, each in one line. */
async function* snapshotText({ rows }: ExportTable, { dataset, symbol }: ExportOrigin, depth: number) {
  const levels = Array.from({ length: depth }, (_, n) => n)
  const names = levels.flatMap((n) =>
    ['asks', 'bids'].flatMap((side) => [`${side}[${n}].price`, `${side}[${n}].amount`]),
  )
  yield `exchange,symbol,timestamp,local_timestamp,${names.join(',')}\n`
  let book: { readonly first: Row; readonly at: Map<string, Value[]> } | undefined
  const flush = () => {
    if (!book) return ''
    const { first, at } = book
    const cells = levels.flatMap((n) => ['ask', 'bid'].flatMap((side) => at.get(`${side} ${n}`) ?? [null, null]))
    return `${line([dataset.exchange, symbol, ...times(first), ...cells])}\n`
  }
  for await (const row of rows) {
    if (book && (book.first.frame !== row.frame || book.first.receive_time !== row.receive_time)) {
      yield flush()
      book = undefined
    }
    book ??= { first: row, at: new Map() }
    book.at.set(`${row.side} ${row.level}`, [row.price ?? null, row.amount ?? null])
  }
  yield flush()
}

function times(row: Row): Value[] {
  return [micros(row.exchange_time ?? row.receive_time ?? null), micros(row.receive_time ?? null)]
}

function micros(time: Value): Value {
  return typeof time === 'bigint' ? time / 1000n : null
}

function line(cells: readonly Value[]): string {
  return cells.map(csvCell).join(',')
}
