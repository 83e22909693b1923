import type { DerivedConnection } from './derived-connection.js'

/** Trades and the like of both connections are kept, equals once: for so long after the new one was confirmed both are listened to. */
const OVERLAP_NS = 2_000_000_000n

/**
 * A connection that takes over from older ones without a break (durability D5). What one connection must write alone, books and quotes, it keeps to
 * itself until it stands exactly where the older one stands; from there on it writes, beginning with the whole book. Of everything else both write for a
 * while, and equals count once. An older one that ends before leaves what it had not handed over at that moment.
 */
export class Handover {
  readonly connection: DerivedConnection
  private readonly waiting: Set<string>

  /** `older`: those of the replaced connections that are open. */
  constructor(connection: DerivedConnection, older: readonly DerivedConnection[], state?: readonly string[]) {
    this.connection = connection
    this.waiting = new Set(state ?? connection.subscriptions.keys())
    if (state) return
    for (const [id, each] of connection.subscriptions) {
      const before = writer(older, id)
      if (!before) continue
      before.watched = true
      each.mute()
    }
  }

  /** The subscriptions that are not yet taken over. */
  get state(): readonly string[] {
    return [...this.waiting]
  }

  /**
   * Takes over what can be: of one subscription after a frame of it, of all at a tick. Returns the connections that are of no use any more when all is
   * taken over.
   */
  check(open: ReadonlyMap<number, DerivedConnection>, mono: bigint, only?: string): readonly number[] {
    const older = this.older(open)
    for (const id of only === undefined ? [...this.waiting] : this.waiting.has(only) ? [only] : []) {
      const next = this.connection.subscriptions.get(id)
      const before = writer(older, id)
      if (!next || next.gone) this.waiting.delete(id)
      else if (!before) {
        next.takeOver()
        this.waiting.delete(id)
      } else if (next.standsWith(before, mono, OVERLAP_NS)) {
        next.takeOver(before.handOver())
        this.waiting.delete(id)
      }
    }
    return this.waiting.size ? [] : older.map(({ number }) => number)
  }

  /** An older connection has ended: what nobody writes now is taken over as it stands. */
  ended(open: ReadonlyMap<number, DerivedConnection>): void {
    const older = this.older(open)
    for (const id of [...this.waiting]) {
      if (writer(older, id)) continue
      this.connection.subscriptions.get(id)?.takeOver()
      this.waiting.delete(id)
    }
  }

  private older(open: ReadonlyMap<number, DerivedConnection>): DerivedConnection[] {
    return (this.connection.body.replaces ?? []).flatMap((number) => open.get(number) ?? [])
  }
}

/** Who writes this subscription now. */
function writer(older: readonly DerivedConnection[], id: string) {
  for (const { subscriptions } of older) {
    const each = subscriptions.get(id)
    if (each && !each.gone) return each
  }
  return undefined
}
