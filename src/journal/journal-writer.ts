import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { fileHeader, SEAL_LANE, sealBlock, sealBytes } from './block.js'
import type { FileLayer, LayerFile } from './file-layer.js'
import {
  type FileSummary,
  FileTally,
  journalFileName,
  journalNumbers,
  type Stretch,
  summaryText,
} from './file-summary.js'

const SYNC_MS = 250
const ROLL_BYTES = 256 * 1024 * 1024
const ROLL_MS = 3_600_000
const RETRY_FULL_MS = 1000

/** Records of one lane on their way to disk. `block`: BLOCK_HEADER free bytes, then the encoded records. */
export interface LaneChunk extends Stretch {
  readonly block: Buffer
}

/** `disk_full`: everything is kept in memory and tried again each second. `failed`: nothing is accepted any more. */
export type JournalState =
  | { readonly state: 'ok' }
  | { readonly state: 'disk_full' | 'failed'; readonly error: CollectorError }

export interface JournalWriterOptions {
  readonly dir: string
  readonly clock: Clock
  readonly files: FileLayer
  /** Bytes that wait are synced at least this often. */
  readonly syncMs?: number
  /** A new file is begun before a file grows past this, and once its first block is `rollMs` old. */
  readonly rollBytes?: number
  readonly rollMs?: number
  /** JSON at the head of each file: who wrote it. */
  readonly about?: string
  /** Called after each sync: all records of the lane up to this position are safe. */
  readonly onDurable: (lane: number, position: number) => void
  readonly onState?: (state: JournalState) => void
}

/** A file being written. Bytes before `synced` are on the disk; the next block goes to `offset`. */
interface OpenFile {
  readonly handle: LayerFile
  readonly tally: FileTally
  readonly beganMono: bigint
  offset: number
  synced: number
}

