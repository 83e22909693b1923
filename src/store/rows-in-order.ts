import type { Kind } from '../model/dataset.js'
import { columnList, copyToHidden, identityRises, orderKeys, quoted, SQL_TYPE } from './canonical.js'
import type { PartState } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import type { Engine } from './engine.js'

export interface RowsInOrder {
  /** Gives the rows in the order of their file, in whole chunks, so that its bytes are those of a file whose rows were sorted. */
  readonly query: string
  /** No two rows are equal for sure. */
  readonly distinct: boolean
}

/** The piece is read in so many parts at most: each part looks at its footer again. */
const MOST_HOLES = 50

/**
 * Reads the files of a partition one after another where its rows are in order that way, as they are of a past that was fetched page by page and of a feed
 * that was never late: it takes as little memory as one row group does, whatever the partition holds. A piece with holes that segments fill is read up to each hole and
 * on after it, by way of the file `scratch`, which the caller removes. `undefined` where rows have to be sorted.
 */
export async function rowsInOrder(
  engine: Engine,
  folder: DataFolder,
  kind: Kind,
  state: PartState,
  scratch: string,
): Promise<RowsInOrder | undefined> {
  const keys = orderKeys(kind)
  if (state.segments.length === 0) return undefined
  const held = await heldRows(engine, folder, kind, state)
  if (!held) return undefined
  // Chunks that a filter or a union cut short stay so, and what follows one another is told of one file without keeping it: rows of a cut piece are read from a file of their own.
  if (held.isCut) await engine.run(copyToHidden(held.of(columnList(kind)), scratch))
  const rowsOf = held.isCut ? (columns: string) => `SELECT ${columns} FROM read_parquet(${quoted(scratch)})` : held.of
  const named = keys.map(({ sql }, index) => `${sql} AS k${index}`)
  const before = keys.map((_, index) => `lag(k${index}) OVER () AS p${index}`)
  const rising = identityRises(kind)
  const distinct =
    rising === undefined ? 'true' : `count(*) FILTER (WHERE follows AND NOT coalesce(${rising}, false)) = 0`
  const [[rows, misplaced, isDistinct] = []] = await engine.rows(
    `SELECT count(*), count(*) FILTER (WHERE follows AND NOT (${rises(keys.length)})), ${distinct}
      FROM (SELECT *, ${before.join(', ')}, lag(true, 1, false) OVER () AS follows FROM (${rowsOf(named.join(', '))}))`,
  )
  if (Number(misplaced) > 0) return undefined
  const columns = columnList(kind)
  const shown = columns.split(', ').map((name) => `held.${name}`)
  // Beside a list of numbers rows come in chunks as long as those of the numbers, whatever the files have: row groups then end where those of sorted rows do.
  const query = `SELECT ${shown.join(', ')} FROM (${rowsOf(columns)}) held POSITIONAL JOIN range(${rows}) numbers`
  return { query, distinct: isDistinct === true }
}

interface HeldRows {
  /** The piece is read in parts. */
  readonly isCut: boolean
  /** A query for columns of all rows. */
  of(columns: string): string
}

/** The rows of a partition, file by file in the order of their first keys; `undefined` where its piece has too many holes, or what they are filled with is not all in them. */
async function heldRows(
  engine: Engine,
  folder: DataFolder,
  kind: Kind,
  { dataset, part, piece, segments }: PartState,
): Promise<HeldRows | undefined> {
  const [first] = orderKeys(kind)
  if (!first) return undefined
  const path = piece && folder.at(piece.link)
  const paths = [...(path ? [path] : []), ...segments.map((segment) => folder.at(segment.path))]
  // A piece has no such columns.
  const own = `(dataset IS NULL OR dataset = ${dataset}) AND (part IS NULL OR part = ${part})`
  const among = (files: readonly string[], more = '') =>
    `read_parquet([${files.map(quoted).join(', ')}], union_by_name => true${more}) WHERE ${own}`
  const isTime = first.type === SQL_TYPE.time
  const numberOf = (key: string) => (isTime ? `epoch_ns(${key})` : `${key}::BIGINT`)
  const keyOf = (number: bigint) => (isTime ? `make_timestamp_ns(${number})` : `${number}::BIGINT`)
  const ranges = `SELECT filename, ${numberOf(`min(${first.sql})`)}, ${numberOf(`max(${first.sql})`)}
    FROM ${among(paths, ', filename => true')} GROUP BY filename ORDER BY min(${first.sql}), filename`
  const files = (await engine.rows(ranges)).map(([file, from, until]) => {
    return { file: String(file), from: bigintOf(from), until: bigintOf(until) }
  })
  if (files.length === 0) return undefined
  const whole = files.find(({ file }) => file === path)
  const others = files.filter(({ file }) => file !== path)
  const start = whole?.from
  const end = whole?.until
  const holes = others.flatMap(({ from, until }) => {
    if (from === undefined || until === undefined || start === undefined || end === undefined) return []
    return from > start && from < end ? [{ from, until }] : []
  })
  if (holes.length === 0 || !path || start === undefined) {
    const list = files.map(({ file }) => file)
    return { isCut: false, of: (columns) => `SELECT ${columns} FROM ${among(list)}` }
  }
  const cuts = [...new Set(holes.map(({ from }) => from))]
  if (cuts.length > MOST_HOLES) return undefined
  const inside = holes.map(({ from, until }) => `(${first.sql} > ${keyOf(from)} AND ${first.sql} < ${keyOf(until)})`)
  const mixed = `SELECT 1 FROM read_parquet(${quoted(path)}) WHERE ${inside.join(' OR ')} LIMIT 1`
  if ((await engine.rows(mixed)).length > 0) return undefined
  const parts = [start, ...cuts].map((from, at) => {
    const cut = cuts[at]
    const until = cut === undefined ? 'true' : `${first.sql} <= ${keyOf(cut)}`
    // Of a key that may be null null is first.
    const begin = at === 0 ? `(${first.sql} IS NULL OR ${until})` : `${first.sql} > ${keyOf(from)} AND ${until}`
    return { file: path, from, rows: begin }
  })
  // What fills a hole stands before what comes after it, and after what is of its first instant.
  const inOrder = [...others.map(({ file, from }) => ({ file, from, rows: own })), ...parts].sort(byStart)
  const of = (columns: string) =>
    inOrder.map(({ file, rows }) => `SELECT ${columns} FROM read_parquet(${quoted(file)}) WHERE ${rows}`)
  return { isCut: true, of: (columns) => of(columns).join(' UNION ALL ') }
}

function bigintOf(value: unknown): bigint | undefined {
  return typeof value === 'bigint' ? value : undefined
}

/** Where nothing is known it is last. */
function byStart(
  { from: a }: { readonly from: bigint | undefined },
  { from: b }: { readonly from: bigint | undefined },
) {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whether the keys `k…` come after the keys `p…`: null first, never equal in all of them. */
function rises(keys: number): string {
  return Array.from({ length: keys }, (_, index) => index).reduceRight((later, index) => {
    const [key, before] = [`k${index}`, `p${index}`]
    const after = `(${key} IS NOT NULL AND (${before} IS NULL OR ${key} > ${before}))`
    return later === '' ? after : `(${after} OR (${key} IS NOT DISTINCT FROM ${before} AND ${later}))`
  }, '')
}
