import type { FileLayer, LayerFile } from '../src/journal/file-layer.js'

/** What a file operation meets: a short write, an error of the system, a sync that fails and forgets, or the power going off. */
export type Fault = 'none' | 'short' | 'ENOSPC' | 'EIO' | 'off'

interface Write {
  readonly position: number
  readonly bytes: Buffer
}

interface Stored {
  /** What a reader sees now. */
  seen: Buffer
  /** What is on the disk for sure. */
  safe: Buffer
  /** Written since the last sync that worked, and not given up by one that failed. */
  dirty: Write[]
  /** Given up by a failed sync: may or may not be on the disk, and no later sync will see to it. */
  forgotten: Write[]
  /** The folder entry is on the disk. */
  linked: boolean
}

/**
 * A disk in memory that fails as told and loses its power: what was not synced is then there in any part and in any order. A sync that failed has
 * forgotten what it was to write, as Linux does: the next one succeeds without it.
 */
export class PowerLossFiles implements FileLayer {
  readonly #files = new Map<string, Stored>()
  readonly #fault: (operation: string) => Fault
  #off = false

  constructor(fault: (operation: string) => Fault = () => 'none') {
    this.#fault = fault
  }

  get off(): boolean {
    return this.#off
  }

  /** The disk as it is found after the power came back. `chance` gives numbers in [0, 1). */
  afterPowerLoss(chance: () => number): PowerLossFiles {
    const found = new PowerLossFiles()
    for (const [path, stored] of this.#files) {
      if (!stored.linked && chance() < 0.5) continue
      let bytes = stored.safe
      for (const write of [...stored.forgotten, ...stored.dirty]) {
        const part = chance()
        if (part < 0.3) continue
        const kept = part < 0.5 ? Math.floor(write.bytes.length * chance()) : write.bytes.length
        bytes = overlaid(bytes, { position: write.position, bytes: write.bytes.subarray(0, kept) })
      }
      found.#files.set(path, { seen: bytes, safe: bytes, dirty: [], forgotten: [], linked: true })
    }
    return found
  }

  async makeFolder(): Promise<void> {
    this.#meet('makeFolder')
  }

  async list(folder: string): Promise<string[]> {
    this.#meet('list')
    return [...this.#files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1))
  }

  async create(path: string): Promise<LayerFile> {
    this.#meet('create')
    if (this.#files.has(path)) throw systemError('EEXIST')
    const stored: Stored = { seen: Buffer.alloc(0), safe: Buffer.alloc(0), dirty: [], forgotten: [], linked: false }
    this.#files.set(path, stored)
    return this.#handle(stored)
  }

  async open(path: string): Promise<LayerFile> {
    this.#meet('open')
    const stored = this.#files.get(path)
    if (!stored) throw systemError('ENOENT')
    return this.#handle(stored)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#meet('rename')
    const stored = this.#files.get(from)
    if (!stored) throw systemError('ENOENT')
    this.#files.delete(from)
    this.#files.set(to, stored)
  }

  async unlink(path: string): Promise<void> {
    this.#meet('unlink')
    if (!this.#files.delete(path)) throw systemError('ENOENT')
  }

  async syncFolder(): Promise<void> {
    this.#meet('syncFolder')
    for (const stored of this.#files.values()) stored.linked = true
  }

  #handle(stored: Stored): LayerFile {
    return {
      write: async (bytes, position) => {
        const fault = this.#meet('write')
        const taken = fault === 'short' ? Math.ceil(bytes.length / 3) : bytes.length
        const write = { position, bytes: Buffer.from(bytes.subarray(0, taken)) }
        stored.dirty.push(write)
        stored.seen = overlaid(stored.seen, write)
        return taken
      },
      read: async (target, position) => {
        this.#meet('read')
        const part = stored.seen.subarray(position, position + target.length)
        target.set(part)
        return part.length
      },
      datasync: async () => {
        try {
          this.#meet('datasync')
        } catch (error) {
          stored.forgotten.push(...stored.dirty.splice(0))
          throw error
        }
        for (const write of stored.dirty.splice(0)) stored.safe = overlaid(stored.safe, write)
      },
      size: async () => stored.seen.length,
      close: async () => {},
    }
  }

  /** Throws what the operation is to fail with. */
  #meet(operation: string): Fault {
    const fault = this.#off ? 'off' : this.#fault(operation)
    if (fault === 'off') this.#off = true
    if (fault === 'ENOSPC' || fault === 'EIO') throw systemError(fault)
    if (fault === 'off') throw systemError('EIO')
    return fault
  }
}

function overlaid(bytes: Buffer, { position, bytes: more }: Write): Buffer {
  const all = Buffer.alloc(Math.max(bytes.length, position + more.length))
  bytes.copy(all)
  more.copy(all, position)
  return all
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: a fault of the test`), { code })
}
