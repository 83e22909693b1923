import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Dataset, Kind } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import { canonicalRows, columnList, copyTo, mayHaveEquals, quoted, SCHEMA_VERSION } from './canonical.js'
import type { Catalog, PartState, Piece, Split } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import { hashFile, linkOrCopy, makeFolder, removeFile, syncFile, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { isSlot, partName, slotSql, slotsOf, visiblePath, wholePart } from './partition.js'
import { rowsInOrder } from './rows-in-order.js'
import { sortedRows } from './sorted-rows.js'
import { damagedError, SoundFiles } from './sound-files.js'

/**
 * A query for all rows of a partition as they are known now, each identity once, unordered: the piece and what is not in it yet. `where` leaves out
 * what nobody asks for before the merge: conditions that exclude each other, of which a row must meet one; all rows of an identity must meet one, or none.
 */
export function partRows(folder: DataFolder, dataset: Dataset, state: PartState, where = ['true']): string {
  const rows = committedRows(folder, dataset, state, where)
  // A piece alone is canonical already.
  return state.piece && state.segments.length === 0 ? rows : canonicalRows(dataset.kind, rows)
}

/** The same with equal rows each time that they were committed. */
export function committedRows(
  folder: DataFolder,
  { kind }: Dataset,
  state: PartState,
  where: readonly string[] = ['true'],
): string {
  const columns = columnList(kind)
  const own = `dataset = ${state.dataset} AND part = ${state.part}`
  const from = (path: string, condition: string) =>
    where.map(
      (range) => `SELECT ${columns} FROM read_parquet(${quoted(folder.at(path))}) WHERE ${condition} AND ${range}`,
    )
  const sources = state.segments.flatMap(({ path }) => from(path, own))
  if (state.piece) sources.unshift(...from(state.piece.link, 'true'))
  return sources.join(' UNION ALL ')
}

/** With fewer rows sorting takes no more memory than writing. */
const FEW_ROWS = 150_000

/** A query for the rows of a partition's file in their order; `scratch`: see `rowsInOrder`. */
async function fileRows(
  engine: Engine,
  folder: DataFolder,
  dataset: Dataset,
  state: PartState,
  most: number,
  scratch: string,
): Promise<string> {
  const { kind } = dataset
  const ordered = most < FEW_ROWS ? undefined : await rowsInOrder(engine, folder, kind, state, scratch)
  if (ordered?.distinct) return ordered.query
  const stored = committedRows(folder, dataset, state)
  const equals = await engine.rows(mayHaveEquals(kind, stored))
  if (equals.length > 0) return await sortedRows(engine, kind, partRows(folder, dataset, state))
  return ordered?.query ?? (await sortedRows(engine, kind, stored))
}

interface PublishOptions {
  readonly now: Nanos
  /** What the file shall hold, where that is not what the state says. */
  readonly content?: string
  /** Rows of slots that have none yet shall have files of their own from now on, in this partition and the next. */
  readonly split?: boolean
  /** What is known of the files of which it is made. */
  readonly sound?: SoundFiles
}

/**
 * Publishes a partition (durability C6): the rows of the last generation and of its segments become one file, which replaces the
 * visible one under its own name. Killed at any point, the next publish makes the same bytes again.
 */
export async function publishPart(
  engine: Engine,
  catalog: Catalog,
  folder: DataFolder,
  dataset: Dataset,
  state: PartState,
  { now, content, split = false, sound = new SoundFiles(folder) }: PublishOptions,
): Promise<Piece> {
  const { kind } = dataset
  const generation = (state.piece?.generation ?? 0) + 1
  const name = `${state.dataset}-${partName(kind, state.part)}.${generation}`
  const staged = join(folder.stage, name)
  const link = `.dccd/published/${name}`
  const visible = state.piece?.visible ?? visiblePath(dataset, state.part)

  const { exchange, pair, interval } = dataset
  const metadata = { schema_version: SCHEMA_VERSION, exchange, kind, pair, ...(interval ? { interval } : {}) }
  if (content === undefined) {
    const pieces = state.piece ? [{ path: state.piece.link, hash: state.piece.hash }] : []
    const [bad] = await sound.damaged([...pieces, ...state.segments])
    if (bad) throw damagedError(bad, `new rows of ${visible} wait unpublished`)
  }
  const most = state.segments.reduce((sum, { rows }) => sum + rows, state.piece?.rows ?? 0)
  const scratch = `${staged}.rows`
  const [[count] = []] = await engine
    .withRoomFor(most, async () => {
      const rows = content
        ? await sortedRows(engine, kind, content)
        : await fileRows(engine, folder, dataset, state, most, scratch)
      return await engine.rows(copyTo(rows, staged, metadata))
    })
    .finally(() => removeFile(scratch))
  await syncFile(staged)
  const { hash, bytes } = await hashFile(staged)
  const splits = await splitsAfter(engine, staged, kind, state, split)

  await linkOrCopy(staged, folder.at(link))
  await syncFolder(folder.published)
  await makeFolder(dirname(folder.at(visible)))
  await rename(staged, folder.at(visible))
  await syncFolder(dirname(folder.at(visible)))

  const piece = {
    dataset: state.dataset,
    part: state.part,
    generation,
    rows: Number(count),
    bytes,
    hash,
    visible,
    link,
    published: now,
  }
  const merged = state.segments.map(({ id }) => id)
  catalog.publish(piece, merged, state.piece, splits)
  return piece
}

/**
 * Where rows that come after this file go. Of a partition that is to be split: all that are committed are in this file, none is in a slot after the last of
 * them. The partition after one that is split is split from its first slot on.
 */
async function splitsAfter(
  engine: Engine,
  path: string,
  kind: Kind,
  { dataset, part }: PartState,
  split: boolean,
): Promise<Split[]> {
  const next = wholePart(kind, part) + 1
  const following = { dataset, part: next, firstSlot: slotsOf(kind, next).first }
  if (isSlot(part)) return split ? [following] : []
  if (!split) return []
  const [[last] = []] = await engine.rows(`SELECT max(${slotSql(kind, part)}) FROM read_parquet(${quoted(path)})`)
  if (last === null || Number(last) >= slotsOf(kind, part).last) return [following]
  return [{ dataset, part, firstSlot: Number(last) + 1 }, following]
}
