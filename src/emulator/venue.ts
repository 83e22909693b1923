import type { Clock } from '../lib/clock.js'
import type { Channel } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import type { Coin } from './coins.js'
import type { InstrumentSpec } from './instrument-spec.js'
import type { Market, Turn } from './market.js'
import type { Truth } from './truth.js'

/** What a frame is about, so that faults can choose frames. Acks, heartbeats and the like have neither. */
export interface FrameLabel {
  readonly channel?: Channel
  /** The venue's name of the instrument. */
  readonly symbol?: string
  /** Writes the same frame with a wrong checksum; absent where the frame carries none. */
  readonly spoiled?: () => string
}

/** The venue's end of one WebSocket connection. Faults sit behind it: the venue does not notice them. */
export interface Link {
  /** Number of the connection on this venue, from 1. */
  readonly number: number
  send(text: string, label?: FrameLabel): void
  /** Ends the connection with a close frame. */
  close(code: number, reason: string): void
}

/** One client's conversation with the venue, from open to close. */
export interface Session {
  receive(text: string): void
  /** Says what the venue says before it ends connections for maintenance, where it says something. */
  warn?(): void
  /** The venue goes into maintenance or comes out of it: says what it says then, where it says something. */
  maintenance?(begins: boolean): void
  /** The connection has ended, whoever ended it: release everything. */
  closed(): void
}

export interface HttpRequest {
  /** Below `/<exchange>`, with its leading slash, without the query. */
  readonly path: string
  readonly query: URLSearchParams
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** A file of an archive, before it is packed. */
export interface Dump {
  /** Of the file itself, below `/<exchange>`. */
  readonly path: string
  readonly packing: 'zip' | 'gzip'
  readonly header?: string
  readonly lines: readonly string[]
}

/** What the server does for a venue on every connection. Absent = the venue does not do it. */
export interface SocketManners {
  /** The venue sends WebSocket ping frames this often… */
  readonly pingEveryMs?: number
  /** …and drops the connection without a pong within this time. */
  readonly pongWithinMs?: number
  /** It closes each connection after this long. */
  readonly lifetimeMs?: number
  /** It drops the connection at more client messages (ping and pong count) within a second. */
  readonly messagesPerSecond?: number
  /** It drops a connection with which the client's address sends more messages per second, over all its connections. */
  readonly addressMessagesPerSecond?: number
  /** It refuses to open more connections per window (HTTP 429 to the upgrade). */
  readonly connects?: { readonly count: number; readonly perMs: number }
}

/** A running venue: a seeded market (or a recording) behind one exchange's protocol. */
export interface Venue {
  readonly exchange: string
  readonly manners: SocketManners
  /** A client has connected at `path` (below `/<exchange>`); `undefined` refuses (HTTP 404 to the upgrade). */
  connect(link: Link, path: string, query: URLSearchParams): Session | undefined
  http(request: HttpRequest): HttpAnswer
  /** The file of the archive at a path (that of a checksum beside it means the same file); `null` where there is none, `undefined` where the path is none of an archive. */
  dump?(path: string): Dump | null | undefined
  /** How this venue words an HTTP refusal (429, 418, 5xx) that a fault asked for. */
  refusal(status: number, retryAfterS: number | undefined): HttpAnswer
  /**
   * About every 20 ms: everything of the market until `now` has happened (`happened` was called for each turn).
   * For what the venue sends by the clock: batches, heartbeats, candles. `now` never goes back.
   */
  tick(now: Nanos): void
  /** Figures of its own for `GET /_emulator/state`. */
  state?(): Readonly<Record<string, unknown>>
  /** One event of the market, right after it happened: send it, write its truth. Never called on a recording. */
  happened(turn: Turn): void
}

/** What a venue over a seeded market is made from. */
export interface VenueContext {
  readonly market: Market
  /** Of the market; what else a venue makes up begins with it. */
  readonly seed: string
  readonly truth: Truth
  readonly clock: Clock
  /** The venue's clock, as `tick` tells it, for frames that carry the time of sending. */
  now(): Nanos
  /** Whether a fault wants this subscription refused; the venue then answers as it would for an unknown symbol. */
  rejects(channel: Channel, symbol: string): boolean
  /** The rows of a page of the past as a fault wants them: fewer, repeated, mixed up. What a page says of itself (cursors) is of these. */
  page?<T>(rows: readonly T[]): readonly T[]
  /** Whether a fault wants this instrument left out of the list. */
  delisted?(symbol: string): boolean
}

/** A venue that can be emulated: one line in the emulator's list. */
export interface VenueKind {
  readonly exchange: string
  /** The step of its timestamps in nanoseconds: 1 000 000 for milliseconds. */
  readonly stepNs: bigint
  /** Its instruments for these coins. */
  instruments(coins: readonly Coin[]): readonly InstrumentSpec[]
  open(context: VenueContext): Venue
}
