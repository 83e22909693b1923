import { join } from 'node:path'
import { compressFile, openCompressed } from './compressed-file.js'
import type { FileLayer, LayerFile } from './file-layer.js'
import { journalFileName } from './file-summary.js'

const COMPRESSED = '.gz'

/** A journal file opened for reading, compressed or not. `stored`: bytes that it takes on the disk. */
export interface OpenJournalFile {
  readonly file: LayerFile
  readonly compressed: boolean
  readonly stored: number
}

/** Opens a file of the journal. Where both forms stand, as after a crash, the original counts. */
export async function openJournalFile(files: FileLayer, dir: string, number: number): Promise<OpenJournalFile> {
  const path = join(dir, journalFileName(number))
  try {
    const file = await files.open(path)
    return { file, compressed: false, stored: await sizeOf(file) }
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
  const raw = await files.open(path + COMPRESSED)
  const stored = await sizeOf(raw)
  await raw.close()
  return { file: await openCompressed(files, path + COMPRESSED), compressed: true, stored }
}

/** A file that does not even tell its size is closed. */
async function sizeOf(file: LayerFile): Promise<number> {
  try {
    return await file.size()
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Puts the compressed form of a file in its place (durability J2): made beside it, synced, renamed; only then the original goes. Returns its size. */
export async function compressJournalFile(files: FileLayer, dir: string, number: number): Promise<number> {
  const path = join(dir, journalFileName(number))
  const bytes = await compressFile(files, path, path + COMPRESSED)
  await files.syncFolder(dir)
  await files.unlink(path)
  await files.syncFolder(dir)
  return bytes
}

/** Deletes a file in whatever form it stands, or sets it aside as `.damaged`. */
export async function removeJournalFile(
  files: FileLayer,
  dir: string,
  number: number,
  damaged: boolean,
): Promise<void> {
  for (const name of [journalFileName(number), journalFileName(number) + COMPRESSED]) {
    const path = join(dir, name)
    try {
      await (damaged ? files.rename(path, `${path}.damaged`) : files.unlink(path))
    } catch (error) {
      if (!isAbsent(error)) throw error // the other form, or deleted by hand: gone is what was wanted
    }
  }
}

/** Whether a file operation failed because what it names does not exist. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
