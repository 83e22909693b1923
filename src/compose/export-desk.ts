import type { StreamedExport } from '../export/export-stream.js'
import { CollectorError } from '../model/error.js'

type Chunks = AsyncGenerator<string | Uint8Array, void, undefined>

interface OpenExport {
  readonly gone: AbortController
  readonly chunks: Chunks
  /** The next part, made while the one before is sent. */
  next: Promise<IteratorResult<string | Uint8Array, void>>
}

/** Files that are being made for another thread, by the numbers that it gives them: part by part, no further ahead than one. */
export class ExportDesk {
  readonly #make: (request: StreamedExport, signal: AbortSignal) => Chunks
  readonly #open = new Map<number, OpenExport>()

  constructor(make: (request: StreamedExport, signal: AbortSignal) => Chunks) {
    this.#make = make
  }

  open(id: number, request: StreamedExport): void {
    const gone = new AbortController()
    const chunks = this.#make(request, gone.signal)
    this.#open.set(id, { gone, chunks, next: nextOf(chunks) })
  }

  /** The next part; undefined after the last. Throws what making it throws. */
  async next(id: number): Promise<string | Uint8Array | undefined> {
    const found = this.#open.get(id)
    if (!found) throw new CollectorError('INTERNAL', `no export ${id} is open`)
    const { value, done } = await found.next
    if (done || value === undefined) return undefined
    found.next = nextOf(found.chunks)
    return value
  }

  /** Stops what is being made, and lets go of it. */
  async close(id: number): Promise<void> {
    const found = this.#open.get(id)
    this.#open.delete(id)
    found?.gone.abort()
    await found?.chunks.return()
  }

  /** Files that are being made. */
  get size(): number {
    return this.#open.size
  }
}

/** Whoever waits for it hears of a failure; nobody may. */
function nextOf(chunks: Chunks) {
  const next = chunks.next()
  next.catch(() => {})
  return next
}
