import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Clock } from '../lib/clock.js'
import { asCollectorError } from '../model/error.js'
import { type FileLayer, nodeFiles } from './file-layer.js'
import type { FileSummary } from './file-summary.js'
import { compressJournalFile, isAbsent, removeJournalFile } from './journal-file.js'
import { type JournalState, JournalWriter } from './journal-writer.js'
import { type LanePost, type LaneReply, PortLaneWriter } from './lane-writer.js'
import { scanJournal } from './recover.js'
import { filesToRelease, fileToCompress, type KeepRule, type LaneProgress } from './retention.js'

export interface JournalOptions {
  readonly dir: string
  readonly clock: Clock
  readonly syncMs?: number
  readonly rollBytes?: number
  readonly rollMs?: number
  /** JSON at the head of each file: program, version, run. */
  readonly about?: string
  readonly onState?: (state: JournalState) => void
  readonly files?: FileLayer
}

/** The journal as its thread runs it: one writer, many lanes. */
export class JournalServer {
  readonly #writer: JournalWriter
  readonly #clock: Clock
  readonly #dir: string
  readonly #files: FileLayer
  readonly #ports = new Map<number, MessagePort>()
  /** Blocks of each lane that are not safe yet, oldest first. */
  readonly #taken = new Map<number, { readonly last: number; readonly buffer: ArrayBuffer }[]>()
  /** All files but those being written; known from the first `release` on. */
  #held: FileSummary[] | undefined

  constructor(options: JournalOptions) {
    this.#clock = options.clock
    this.#dir = options.dir
    this.#files = options.files ?? nodeFiles()
    this.#writer = new JournalWriter({
      ...options,
      files: this.#files,
      onDurable: (lane, position) => {
        const taken = this.#taken.get(lane) ?? []
        const waiting = taken.findIndex(({ last }) => last > position)
        const spent = taken.splice(0, waiting < 0 ? taken.length : waiting).map(({ buffer }) => buffer)
        this.#ports.get(lane)?.postMessage({ durable: position, spent } satisfies LaneReply, spent)
      },
      onState: (state) => {
        if (state.state === 'failed') for (const port of this.#ports.values()) this.#tellFailure(port, state.error)
        options.onState?.(state)
      },
    })
  }

  /** Makes the folder and the first file. Throws DISK_FULL or DATA_NOT_WRITABLE. */
  open(): Promise<void> {
    return this.#writer.open()
  }

  /** Takes the records of a lane from a port. A lane number is attached once, ever. */
  attach(lane: number, port: MessagePort): void {
    this.#ports.set(lane, port)
    const taken: { readonly last: number; readonly buffer: ArrayBuffer }[] = []
    this.#taken.set(lane, taken)
    port.on('message', (post: LanePost) => {
      try {
        this.#writer.append({ ...post, block: Buffer.from(post.buffer, 0, post.length) })
        taken.push({ last: post.first + post.count - 1, buffer: post.buffer })
      } catch (error) {
        this.#tellFailure(port, error)
      }
    })
    port.on('close', () => {
      this.#ports.delete(lane)
      this.#taken.delete(lane)
    })
  }

  /** A lane into this journal from the thread that runs it. */
  lane(lane: number): PortLaneWriter {
    const { port1, port2 } = new MessageChannel()
    this.attach(lane, port1)
    return new PortLaneWriter(lane, port2, this.#clock)
  }

  /**
   * Deletes the files that nothing needs and the rule does not keep; damaged ones are set aside as `.dj.damaged`. Returns them. One of those that are
   * kept without being needed is compressed. Calls must not overlap. Throws STORE_FAILED.
   */
  async release(progress: ReadonlyMap<number, LaneProgress>, rule: KeepRule): Promise<FileSummary[]> {
    try {
      // Recovery has told of the damage in old files; here only their being damaged counts.
      const below = this.#writer.firstNumber
      this.#held ??= [...(await scanJournal(this.#dir, { onDamage: () => {}, files: this.#files, below })).files]
      this.#held.push(...this.#writer.takeFinished())
      const going = filesToRelease(this.#held, progress, rule, this.#clock.wall())
      for (const file of going) {
        await removeJournalFile(this.#files, this.#dir, file.number, file.damaged)
        this.#held.splice(this.#held.indexOf(file), 1)
      }
      if (going.length) await this.#files.syncFolder(this.#dir)
      await this.#compressOne(progress)
      return going
    } catch (error) {
      throw asCollectorError(error, 'STORE_FAILED')
    }
  }

  /** One file at a time: calls come often enough, and the disk belongs to what is recorded. */
  async #compressOne(progress: ReadonlyMap<number, LaneProgress>): Promise<void> {
    const held = this.#held ?? []
    const file = fileToCompress(held, progress)
    if (!file) return
    try {
      const bytes = await compressJournalFile(this.#files, this.#dir, file.number)
      held[held.indexOf(file)] = { ...file, bytes, compressed: true }
    } catch (error) {
      if (!isAbsent(error)) throw error
      held.splice(held.indexOf(file), 1) // deleted by hand
    }
  }

  /** Writes, syncs and tells all that was taken, then leaves the ports. Lanes that still record afterwards fail. */
  async close(): Promise<void> {
    try {
      await this.#writer.close()
    } finally {
      for (const port of this.#ports.values()) port.close()
    }
  }

  #tell(port: MessagePort | undefined, reply: LaneReply): void {
    port?.postMessage(reply)
  }

  #tellFailure(port: MessagePort, error: unknown): void {
    const { code, message } = asCollectorError(error, 'STORE_FAILED')
    this.#tell(port, { failed: { code, message } })
  }
}

/** Opens the journal of a folder. Runs in the journal thread; a test or a command may run it in its own. */
export async function serveJournal(options: JournalOptions): Promise<JournalServer> {
  const server = new JournalServer(options)
  await server.open()
  return server
}
