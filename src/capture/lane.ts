import type { LaneWriter } from '../journal/lane.js'
import type { Clock } from '../lib/clock.js'
import type { JournalRecord } from '../model/record.js'
import type { Nanos } from '../model/time.js'
import type { DecideBody } from './bodies.js'
import type { Wish } from './derived-connection.js'
import type { Deriver } from './deriver.js'

/** A `state` record is due after this many bytes, or four times the last one, so that recovery reads a bounded tail. */
const STATE_EVERY = 64 * 1024 * 1024
/** Frames taken and not yet safe: above it frames are discarded and counted, until a quarter is reached (durability B1). */
const BACKLOG_MOST = 64 * 1024 * 1024

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
  private shedding = false
  private readonly discarded = new Map<number, { frames: number; bytes: number }>()
  /** Bytes of frames since the last `freeze`. */
  bytes = 0

  constructor(clock: Clock, writer: LaneWriter, deriver: Deriver, obey: (wish: Wish) => void) {
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
    this.position = this.writer.append(record)
    for (const wish of this.deriver.process(record)) this.obey(wish)
    return this.position
  }

  /** A received frame; `false` when it was discarded because the disk does not keep up. */
  frame(connection: number, n: number, { data, wall, mono }: Frame): boolean {
    if (this.overloaded()) {
      const count = this.discarded.get(connection) ?? { frames: 0, bytes: 0 }
      count.frames++
      count.bytes += data.length
      this.discarded.set(connection, count)
      return false
    }
    this.count(data.length)
    this.record({ type: 'in', connection, n, wall, mono, frame: data })
    return true
  }

  private count(bytes: number): void {
    this.sinceState += bytes
    this.bytes += bytes
  }

  private overloaded(): boolean {
    const { pendingBytes } = this.writer
    if (!this.shedding && pendingBytes > BACKLOG_MOST) this.shedding = true
    if (this.shedding && pendingBytes < BACKLOG_MOST / 4) {
      this.shedding = false
      for (const [connection, count] of this.discarded) this.decide(connection, { what: 'discarded', ...count })
      this.discarded.clear()
    }
    return this.shedding
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
    this.overloaded()
    this.record({ type: 'tick', wall: this.clock.wall(), mono: this.clock.mono() })
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
