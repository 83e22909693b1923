import type { Kind } from '../model/dataset.js'
import { type ColumnType, SCHEMA } from '../model/row.js'

/** Part of the metadata of every file: what its columns mean. */
export const SCHEMA_VERSION = '1'

export const SQL_TYPE: { readonly [T in ColumnType]: string } = {
  time: 'TIMESTAMP_NS',
  number: 'DOUBLE',
  text: 'VARCHAR',
  int64: 'BIGINT',
  int32: 'INTEGER',
  bool: 'BOOLEAN',
}

export interface FileColumn {
  readonly name: string
  readonly type: string
}

/** The columns of a file of this kind: each number is followed by its exact text. */
export function fileColumns(kind: Kind): FileColumn[] {
  return SCHEMA[kind].columns.flatMap(({ name, type }) => [
    { name, type: SQL_TYPE[type] },
    ...(type === 'number' ? [{ name: `${name}_text`, type: SQL_TYPE.text }] : []),
  ])
}

export function columnList(kind: Kind): string {
  return fileColumns(kind)
    .map(({ name }) => name)
    .join(', ')
}

/** A query without rows that has the columns of a file of this kind. */
export function noRows(kind: Kind): string {
  const columns = fileColumns(kind).map(({ name, type }) => `NULL::${type} AS ${name}`)
  return `SELECT ${columns.join(', ')} WHERE false`
}

/** Which text says when the row happened, on the axis of time that readers ask by. */
export function timeAxis(kind: Kind): string {
  return kind === 'ohlc' ? 'open_time' : 'coalesce(exchange_time, receive_time)'
}

const STREAM_FIRST = "CASE source WHEN 'stream' THEN 0 WHEN 'backfill' THEN 1 ELSE 2 END, receive_time, frame, row"
const ARCHIVE_FIRST =
  "CASE source WHEN 'archive' THEN 0 WHEN 'backfill' THEN 1 ELSE 2 END, receive_time DESC, frame DESC, row DESC"

/** One key of the order of rows. Where it may be null, null is first. */
export interface OrderKey {
  /** A column, or an expression of columns. */
  readonly sql: string
  /** Of DuckDB. */
  readonly type: string
  readonly nullable?: true
}

/** How rows of a kind are merged and ordered (durability D6, D7). */
interface Merge {
  /** The total order of rows in a file. */
  readonly order: readonly OrderKey[]
  /** Rows equal in this are one row. */
  readonly identity: string
  /** Of equals the first by this stays; the order of rows where not given. */
  readonly kept?: string
  /**
   * The column with the exchange's id, where some rows have none: these are told apart by these values, and the n-th equal in
   * their connection. Of rows with an id the values do not count: REST and stream may spell them differently.
   */
  readonly id?: string
  readonly values?: string
}

const FRAME: OrderKey = { sql: 'frame', type: 'BIGINT' }
const ROW: OrderKey = { sql: 'row', type: 'BIGINT' }

function withId(id: string, values: string): Merge {
  const number = `CASE WHEN regexp_full_match(${id}, '[0-9]{1,37}') THEN CAST(${id} AS HUGEINT) END`
  return {
    order: [
      { sql: 'exchange_time', type: 'TIMESTAMP_NS', nullable: true },
      { sql: number, type: 'HUGEINT', nullable: true },
      { sql: id, type: 'VARCHAR', nullable: true },
      FRAME,
      ROW,
    ],
    identity: id,
    kept: STREAM_FIRST,
    id,
    values,
  }
}

/** One value at each instant; where the exchange gives no time, ours stands in. */
function atInstant(...more: readonly OrderKey[]): Merge {
  const unstamped = 'CASE WHEN exchange_time IS NULL THEN receive_time END'
  return {
    order: [
      { sql: 'coalesce(exchange_time, receive_time)', type: 'TIMESTAMP_NS' },
      { sql: 'exchange_time', type: 'TIMESTAMP_NS', nullable: true },
      ...more,
    ],
    identity: ['exchange_time', unstamped, ...more.map(({ sql }) => sql)].join(', '),
    kept: ARCHIVE_FIRST,
  }
}

