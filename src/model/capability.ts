import type { Channel, Interval } from './dataset.js'
import type { Instrument } from './instrument.js'

/** What an exchange offers live, as data: engine, config, docs and conformance suite all read the same declaration. */
export interface Capability {
  readonly channel: Channel
  /** Depths of the book that can be asked for, rising; the nearest larger one is chosen. */
  readonly depths?: readonly number[]
  /** Those of them that come whole each time: nothing shows that one is missing, and the next one heals it. */
  readonly wholeDepths?: readonly number[]
  /** Intervals of candles that can be asked for. */
  readonly intervals?: readonly Interval[]
  /** The kinds of instruments that have it; all when not given. */
  readonly kinds?: readonly Instrument['kind'][]
  /** Not streamed: asked by REST this often (the adapter's `polls`). A poll that is missed is a gap. */
  readonly poll?: { readonly everyMs: number }
  /**
   * Streamed at this pace whatever happens. Then the stream proves itself, not the life of the connection: it is held from message to message, and
   * one that stays away is a gap although all else comes. Some venues confirm a stream that never sends.
   */
  readonly everyMs?: number
  /** What a reader of the data must know. */
  readonly note?: string
  /** What the venue itself leaves out, where it does not send everything: `at most one of each second`. */
  readonly sampled?: string
  /**
   * What proves that nothing is missing: `counter` (+1 per event of a symbol), `chain` (each change names the one before),
   * `checksum`, `connection` (one counter over all of a connection), `unit` (each event is whole in itself: candles), or `none`.
   */
  readonly proof: 'counter' | 'chain' | 'checksum' | 'connection' | 'unit' | 'none'
  /** Whose clock the coverage of this channel is kept on: `receive` where events carry no exchange time. */
  readonly axis: 'exchange' | 'receive'
}

/** The venue's documented limits that the planner and the senders keep. */
export interface Limits {
  readonly subscriptionsPerConnection: number
  /** Messages we may send per second on one connection. */
  readonly messagesPerSecond: number
  /** Messages we may send per second from one address, over all its connections. */
  readonly addressMessagesPerSecond?: number
  /** New connections per window and address. */
  readonly connects: { readonly count: number; readonly perMs: number }
  /** REST budget per window and address, in the venue's weight units. */
  readonly rest: { readonly weight: number; readonly perMs: number }
  /** The venue closes each connection after this long. */
  readonly connectionLifetimeMs?: number
}
