import { readFile, rename } from 'node:fs/promises'
import type { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, type CollectorError } from '../model/error.js'

export interface SavedFileOptions<T> {
  readonly path: string
  readonly schema: z.ZodType<T>
  /** What is to stand in it now. */
  readonly content: () => T
  /** A change is written so many milliseconds after it, with those that came meanwhile. */
  readonly afterMs: number
  readonly clock: Clock
  /** What nobody waits for: the file could not be read or written. */
  readonly onError: (error: CollectorError) => void
}

/** Something small in memory that a JSON file keeps over restarts: written whole, a little after it changed. */
export class SavedFile<T> {
  readonly #options: SavedFileOptions<T>
  #dirty = false
  #cancelSave: (() => void) | undefined
  #saving: Promise<void> = Promise.resolve()

  constructor(options: SavedFileOptions<T>) {
    this.#options = options
  }

  /** What an earlier run left, if anything. A file that cannot be read is told and set aside under its name with `.bad`. */
  async read(): Promise<T | undefined> {
    const { path, schema, onError } = this.#options
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8')))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
      onError(asCollectorError(cause, 'STORE_FAILED'))
      await rename(path, `${path}.bad`).catch(() => {})
      return undefined
    }
  }

  /** The content is another now. */
  changed(): void {
    this.#dirty = true
    this.#cancelSave ??= this.#options.clock.after(this.#options.afterMs, () => void this.flush())
  }

  /** Writes what is not yet in the file; what fails is told and tried again with the next change. */
  async flush(): Promise<void> {
    this.#cancelSave?.()
    this.#cancelSave = undefined
    this.#saving = this.#saving.then(() => this.#save())
    await this.#saving
  }

  async #save(): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    const { path, content, onError } = this.#options
    try {
      await writeFileAtomic(path, `${JSON.stringify(content(), null, 1)}\n`)
    } catch (cause) {
      this.#dirty = true
      onError(asCollectorError(cause, 'STORE_FAILED'))
    }
  }
}