const BY_FRAME: Merge = { order: [FRAME, ROW], identity: 'frame, row' }

const MERGE: { readonly [K in Kind]: Merge } = {
  trades: withId('trade_id', 'exchange_time, price, price_text, amount, amount_text, taker_side'),
  book_deltas: BY_FRAME,
  book_snapshots: {
    order: [FRAME, { sql: 'receive_time', type: 'TIMESTAMP_NS' }, ROW],
    identity: 'frame, row, receive_time',
  },
  quotes: BY_FRAME,
  ohlc: { order: [{ sql: 'open_time', type: 'TIMESTAMP_NS' }], identity: 'open_time', kept: ARCHIVE_FIRST },
  funding: atInstant({ sql: 'settled', type: 'BOOLEAN' }),
  mark_price: atInstant(),
  index_price: atInstant(),
  open_interest: atInstant(),
  liquidations: withId('order_id', 'exchange_time, price, price_text, amount, amount_text, side'),
}

/** The total order of rows in a file (durability D6). */
export function fileOrder(kind: Kind): string {
  return orderText(MERGE[kind].order)
}

/** The keys of that order. */
export function orderKeys(kind: Kind): readonly OrderKey[] {
  return MERGE[kind].order
}

function orderText(keys: readonly OrderKey[]): string {
  return keys.map(({ sql, nullable }) => (nullable ? `${sql} NULLS FIRST` : sql)).join(', ')
}

/**
 * A query for the canonical rows among those of `source` (SQL of a table): one row per identity, the kept of equals. Unordered.
 * The merge is idempotent, commutative and associative (for rows without an id: as long as equal ones of one connection come in
 * one commit, or no other connection has them).
 */
export function canonicalRows(kind: Kind, source: string): string {
  const { identity, order, kept = orderText(order), id, values } = MERGE[kind]
  const columns = columnList(kind)
  const first = (equals: string) => `QUALIFY row_number() OVER (PARTITION BY ${equals} ORDER BY ${kept}) = 1`
  if (id === undefined) return `SELECT ${columns} FROM (${source}) ${first(identity)}`
  // The same row twice gets the same number.
  const nth = `dense_rank() OVER (PARTITION BY ${values}, frame >> 36 ORDER BY frame, row)`
  return `SELECT ${columns} FROM (${source}) WHERE ${id} IS NOT NULL ${first(identity)}
    UNION ALL SELECT ${columns} FROM (SELECT ${columns}, ${nth} AS nth FROM (${source}) WHERE ${id} IS NULL)
    ${first(`${values}, nth`)}`
}

/** A query that has a row where `source` may have equal rows: without one, all its rows are canonical, which is told at a tenth of the cost of merging. */
export function mayHaveEquals(kind: Kind, source: string): string {
  const { identity } = MERGE[kind]
  return `SELECT 1 FROM (${source}) GROUP BY ${identity} HAVING count(*) > 1 LIMIT 1`
}

/**
 * Whether rows that are in the order of their file are all different: SQL over the keys `k…` of a row and `p…` of the one before it. `undefined` where the order itself
 * tells.
 */
export function identityRises(kind: Kind): string | undefined {
  const { id, order } = MERGE[kind]
  if (id === undefined) return undefined
  const number = order.findIndex(({ type }) => type === 'HUGEINT')
  return `k${number} > p${number}`
}

/** A literal text in SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `COPY` of a query to a Parquet file whose bytes depend on the rows, their order and the program alone (durability §0 d). */
export function copyTo(query: string, path: string, metadata: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}: ${quoted(value)}`)
  const kv = pairs.length > 0 ? `, KV_METADATA {${pairs.join(', ')}}` : ''
  return `COPY (${query}) TO ${quoted(path)} (${FILE_FORMAT}${kv})`
}

const FILE_FORMAT = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, PARQUET_VERSION v2, ROW_GROUP_SIZE 122880'

/** The same for a hidden file, which is read once or twice and then removed: without dictionaries, which would be a third of the work. */
export function copyToHidden(query: string, path: string): string {
  return `COPY (${query}) TO ${quoted(path)} (${FILE_FORMAT}, DICTIONARY_SIZE_LIMIT 1)`
}
