import type { ErrorCode } from './error.js'
import type { Nanos } from './time.js'

/**
 * What happens to the connections that carry a stream, as its log tells it. `connecting`, `opened`, `closed`: the socket; `live`: a channel is confirmed and its book
 * complete; `gap`: something was missed on an open connection, and a book is taken anew; `refused`: the exchange does not accept the subscription;
 * `unanswered`: a REST question got no answer; `unsubscribed`: the stream was stopped.
 */
export const CONNECTION_EVENTS = [
  'connecting',
  'opened',
  'closed',
  'live',
  'gap',
  'refused',
  'unanswered',
  'unsubscribed',
] as const

export interface ConnectionEvent {
  readonly what: (typeof CONNECTION_EVENTS)[number]
  /** Our clock; of `live`, `gap` and `refused` within a second. */
  readonly time: Nanos
  /** Number of the connection over the life of the data folder; undefined when it is of none. */
  readonly connection: number | undefined
  /** Of `live`, `gap` and `refused`: which channel. */
  readonly channel: string | undefined
  readonly code: ErrorCode | undefined
  readonly detail: string | undefined
}
