import { appendFile, mkdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface LogFileOptions {
  readonly path: string
  /** A file that would grow past this is set aside as `.1`, the one before as `.2` and so on. */
  readonly maxBytes?: number
  /** Files kept beside the current one. */
  readonly keep?: number
}

/** Bytes that wait for the disk; what comes on top is dropped and counted. */
const WAITING_MOST = 1024 * 1024

/** Where log lines go: one file that is appended to, set aside when it is large. Never throws and never blocks: a log that cannot be written is not worth a stop. */
export class LogFile {
  readonly #path: string
  readonly #maxBytes: number
  readonly #keep: number
  #waiting: string[] = []
  #bytes = 0
  #size: number | undefined
  #work: Promise<void> | undefined
  /** Lines that were dropped, because the disk did not keep up or took nothing. */
  dropped = 0

  constructor({ path, maxBytes = 10 * 1024 * 1024, keep = 4 }: LogFileOptions) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#keep = keep
  }

  /** A line with its end. */
  write(line: string): void {
    if (this.#bytes + line.length > WAITING_MOST) {
      this.dropped++
      return
    }
    this.#waiting.push(line)
    this.#bytes += line.length
    this.#work ??= this.#workOff().finally(() => {
      this.#work = undefined
    })
  }

  /** Resolves when everything written so far is in the file, or dropped. */
  async flush(): Promise<void> {
    while (this.#work) await this.#work
  }

  async #workOff(): Promise<void> {
    while (this.#waiting.length) {
      const lines = this.#waiting
      this.#waiting = []
      this.#bytes = 0
      const text = lines.join('')
      try {
        await this.#makeRoom(Buffer.byteLength(text))
        await appendFile(this.#path, text)
        this.#size = (this.#size ?? 0) + Buffer.byteLength(text)
      } catch {
        this.dropped += lines.length
        this.#size = undefined
      }
    }
  }

  async #makeRoom(more: number): Promise<void> {
    if (this.#size === undefined) {
      await mkdir(dirname(this.#path), { recursive: true })
      this.#size = await stat(this.#path).then(
        ({ size }) => size,
        () => 0,
      )
    }
    if (this.#size === 0 || this.#size + more <= this.#maxBytes) return
    await unlink(`${this.#path}.${this.#keep}`).catch(() => {})
    for (let number = this.#keep - 1; number >= 1; number--)
      await rename(`${this.#path}.${number}`, `${this.#path}.${number + 1}`).catch(() => {})
    await rename(this.#path, `${this.#path}.1`)
    this.#size = 0
  }
}
