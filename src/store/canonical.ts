import type { Kind } from '../model/dataset.js'
import { type ColumnType, SCHEMA } from '../model/row.js'

/** Part of the metadata of every file: what its columns mean. */
export const SCHEMA_VERSION = '1'

const SQL_TYPE: { readonly [T in ColumnType]: string } = {
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

/** Which text says when the row happened, on the axis of time that readers ask by. */
export function timeAxis(kind: Kind): string {
  return kind === 'ohlc' ? 'open_time' : 'coalesce(exchange_time, receive_time)'
}

const ID_AS_NUMBER = "CASE WHEN regexp_full_match(trade_id, '[0-9]{1,37}') THEN CAST(trade_id AS HUGEINT) END"

/** The total order of rows in a file (durability D6). */
export function fileOrder(kind: Kind): string {
  if (kind === 'trades') {
    return `exchange_time NULLS FIRST, ${ID_AS_NUMBER} NULLS FIRST, trade_id NULLS FIRST, frame, row`
  }
  return SCHEMA[kind].order.join(', ')
}

const STREAM_FIRST = "CASE source WHEN 'stream' THEN 0 WHEN 'backfill' THEN 1 ELSE 2 END"
const ARCHIVE_FIRST = "CASE source WHEN 'archive' THEN 0 WHEN 'backfill' THEN 1 ELSE 2 END"

const TRADE_VALUES = 'exchange_time, price, price_text, amount, amount_text, taker_side'
/** Trades without an id are numbered among equals of their connection; the same row twice gets the same number. */
const NTH_EQUAL = `dense_rank() OVER (PARTITION BY ${TRADE_VALUES}, frame >> 36 ORDER BY frame, row)`

/**
 * A query for the canonical rows among those of `source` (SQL of a table): one row per identity, the kept of equals. Unordered.
 * The merge is idempotent, commutative and associative (for trades without an id: as long as equal trades of one connection come in
 * one commit, or no other connection has them).
 */
export function canonicalRows(kind: Kind, source: string): string {
  const columns = columnList(kind)
  const first = (identity: string, kept: string) =>
    `QUALIFY row_number() OVER (PARTITION BY ${identity} ORDER BY ${kept}) = 1`
  if (kind === 'trades') {
    // Of trades with an id the values do not count: REST and stream may spell them differently.
    const kept = `${STREAM_FIRST}, receive_time, frame, row`
    return `SELECT ${columns} FROM (${source}) WHERE trade_id IS NOT NULL ${first('trade_id', kept)}
      UNION ALL SELECT ${columns} FROM (SELECT ${columns}, ${NTH_EQUAL} AS nth FROM (${source}) WHERE trade_id IS NULL)
      ${first(`${TRADE_VALUES}, nth`, kept)}`
  }
  const identity = SCHEMA[kind].identity.join(', ')
  if (kind === 'ohlc') {
    return `SELECT ${columns} FROM (${source}) ${first(identity, `${ARCHIVE_FIRST}, receive_time DESC, frame DESC, row DESC`)}`
  }
  return `SELECT ${columns} FROM (${source}) ${first(identity, SCHEMA[kind].order.join(', '))}`
}

/** A literal text in SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `COPY` of a query to a Parquet file whose bytes depend on the rows, their order and the program alone (durability §0 d). */
export function copyTo(query: string, path: string, metadata: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}: ${quoted(value)}`)
  const kv = pairs.length > 0 ? `, KV_METADATA {${pairs.join(', ')}}` : ''
  return `COPY (${query}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, PARQUET_VERSION v2, ROW_GROUP_SIZE 122880${kv})`
}
