import { randomFillSync } from 'node:crypto'
import { open, stat, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { leastFree } from '../config/least-free.js'
import type { CollectorConfig } from '../config/schema.js'
import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'

export interface DiskGuardOptions {
  readonly clock: Clock
  /** A folder on the disk that is watched. */
  readonly folder: string
  /** Least free space, in GiB; `auto` is 1 GiB, or 2 % of a disk that is small. */
  readonly minFree: CollectorConfig['journal']['min_free_gb']
  /** Recording is to stop: what follows would fill the disk. */
  onLow(error: CollectorError): void
  /** There is room again, twice as much as is needed. */
  onEnough(): void
  /** Free and all bytes of a disk; for tests. */
  readonly room?: (folder: string) => Promise<{ readonly free: number; readonly size: number }>
}

const LOOK_MS = 1000
const MIB = 1024 ** 2
const RESERVE = 64 * MIB

async function roomOf(folder: string) {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, size: blocks * bsize }
}

/**
 * Watches the free space of the data folder (durability B4): below the least, recording stops before the disk is full; at twice that it goes on by itself. A
 * file of random bytes is kept in reserve, and given up when space is short, so that what was received can be stored to its end.
 */
export class DiskGuard {
  readonly #options: DiskGuardOptions
  #low = false
  #cancel: (() => void) | undefined
  #looking = false

  constructor(options: DiskGuardOptions) {
    this.#options = options
  }

  get low(): boolean {
    return this.#low
  }

  /** Looks at once, then each second until `stop`. */
  async start(): Promise<void> {
    await this.look()
    this.#cancel ??= this.#options.clock.every(LOOK_MS, () => void this.look())
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** A write found the disk full: whatever is said to be free, it is not enough. */
  async full(): Promise<void> {
    await this.#giveReserve()
    this.#turnLow('a write found the disk full')
  }

  async look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const { free, size } = await (this.#options.room ?? roomOf)(this.#options.folder)
      const least = leastFree({ min_free_gb: this.#options.minFree }, size)
      if (free < least) {
        await this.#giveReserve()
        this.#turnLow(`${mib(free)} MiB are free in ${this.#options.folder}, less than ${mib(least)} MiB`)
      } else if (free >= 2 * least) {
        if (this.#low) {
          this.#low = false
          this.#options.onEnough()
        }
        const reserve = Math.min(RESERVE, Math.floor(size * 0.005))
        if (free >= 2 * least + 2 * reserve) await this.#makeReserve(reserve)
      }
    } catch {
      // A file system that does not tell is not watched.
    } finally {
      this.#looking = false
    }
  }

  #turnLow(message: string): void {
    if (this.#low) return
    this.#low = true
    this.#options.onLow(new CollectorError('DISK_FULL', message))
  }

  get #reserve(): string {
    return join(this.#options.folder, '.dccd', 'reserve')
  }

  async #makeReserve(bytes: number): Promise<void> {
    if (bytes === 0 || this.#options.room) return
    if ((await stat(this.#reserve).catch(() => undefined))?.size === bytes) return
    const file = await open(this.#reserve, 'w')
    try {
      // Random, so that no file system makes it small.
      const block = randomFillSync(Buffer.alloc(Math.min(MIB, bytes)))
      for (let at = 0; at < bytes; at += block.length)
        await file.write(block, 0, Math.min(block.length, bytes - at), at)
    } finally {
      await file.close()
    }
  }

  async #giveReserve(): Promise<void> {
    if (!this.#options.room) await unlink(this.#reserve).catch(() => {})
  }
}

function mib(bytes: number): number {
  return Math.round(bytes / MIB)
}
