import type { Kind } from '../model/dataset.js'
import { columnList, identityRises, orderKeys, quoted } from './canonical.js'
import type { PartState } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import type { Engine } from './engine.js'

export interface RowsInOrder {
  /** Gives the rows in the order of their file, in whole chunks, so that its bytes are those of a file whose rows were sorted. */
  readonly query: string
  /** No two rows are equal for sure. */
  readonly distinct: boolean
}

/**
 * Reads the files of a partition one after another where its rows are in order that way, as they are of a past that was fetched page by page and of a feed
 * that was never late: it takes as little memory as one row group does, whatever the partition holds. `undefined` where they have to be sorted.
 */
export async function rowsInOrder(
  engine: Engine,
  folder: DataFolder,
  kind: Kind,
  { dataset, part, piece, segments }: PartState,
): Promise<RowsInOrder | undefined> {
  const keys = orderKeys(kind)
  const [first] = keys
  if (!first || segments.length === 0) return undefined
  const paths = [...(piece ? [piece.link] : []), ...segments.map(({ path }) => path)].map((path) => folder.at(path))
  // A piece has no such columns.
  const own = `(dataset IS NULL OR dataset = ${dataset}) AND (part IS NULL OR part = ${part})`
  const among = (files: readonly string[], more = '') =>
    `read_parquet([${files.map(quoted).join(', ')}], union_by_name => true${more}) WHERE ${own}`
  const begins = `SELECT filename FROM ${among(paths, ', filename => true')} GROUP BY filename ORDER BY min(${first.sql}), filename`
  const files = (await engine.rows(begins)).map(([path]) => String(path))
  if (files.length === 0) return undefined

  const named = keys.map(({ sql }, index) => `${sql} AS k${index}`)
  const before = keys.map((_, index) => `lag(k${index}) OVER () AS p${index}`)
  const rising = identityRises(kind)
  const distinct =
    rising === undefined ? 'true' : `count(*) FILTER (WHERE follows AND NOT coalesce(${rising}, false)) = 0`
  const [[rows, misplaced, isDistinct] = []] = await engine.rows(
    `SELECT count(*), count(*) FILTER (WHERE follows AND NOT (${rises(keys.length)})), ${distinct}
      FROM (SELECT *, ${before.join(', ')}, lag(true, 1, false) OVER () AS follows FROM (SELECT ${named.join(', ')} FROM ${among(files)}))`,
  )
  if (Number(misplaced) > 0) return undefined
  const columns = columnList(kind)
  const shown = columns.split(', ').map((name) => `held.${name}`)
  // Beside a list of numbers rows come in chunks as long as those of the numbers, whatever the files have: row groups then end where those of sorted rows do.
  const query = `SELECT ${shown.join(', ')} FROM (SELECT ${columns} FROM ${among(files)}) held POSITIONAL JOIN range(${rows}) numbers`
  return { query, distinct: isDistinct === true }
}

/** Whether the keys `k…` come after the keys `p…`: null first, never equal in all of them. */
function rises(keys: number): string {
  return Array.from({ length: keys }, (_, index) => index).reduceRight((later, index) => {
    const [key, before] = [`k${index}`, `p${index}`]
    const after = `(${key} IS NOT NULL AND (${before} IS NULL OR ${key} > ${before}))`
    return later === '' ? after : `(${after} OR (${key} IS NOT DISTINCT FROM ${before} AND ${later}))`
  }, '')
}
