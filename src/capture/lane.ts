import type { LaneWriter } from '../journal/lane.js'
import type { Clock } from '../lib/clock.js'
import type { JournalRecord } from '../model/record.js'
import type { Nanos } from '../model/time.js'
import type { DecideBody } from './bodies.js'
import type { Wish } from './derived-connection.js'
import type { Deriver } from './deriver.js'
import { Shedding } from './shedding.js'

/** A `state` record is due after this many bytes, or four times the last one, so that recovery reads a bounded tail. */
const STATE_EVERY = 64 * 1024 * 1024
/** A connection that was closed because the disk does not keep up stays closed for so long. */
const RELIEF_MS = 10_000

type Frame = { readonly data: Uint8Array; readonly wall: Nanos; readonly mono: Nanos }

/**
 * The one way of a capture worker into journal and derivation: every record is appended first, then derived, and the wishes that come out go to
 * whoever drives the connection.
 */
export class Lane {
  readonly clock: Clock
  readonly deriver: Deriver
  private readonly writer: LaneWriter
  private readonly obey: (wish: Wish) => void
  private position = -1
  private sinceState = 0
  private stateSize = 0
  private readonly shedding: Shedding
  /** Bytes of frames since the last `freeze`. */
  bytes = 0

  /** `backlogMost`: bytes of frames that may wait for the disk. */
  constructor(clock: Clock, writer: LaneWriter, deriver: Deriver, obey: (wish: Wish) => void, backlogMost?: number) {
    this.shedding = new Shedding(backlogMost)
    this.clock = clock
    this.writer = writer
    this.deriver = deriver
    this.obey = obey
  }

  get number(): number {
    return this.writer.lane
  }

  record(record: JournalRecord): number {
    if (record.type === 'rest') this.count(record.body.length)
    if (record.type === 'close') this.discarded(record.connection, this.shedding.ended(record.connection))
    this.position = this.writer.append(record)
    for (const wish of this.deriver.process(record)) this.obey(wish)
    return this.position
  }

  /** A received frame; `false` when it was discarded because the disk does not keep up. */
  frame(connection: number, n: number, { data, wall, mono }: Frame): boolean {
    if (this.shedding.discards(connection, data.length, this.writer.pendingBytes, mono)) return false
    this.count(data.length)
    this.record({ type: 'in', connection, n, wall, mono, frame: data })
    return true
  }

  private count(bytes: number): void {
    this.sinceState += bytes
    this.bytes += bytes
  }

  /** Says what was discarded of a connection: what it listens to has a gap from there on, and books are taken anew. */
  private discarded(
    connection: number,
    discarded: { readonly frames: number; readonly bytes: number } | undefined,
  ): void {
    if (discarded?.frames) this.decide(connection, { what: 'discarded', ...discarded })
  }

  decide(connection: number, body: DecideBody): void {
    this.record({
      type: 'decide',
      connection,
      wall: this.clock.wall(),
      mono: this.clock.mono(),
      body: JSON.stringify(body),
    })
  }

  want(datasets: readonly { key: string; since: string | null }[], on: boolean): void {
    if (!datasets.length) return
    const body = JSON.stringify({ on, datasets })
    this.record({ type: 'wanted', wall: this.clock.wall(), mono: this.clock.mono(), body })
  }

  tick(): void {
    const mono = this.clock.mono()
    const { over, closing } = this.shedding.tick(this.writer.pendingBytes, mono)
    for (const [connection, discarded] of over) this.discarded(connection, discarded)
    this.record({ type: 'tick', wall: this.clock.wall(), mono })
    const detail = 'the disk has not kept up for 30 s'
    for (const connection of closing)
      this.obey({ wish: 'reconnect', connection, code: 'BACKLOG_FULL', detail, pauseMs: RELIEF_MS })
  }

  /** Brings the ledger facts up to the last record and returns its position; the caller takes the columns in the same turn. */
  freeze(): number {
    this.deriver.flush()
    this.bytes = 0
    const { position } = this
    if (this.sinceState > Math.max(STATE_EVERY, 4 * this.stateSize)) {
      const body = this.deriver.save()
      this.stateSize = body.length
      this.sinceState = 0
      this.record({ type: 'state', wall: this.clock.wall(), body })
    }
    return position
  }

  /** The lane ends in order: nothing may be recorded after it. Resolves when everything is safe. */
  async end(): Promise<number> {
    this.deriver.flush()
    this.position = this.writer.append({ type: 'end', wall: this.clock.wall() })
    await this.writer.whenDurable(this.position)
    return this.position
  }

  /** Resolves when everything recorded so far is safe. */
  durable(): Promise<void> {
    return this.position < 0 ? Promise.resolve() : this.writer.whenDurable(this.position)
  }

  whenDurable(position: number): Promise<void> {
    return position < 0 ? Promise.resolve() : this.writer.whenDurable(position)
  }
}
