import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../lib/clock.js'
import { CollectorError, type ErrorCode } from '../model/error.js'
import type { JournalRecord } from '../model/record.js'
import { BLOCK_HEADER } from './block.js'
import { recordSize, writeRecord } from './codec.js'
import type { Stretch } from './file-summary.js'
import type { LaneWriter } from './lane.js'

/** A buffer is handed to the journal when it is full or this old. */
const POST_BYTES = 256 * 1024
const POST_MS = 20
/** Buffers that are kept for what comes next. */
const MOST_FREE = 32
/** No block may be larger: what a reader must hold at once. */
export const BLOCK_MOST = 128 * 1024 * 1024

/** From a lane to the journal: `length` bytes of `buffer` are a block whose header is still empty. The buffer is transferred. */
export interface LanePost extends Stretch {
  readonly buffer: ArrayBuffer
  readonly length: number
}

/** From the journal to a lane: what is safe, and the buffers in which it came, for the lane to use again. */
export type LaneReply =
  | { readonly durable: number; readonly spent: ArrayBuffer[] }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } }

interface Waiter {
  readonly position: number
  readonly resolve: () => void
  readonly reject: (error: CollectorError) => void
}

/** A lane whose journal is at the other end of a port. Takes records into a buffer and hands it over when full or old. */
export class PortLaneWriter implements LaneWriter {
  readonly lane: number
  readonly #port: MessagePort
  readonly #clock: Clock
  #buffer: Buffer<ArrayBuffer> | undefined
  readonly #free: ArrayBuffer[] = []
  #used = BLOCK_HEADER
  #first = 0
  #next = 0
  #states: number[] = []
  #ended = false
  #cancelPost: (() => void) | undefined
  #durable = -1
  #pendingBytes = 0
  /** Handed over and not yet safe, oldest first. */
  #posted: { readonly last: number; readonly bytes: number; readonly at: bigint }[] = []
  #waiters: Waiter[] = []
  #failure: CollectorError | undefined

  constructor(lane: number, port: MessagePort, clock: Clock) {
    this.lane = lane
    this.#port = port
    this.#clock = clock
    port.on('message', (reply: LaneReply) => this.#onReply(reply))
    port.on('close', () => this.#fail(new CollectorError('STORE_FAILED', 'The journal thread is gone.')))
  }

  get durable(): number {
    return this.#durable
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** How long the oldest record that is not yet safe has waited since it was handed over; 0 when there is none. */
  get lagMs(): number {
    const oldest = this.#posted[0]
    return oldest ? Number(this.#clock.mono() - oldest.at) / 1e6 : 0
  }

  /** Throws STORE_FAILED when the journal gave up, and on a record too large for a block. */
  append(record: JournalRecord): number {
    if (this.#failure) throw this.#failure
    const size = recordSize(record)
    if (BLOCK_HEADER + size > BLOCK_MOST)
      throw new CollectorError('STORE_FAILED', `A journal record of ${size} bytes is larger than a block may be.`)
    if (this.#buffer && this.#used + size > this.#buffer.length) this.#post()
    this.#buffer ??= this.#freshBuffer(BLOCK_HEADER + size)
    this.#used = writeRecord(this.#buffer, this.#used, record, size)
    this.#pendingBytes += size
    const position = this.#next++
    if (record.type === 'state') this.#states.push(position)
    if (record.type === 'end') this.#ended = true
    if (this.#used >= POST_BYTES) this.#post()
    else this.#cancelPost ??= this.#clock.after(POST_MS, () => this.#post())
    return position
  }

  /** An ArrayBuffer of its own, so that it can be transferred. */
  #freshBuffer(bytes: number): Buffer<ArrayBuffer> {
    const free = bytes <= POST_BYTES ? this.#free.pop() : undefined
    return Buffer.from(free ?? new ArrayBuffer(Math.max(POST_BYTES, bytes)))
  }

  whenDurable(position: number): Promise<void> {
    if (position <= this.#durable) return Promise.resolve()
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ position, resolve, reject })
    })
  }

  /** Hands over what is left and leaves the port. What is not safe by then is still written, but nobody is told. */
  close(): void {
    if (!this.#failure) this.#post()
    this.#fail(new CollectorError('STORE_FAILED', 'The lane is closed.'))
    this.#port.close()
  }

  #post(): void {
    this.#cancelPost?.()
    this.#cancelPost = undefined
    const buffer = this.#buffer
    if (!buffer) return
    const count = this.#next - this.#first
    const bytes = this.#used - BLOCK_HEADER
    const stretch = { lane: this.lane, first: this.#first, count, states: this.#states, ended: this.#ended }
    const backing = buffer.buffer
    const post: LanePost = { ...stretch, buffer: backing, length: this.#used }
    this.#port.postMessage(post, [backing])
    this.#posted.push({ last: this.#next - 1, bytes, at: this.#clock.mono() })
    this.#buffer = undefined
    this.#used = BLOCK_HEADER
    this.#first = this.#next
    this.#states = []
  }

  #onReply(reply: LaneReply): void {
    if ('failed' in reply) {
      this.#fail(new CollectorError(reply.failed.code, reply.failed.message))
      return
    }
    this.#durable = Math.max(this.#durable, reply.durable)
    for (const buffer of reply.spent)
      if (buffer.byteLength === POST_BYTES && this.#free.length < MOST_FREE) this.#free.push(buffer)
    let safe = 0
    for (const { last, bytes } of this.#posted) {
      if (last > this.#durable) break
      this.#pendingBytes -= bytes
      safe++
    }
    this.#posted.splice(0, safe)
    const waiters = this.#waiters
    this.#waiters = waiters.filter(({ position }) => position > this.#durable)
    for (const { position, resolve } of waiters) if (position <= this.#durable) resolve()
  }

  #fail(error: CollectorError): void {
    if (this.#failure) return
    this.#failure = error
    this.#cancelPost?.()
    const waiters = this.#waiters
    this.#waiters = []
    for (const { reject } of waiters) reject(error)
  }
}
