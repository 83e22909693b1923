import type { ErrorCode } from './error.js'
import type { Nanos } from './time.js'

/**
 * What the journal holds: one record per thing that happened, in order, per lane (one worker from start to end).
 * A record carries its own time; deriving from records uses no other clock (durability D1).
 * Bodies that only one side understands (plans, states, decisions) are JSON text.
 */
export type JournalRecord =
  /** A connection was opened: number, exchange, and JSON of its plan and the rules in force. `wall`/`mono`: both clocks. */
  | {
      readonly type: 'open'
      readonly connection: number
      readonly wall: Nanos
      readonly mono: Nanos
      readonly body: string
    }
  /** It ended. `code` says why, `lastProof` when it last gave a sign of life (wall). */
  | {
      readonly type: 'close'
      readonly connection: number
      readonly wall: Nanos
      readonly mono: Nanos
      readonly code: ErrorCode
      readonly detail: string
    }
  /** A frame received: the n-th of its connection (counted with REST answers), verbatim bytes. */
  | {
      readonly type: 'in'
      readonly connection: number
      readonly n: number
      readonly wall: Nanos
      readonly mono: Nanos
      readonly frame: Uint8Array
    }
  /** A frame sent. */
  | { readonly type: 'out'; readonly connection: number; readonly wall: Nanos; readonly frame: Uint8Array }
  /** A REST answer asked for a connection; `purpose` is JSON (what it is for), `asked` the time of the request. */
  | {
      readonly type: 'rest'
      readonly connection: number
      readonly n: number
      readonly asked: Nanos
      readonly wall: Nanos
      readonly mono: Nanos
      readonly purpose: string
      readonly url: string
      readonly status: number
      readonly body: Uint8Array
    }
  /** Each second: both clocks. Timers of derivation hang on `mono` alone. */
  | { readonly type: 'tick'; readonly wall: Nanos; readonly mono: Nanos }
  /** Which datasets are wanted from now on, or no more (JSON). */
  | { readonly type: 'wanted'; readonly wall: Nanos; readonly mono: Nanos; readonly body: string }
  /** What a timer, a probe or an operator decided and the data alone does not tell (JSON): dead, unsubscribe, discarded frames. */
  | {
      readonly type: 'decide'
      readonly connection: number
      readonly wall: Nanos
      readonly mono: Nanos
      readonly body: string
    }
  /** All that derivation remembers (JSON), so that recovery may start here. */
  | { readonly type: 'state'; readonly wall: Nanos; readonly body: string }
  /** The config in force, canonical, without secrets (JSON). */
  | { readonly type: 'config'; readonly wall: Nanos; readonly body: string }
  /** The lane ended in order. */
  | { readonly type: 'end'; readonly wall: Nanos }

/** A record with its place: lane and position (number of the record in its lane, from 0). */
export interface PlacedRecord {
  readonly lane: number
  readonly position: number
  readonly record: JournalRecord
}
