import type { Dirent } from 'node:fs'
import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { leastFree } from '../config/least-free.js'
import type { StoredPorts } from './ports.js'

/** Files below a folder. */
interface Weight {
  readonly files: number
  readonly bytes: number
  /** When the oldest of them was last written, ms since 1970. */
  readonly oldest: number | undefined
}

/** What a data folder takes of its disk, and what is kept how long. */
export async function storageFacts(ports: StoredPorts) {
  const { dataPath } = ports
  const { journal, storage } = ports.config()
  const { bavail, blocks, bsize } = await statfs(dataPath)
  const hidden = join(dataPath, '.dccd')
  const [frames, tail, catalog, logs, other] = await Promise.all([
    weightOf(join(hidden, 'journal')),
    weightOf(join(hidden, 'tail')),
    weightOf(join(hidden, 'catalog')),
    weightOf(join(hidden, 'logs')),
    // The files below `published` are second names of the visible ones.
    weightOf(hidden, ['journal', 'tail', 'catalog', 'logs', 'published']),
  ])
  const stored = await ports.data()
  const kinds = byKind(stored.inventory())
  const written = stored.writeAmplification()
  return {
    data_path: dataPath,
    disk: {
      free_bytes: bavail * bsize,
      total_bytes: blocks * bsize,
      pauses_below_bytes: Math.round(leastFree(journal, blocks * bsize)),
    },
    bytes: {
      data: kinds.reduce((sum, { bytes }) => sum + bytes, 0),
      journal: frames.bytes,
      tail: tail.bytes,
      catalog: catalog.bytes,
      logs: logs.bytes,
      other: other.bytes,
    },
    data: kinds,
    journal: {
      files: frames.files,
      bytes: frames.bytes,
      oldest_at: frames.oldest === undefined ? null : new Date(frames.oldest).toISOString(),
    },
    written: {
      bytes: written.written,
      kept_bytes: written.stored,
      amplification: written.stored === 0 ? null : written.written / written.stored,
    },
    retention: {
      journal_keep: String(journal.keep),
      journal_max_bytes: journal.max_bytes,
      journal_min_free_gb: journal.min_free_gb,
      data_min_free_gb: storage.min_free_gb,
    },
  }
}

function byKind(inventory: ReturnType<Awaited<ReturnType<StoredPorts['data']>>['inventory']>) {
  const groups = new Map<
    string,
    { exchange: string; kind: string; datasets: number; files: number; rows: number; bytes: number }
  >()
  for (const { dataset, files, rows, bytes } of inventory) {
    const { exchange, kind } = dataset
    const group = groups.get(`${exchange} ${kind}`) ?? { exchange, kind, datasets: 0, files: 0, rows: 0, bytes: 0 }
    group.datasets++
    group.files += files
    group.rows += rows
    group.bytes += bytes
    groups.set(`${exchange} ${kind}`, group)
  }
  return [...groups.values()].sort((a, b) => b.bytes - a.bytes)
}

/** What stands below a folder now, but for these of its entries; files come and go meanwhile. A folder may be a link: `storage.state_path`. */
async function weightOf(folder: string, without: readonly string[] = []): Promise<Weight> {
  let [files, bytes, oldest] = [0, 0, Number.POSITIVE_INFINITY]
  for (const entry of await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])) {
    if (without.includes(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      const below = await weightOf(path)
      files += below.files
      bytes += below.bytes
      oldest = Math.min(oldest, below.oldest ?? oldest)
    } else {
      const found = await stat(path).catch(() => undefined)
      if (!found) continue
      files++
      bytes += found.size
      oldest = Math.min(oldest, found.mtimeMs)
    }
  }
  return { files, bytes, oldest: Number.isFinite(oldest) ? oldest : undefined }
}
