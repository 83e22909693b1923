import { type Nanos, SECOND } from '../model/time.js'

/** Bytes of frames that may be taken and not yet be safe: above it nothing is taken (durability B1). */
const BACKLOG_MOST = 64 * 1024 * 1024
/** Under a quarter of it for so long, all is taken again. */
const CALM_FOR: Nanos = 10n * SECOND
/** A connection of which everything was discarded for so long is of no use. */
const CLOSED_AFTER: Nanos = 30n * SECOND

/** What was discarded of one connection. */
interface Discarded {
  frames: number
  bytes: number
  readonly since: Nanos
  closing: boolean
}

/** What a tick brings. */
export interface Relief {
  /** Of these connections frames are taken again. */
  readonly over: readonly (readonly [connection: number, discarded: Pick<Discarded, 'frames' | 'bytes'>])[]
  /** These are to be closed. */
  readonly closing: readonly number[]
}

/**
 * What to give up when the disk does not keep up: whole frames of the heaviest connections, so that the others lose nothing. Begins at three quarters of the
 * bound with one connection; each half of what is left to the bound takes the next heaviest. Sockets are never paused: stamps stay honest.
 */
export class Shedding {
  private readonly most: number
  /** Bytes that came, halved each second. */
  private readonly weights = new Map<number, number>()
  private readonly shed = new Map<number, Discarded>()
  private calmSince: Nanos | undefined

  constructor(most = BACKLOG_MOST) {
    this.most = most
  }

  /** Whether a frame that came is discarded. `pending`: bytes that are taken and not yet safe, without this one. */
  discards(connection: number, bytes: number, pending: number, mono: Nanos): boolean {
    this.weights.set(connection, (this.weights.get(connection) ?? 0) + bytes)
    if (pending + bytes > this.most) this.add(connection, mono)
    else if (pending + bytes > this.most * (1 - 2 ** -this.shed.size / 4)) this.add(this.heaviest(), mono)
    const discarded = this.shed.get(connection)
    if (!discarded) return false
    discarded.frames++
    discarded.bytes += bytes
    return true
  }

  private add(connection: number | undefined, mono: Nanos): void {
    if (connection === undefined || this.shed.has(connection)) return
    this.shed.set(connection, { frames: 0, bytes: 0, since: mono, closing: false })
  }

  private heaviest(): number | undefined {
    let found: number | undefined
    let most = 0
    for (const [connection, weight] of this.weights) {
      if (weight <= most || this.shed.has(connection)) continue
      found = connection
      most = weight
    }
    return found
  }

  /** Each second. */
  tick(pending: number, mono: Nanos): Relief {
    for (const [connection, weight] of this.weights) this.weights.set(connection, weight / 2)
    if (!this.shed.size) return { over: [], closing: [] }
    if (pending >= this.most / 4) this.calmSince = undefined
    else this.calmSince ??= mono
    if (this.calmSince !== undefined && mono - this.calmSince >= CALM_FOR) {
      const over = [...this.shed].map(([connection, { frames, bytes }]) => [connection, { frames, bytes }] as const)
      this.shed.clear()
      this.calmSince = undefined
      return { over, closing: [] }
    }
    const closing: number[] = []
    for (const [connection, discarded] of this.shed) {
      if (discarded.closing || mono - discarded.since < CLOSED_AFTER) continue
      discarded.closing = true
      closing.push(connection)
    }
    return { over: [], closing }
  }

  /** The connection has ended; returns what was discarded of it since it was told last. */
  ended(connection: number): Pick<Discarded, 'frames' | 'bytes'> | undefined {
    const discarded = this.shed.get(connection)
    this.weights.delete(connection)
    this.shed.delete(connection)
    return discarded && { frames: discarded.frames, bytes: discarded.bytes }
  }
}