/**
 * Owns the files of the journal: appends blocks of many lanes to one file, syncs, rolls, and says what is safe. After a failed sync a file is
 * never written again: what was not yet safe goes to a new one (durability O4).
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #syncMs: number
  readonly #rollBytes: number
  readonly #rollNanos: bigint
  #firstNumber = 1
  #nextNumber = 1
  #current: OpenFile | undefined
  #ahead: Promise<OpenFile | undefined> = Promise.resolve(undefined)
  readonly #finished: FileSummary[] = []
  /** Taken, not yet written; then written, not yet synced. */
  #queue: LaneChunk[] = []
  #unsynced: LaneChunk[] = []
  #cancelSync: (() => void) | undefined
  #syncDue = false
  #working = false
  #work: Promise<void> = Promise.resolve()
  #state: JournalState = { state: 'ok' }
  #mishaps = 0
  #closing = false
  #resume: (() => void) | undefined

  constructor(options: JournalWriterOptions) {
    this.#options = options
    this.#syncMs = options.syncMs ?? SYNC_MS
    this.#rollBytes = options.rollBytes ?? ROLL_BYTES
    this.#rollNanos = BigInt(options.rollMs ?? ROLL_MS) * 1_000_000n
  }

  /** Makes the folder and the first file. Throws DISK_FULL or DATA_NOT_WRITABLE. */
  async open(): Promise<void> {
    const { dir, files } = this.#options
    try {
      await files.makeFolder(dir)
      this.#firstNumber = (journalNumbers(await files.list(dir)).at(-1) ?? 0) + 1
      this.#nextNumber = this.#firstNumber
      this.#ahead = Promise.resolve(await this.#makeFile())
    } catch (error) {
      throw isFull(error) ? failure(error) : asCollectorError(error, 'DATA_NOT_WRITABLE')
    }
  }

  get state(): JournalState {
    return this.#state
  }

  /** The first file number of this writer: all lower ones were there before. */
  get firstNumber(): number {
    return this.#firstNumber
  }

  /** Files that this writer has finished with since the last call, oldest first. */
  takeFinished(): FileSummary[] {
    return this.#finished.splice(0)
  }

  /** Takes records to write. Chunks of a lane come in order of their positions. Throws when the journal gave up or is closed. */
  append(chunk: LaneChunk): void {
    if (this.#state.state === 'failed') throw this.#state.error
    if (this.#closing) throw new CollectorError('STORE_FAILED', 'The journal is closed.')
    this.#queue.push(chunk)
    this.#wake()
  }

  /** Writes and syncs all that was taken, closes the file in order. Throws what kept it from doing so. */
  async close(): Promise<void> {
    this.#closing = true
    this.#resume?.()
    this.#wake()
    await this.#work
    this.#cancelSync?.()
    const file = this.#current
    this.#current = undefined
    if (file) await (this.#state.state === 'failed' ? this.#leave(file) : this.#finish(file))
    // The file made ahead stays, empty, so that numbers only rise; a later run deletes it.
    const ahead = await this.#ahead
    if (ahead) await quietly(ahead.handle.close())
    this.#ahead = Promise.resolve(undefined)
    if (this.#state.state === 'failed') throw this.#state.error
  }

  #wake(): void {
    if (this.#working) return
    this.#working = true
    this.#work = this.#workOff()
  }

  async #workOff(): Promise<void> {
    while (this.#state.state !== 'failed') {
      try {
        if (this.#unsynced.length && (this.#syncDue || (this.#closing && !this.#queue.length))) await this.#sync()
        else if (this.#queue.length) await this.#writeNext()
        else break
      } catch (error) {
        await this.#mishap(error)
      }
    }
    this.#working = false
  }

  async #writeNext(): Promise<void> {
    const chunk = this.#queue[0]
    if (!chunk) return
    if (this.#current && this.#isSpent(this.#current, chunk.block.length)) await this.#roll(this.#current)
    const file = this.#current ?? (await this.#nextFile())
    const { clock } = this.#options
    const wall = clock.wall()
    sealBlock(chunk.block, {
      file: file.tally.number,
      offset: file.offset,
      lane: chunk.lane,
      first: chunk.first,
      count: chunk.count,
      wall,
      mono: clock.mono(),
      synced: file.synced,
    })
    try {
      await writeAll(file.handle, chunk.block, file.offset)
    } catch (error) {
      // On a full disk the same bytes are written to the same place once there is room; any other failure ends the file.
      if (!isFull(error)) await this.#abandon(file)
      throw error
    }
    file.offset += chunk.block.length
    file.tally.add(chunk, wall)
    this.#queue.shift()
    this.#unsynced.push(chunk)
    this.#setState({ state: 'ok' })
    this.#cancelSync ??= clock.after(this.#syncMs, () => {
      this.#syncDue = true
      this.#wake()
    })
  }

  /** Makes all that was written safe and says so. */
  async #sync(): Promise<void> {
    const file = this.#current
    if (!file) return
    this.#cancelSync?.()
    this.#cancelSync = undefined
    try {
      await file.handle.datasync()
    } catch (error) {
      await this.#abandon(file)
      throw error
    }
    file.synced = file.offset
    this.#syncDue = false
    this.#mishaps = 0
    const durable = new Map<number, number>()
    for (const { lane, first, count } of this.#unsynced) durable.set(lane, first + count - 1)
    this.#unsynced = []
    for (const [lane, position] of durable) this.#options.onDurable(lane, position)
  }

  #isSpent(file: OpenFile, more: number): boolean {
    if (!file.tally.used) return false
    return file.offset + more > this.#rollBytes || this.#options.clock.mono() - file.beganMono >= this.#rollNanos
  }

  async #roll(file: OpenFile): Promise<void> {
    if (this.#unsynced.length) await this.#sync()
    this.#current = undefined
    await this.#finish(file)
  }

  async #nextFile(): Promise<OpenFile> {
    const made = (await this.#ahead) ?? (await this.#makeFile())
    const file = { ...made, beganMono: this.#options.clock.mono() }
    this.#current = file
    this.#ahead = this.#makeFile().catch(() => undefined) // tried again when it is needed; then its failure counts
    return file
  }

  /** A file with its header, on the disk and in its folder before anything is written to it. */
  async #makeFile(): Promise<OpenFile> {
    const { dir, files, clock, about = '{}' } = this.#options
    const number = this.#nextNumber++
    const path = join(dir, journalFileName(number))
    const handle = await files.create(path)
    try {
      const header = fileHeader(number, clock.wall(), about)
      await writeAll(handle, header, 0)
      await handle.datasync()
      await files.syncFolder(dir)
      return {
        handle,
        tally: new FileTally(number),
        beganMono: clock.mono(),
        offset: header.length,
        synced: header.length,
      }
    } catch (error) {
      await quietly(handle.close())
      await quietly(files.unlink(path))
      throw error
    }
  }

  /** Closes a file all of whose blocks are safe. The closing block only helps readers: without it the file is read through. */
  async #finish(file: OpenFile): Promise<void> {
    const { clock } = this.#options
    const seal = sealBytes(summaryText(file.tally.summary(file.offset)))
    const stamp = { file: file.tally.number, offset: file.offset, wall: clock.wall(), mono: clock.mono() }
    sealBlock(seal, { ...stamp, lane: SEAL_LANE, first: 0, count: 0, synced: file.synced })
    await quietly(writeAll(file.handle, seal, file.offset).then(() => file.handle.datasync()))
    await this.#leave(file)
  }

  /** Never writes this file again; what it held unsafely is to be written anew. */
  async #abandon(file: OpenFile): Promise<void> {
    this.#current = undefined
    this.#queue = [...this.#unsynced, ...this.#queue]
    this.#unsynced = []
    await this.#leave(file)
  }

  async #leave(file: OpenFile): Promise<void> {
    await quietly(file.handle.close())
    this.#finished.push(file.tally.summary(file.offset))
  }

  async #mishap(error: unknown): Promise<void> {
    const found = failure(error)
    const full = found.code === 'DISK_FULL'
    if (!full) this.#mishaps++
    if (this.#mishaps >= 2 || (full && this.#closing)) {
      this.#queue = []
      this.#unsynced = []
      this.#setState({ state: 'failed', error: found })
      return
    }
    if (!full) return
    this.#setState({ state: 'disk_full', error: found })
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(RETRY_FULL_MS, resolve)
      this.#resume = () => {
        cancel()
        resolve()
      }
    })
    this.#resume = undefined
  }

  #setState(state: JournalState): void {
    if (state.state === this.#state.state) return
    this.#state = state
    this.#options.onState?.(state)
  }
}

/** Writes until every byte is taken: a full disk or a signal may take fewer than given, without an error. */
async function writeAll(file: LayerFile, bytes: Uint8Array, position: number): Promise<void> {
  let taken = 0
  while (taken < bytes.length) {
    const more = await file.write(bytes.subarray(taken), position + taken)
    if (more <= 0) throw new CollectorError('STORE_FAILED', 'The disk took no byte of a write and gave no reason.')
    taken += more
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

function failure(error: unknown): CollectorError {
  return asCollectorError(error, isFull(error) ? 'DISK_FULL' : 'STORE_FAILED')
}

/** Waits for it and leaves a failure alone: what it was for is done already, or done again elsewhere. */
async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch {
    // see above
  }
}
