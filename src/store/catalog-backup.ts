import { access, copyFile, readdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Dataset, datasetKey, isInterval, KINDS } from '../model/dataset.js'
import { quoted } from './canonical.js'
import type { Catalog } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import { hashFile, linkOrCopy, makeFolder, removeFile, syncFile, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { isSlot, type Part, partName, partOfFile, wholePart } from './partition.js'

/** A copy of the catalog as it stands now, complete or absent (durability C7). The database itself is never opened as a file. */
export async function backUpCatalog(catalog: Catalog, folder: DataFolder): Promise<void> {
  const staged = join(folder.stage, 'catalog-backup')
  await removeFile(staged)
  catalog.copyTo(staged)
  await syncFile(staged)
  await rename(staged, folder.catalogBackup)
  await syncFolder(folder.catalogFolder)
}

/**
 * Puts the last backup in the place of a catalog that is gone. What is newer than the backup is found again: visible files say themselves what they are, and the
 * journal says what was committed since. `false` where there is no backup either.
 */
export async function restoreCatalog(folder: DataFolder): Promise<boolean> {
  if (!(await exists(folder.catalogBackup))) return false
  await makeFolder(folder.stage)
  // What is left of the lost one would be taken for the log of the restored one.
  for (const rest of ['-wal', '-shm']) await removeFile(`${folder.catalog}${rest}`)
  const staged = join(folder.stage, 'catalog-restored')
  await copyFile(folder.catalogBackup, staged)
  await syncFile(staged)
  await rename(staged, folder.catalog)
  await syncFolder(folder.catalogFolder)
  return true
}

/**
 * Makes a restored catalog say what the folder holds. A visible file that differs from what the backup says is a later one, with at least the same rows: it becomes the
 * piece. Segments that are gone were merged into such files. Numbers of lanes, connections and commits leap: those given since the backup are not known.
 */
export async function adoptFolder(engine: Engine, catalog: Catalog, folder: DataFolder, now: bigint): Promise<void> {
  catalog.leap()
  for (const segment of catalog.segments())
    if (!(await exists(folder.at(segment.path)))) catalog.dropSegment(segment.id)
  const known = new Map(catalog.parts().flatMap(({ piece }) => (piece ? [[piece.visible, piece] as const] : [])))
  for (const visible of await visibleFiles(folder.root)) {
    const { hash, bytes } = await hashFile(folder.at(visible))
    const piece = known.get(visible)
    if (piece?.hash === hash && (await exists(folder.at(piece.link)))) continue
    const found = await datasetOfFile(engine, folder.at(visible))
    if (!found) continue
    const key = datasetKey(found.dataset)
    const id = catalog.datasetIds([key]).get(key) ?? 0
    const generation = (piece?.generation ?? 0) + 1_000_000
    const link = `.dccd/published/${id}-${partName(found.dataset.kind, found.part)}.${generation}`
    await linkOrCopy(folder.at(visible), folder.at(link))
    await syncFolder(folder.published)
    catalog.publish(
      { dataset: id, part: found.part, generation, rows: found.rows, bytes, hash, visible, link, published: now },
      [],
      piece,
    )
    const { part } = found
    // Files come in the order of their names: the first slot is that from which the partition is split.
    if (isSlot(part)) catalog.addSplits([{ dataset: id, part: wholePart(found.dataset.kind, part), firstSlot: part }])
  }
}

/** What a published file says of itself. */
async function datasetOfFile(
  engine: Engine,
  path: string,
): Promise<{ readonly dataset: Dataset; readonly part: Part; readonly rows: number } | undefined> {
  const pairs = await engine.rows(`SELECT decode(key), decode(value) FROM parquet_kv_metadata(${quoted(path)})`)
  const says = new Map(pairs.map(([key, value]) => [String(key), String(value)]))
  const kind = KINDS.find((name) => name === says.get('kind'))
  const [exchange, pair, interval] = [says.get('exchange'), says.get('pair'), says.get('interval')]
  if (!kind || !exchange || !pair) return undefined
  const part = partOfFile(kind, basename(path))
  const [[rows] = []] = await engine.rows(`SELECT num_rows FROM parquet_file_metadata(${quoted(path)})`)
  if (part === undefined) return undefined
  const dataset = { exchange, kind, pair, ...(interval !== undefined && isInterval(interval) ? { interval } : {}) }
  return { dataset, part, rows: Number(rows) }
}

/** Published files of rows, relative to the root. */
async function visibleFiles(root: string): Promise<string[]> {
  const found: string[] = []
  const walk = async (relative: string): Promise<void> => {
    for (const entry of await readdir(join(root, relative), { withFileTypes: true })) {
      const path = `${relative}/${entry.name}`
      if (entry.isDirectory()) {
        if (entry.name !== 'kind=coverage') await walk(path)
      } else if (entry.name.endsWith('.parquet')) found.push(path)
    }
  }
  for (const name of await readdir(root)) if (name.startsWith('exchange=')) await walk(name)
  return found.sort()
}

export async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
