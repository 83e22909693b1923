import { CollectorError } from '../model/error.js'
import type { DataFolder } from './data-folder.js'
import { hashFile } from './durable-file.js'

/** A file of ours that is never written again. `path` is relative to the data path. */
interface Written {
  readonly path: string
  readonly hash: string
}

/**
 * Whether files are as they were written, told before their rows go into others: a byte that the disk changed would go on into every later file, under a
 * hash that says that all is well. Each file is read once for all that is made of it in one go.
 */
export class SoundFiles {
  readonly #folder: DataFolder
  readonly #looked = new Map<string, boolean>()

  constructor(folder: DataFolder) {
    this.#folder = folder
  }

  /** Those that are not as they were written. */
  async damaged<F extends Written>(files: readonly F[]): Promise<F[]> {
    const bad: F[] = []
    for (const file of files) {
      const sound = this.#looked.get(file.path) ?? (await hashFile(this.#folder.at(file.path))).hash === file.hash
      this.#looked.set(file.path, sound)
      if (!sound) bad.push(file)
    }
    return bad
  }
}

export function damagedError({ path }: Written, waiting: string): CollectorError {
  return new CollectorError('DATA_DAMAGED', `${path} is not as it was written; ${waiting}`)
}
