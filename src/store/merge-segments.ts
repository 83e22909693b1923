import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kind } from '../model/dataset.js'
import { columnList, copyToHidden, fileOrder, quoted } from './canonical.js'
import type { Catalog, Segment } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import { hashFile, syncFile, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { damagedError, SoundFiles } from './sound-files.js'

/** Segments of one kind beyond which the older half becomes one (durability C8). */
export const MOST_SEGMENTS = 512

/**
 * Makes one segment of the older half of a kind's segments: the rows of them that are not published yet. A commit of its own; what it replaces stays for those who read it.
 * Returns whether there was anything to do. Throws DATA_DAMAGED when one of them is not as it was written: it is left
 * as it is, the others are merged.
 */
export async function mergeSegments(
  engine: Engine,
  catalog: Catalog,
  folder: DataFolder,
  kind: Kind,
  now: bigint,
  most = MOST_SEGMENTS,
): Promise<boolean> {
  const all = catalog.segments().filter((segment) => segment.kind === kind)
  if (all.length <= most) return false
  const older = all.slice(0, Math.ceil(all.length / 2))
  const [bad, ...more] = await new SoundFiles(folder).damaged(older)
  const old = older.filter((segment) => segment !== bad && !more.includes(segment))
  const damaged = bad && damagedError(bad, 'it is not merged with others')
  if (damaged && old.length < 2) throw damaged
  const ids = new Set(old.map(({ id }) => id))
  const open = new Map<number, string[]>()
  for (const { dataset, part, segments } of catalog.parts())
    for (const { id } of segments) if (ids.has(id)) open.set(id, [...(open.get(id) ?? []), `(${dataset}, ${part})`])
  const number = catalog.reserve('commit', 1)
  const name = `${number}-${kind}.seg`
  const staged = join(folder.stage, name)
  const columns = `dataset, part, ${columnList(kind)}`
  const sources = old.map(
    ({ id, path }) =>
      `SELECT ${columns} FROM read_parquet(${quoted(folder.at(path))}) WHERE (dataset, part) IN (${(open.get(id) ?? ['(-1, -1)']).join(', ')})`,
  )
  const rows = `SELECT * FROM (${sources.join(' UNION ALL ')}) ORDER BY dataset, part, ${fileOrder(kind)}`
  await engine.run(copyToHidden(rows, staged))
  await syncFile(staged)
  const counts = await engine.rows(
    `SELECT dataset, part, count(*)::INTEGER FROM read_parquet(${quoted(staged)}) GROUP BY ALL ORDER BY ALL`,
  )
  const parts = counts.map(([dataset, part, count]) => ({
    dataset: Number(dataset),
    part: Number(part),
    rows: Number(count),
  }))
  const { hash, bytes } = await hashFile(staged)
  await rename(staged, join(folder.tail, name))
  await syncFolder(folder.tail)
  const merged: Segment = {
    kind,
    path: `.dccd/tail/${name}`,
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    bytes,
    hash,
    parts,
  }
  catalog.replaceSegments(number, merged, [...ids], now)
  if (damaged) throw damaged
  return true
}
