import type { Candle, Receipt } from '../model/event.js'
import { type Nanos, SECOND } from '../model/time.js'

/** How long after its end a candle without a closing flag is taken as closed when no later one comes. */
const QUIET: Nanos = 10n * SECOND

interface Pending {
  readonly candle: Candle
  readonly receipt: Receipt
  /** The instant of its last update on the exchange's clock (ours where it gives none), and the monotonic clock then. */
  readonly time: Nanos
  readonly mono: Nanos
}

export interface Closed {
  readonly candle: Candle
  readonly receipt: Receipt
}

export type CloserState = { pending: Pending | null }

/**
 * Tells closed candles from open ones; only closed ones are stored. Closed by the venue's flag, else by a later candle, else 10 s after
 * its end by monotonic distance. A candle older than the one in progress is a correction and closed.
 */
export class CandleCloser {
  private readonly span: Nanos
  private pending: Pending | null

  constructor(seconds: number, state: CloserState = { pending: null }) {
    this.span = BigInt(seconds) * SECOND
    this.pending = state.pending
  }

  save(): CloserState {
    return { pending: this.pending }
  }

  candle(candle: Candle, receipt: Receipt, mono: Nanos): Closed[] {
    const closed: Closed[] = []
    const { pending } = this
    if (pending && candle.openTime > pending.candle.openTime) {
      // With a flag of its own the venue closes a candle itself; one that never got the flag is not known to be complete.
      if (pending.candle.closed === undefined) closed.push({ candle: pending.candle, receipt: pending.receipt })
      this.pending = null
    }
    if (candle.closed || (this.pending && candle.openTime < this.pending.candle.openTime)) {
      if (candle.closed !== false) closed.push({ candle, receipt })
      if (this.pending?.candle.openTime === candle.openTime) this.pending = null
    } else {
      this.pending = { candle, receipt, time: candle.exchangeTime ?? receipt.receiveTime, mono }
    }
    return closed
  }

  /** By the monotonic clock alone: is the pending candle over? */
  tick(mono: Nanos): Closed[] {
    const { pending } = this
    if (!pending || pending.candle.closed !== undefined) return []
    const now = pending.time + (mono - pending.mono)
    if (now < pending.candle.openTime + this.span + QUIET) return []
    this.pending = null
    return [{ candle: pending.candle, receipt: pending.receipt }]
  }
}
