import type { Capability, Limits } from '../model/capability.js'
import type { Channel, Interval } from '../model/dataset.js'
import type { CollectorError, ErrorCode } from '../model/error.js'
import type { AdapterEvent, BookDelta, BookSnapshot, Level, MarketData } from '../model/event.js'
import type { Instrument } from '../model/instrument.js'
import type { BlockSlice } from '../model/row-block.js'
import type { Shape } from '../model/shape.js'
import type { Nanos } from '../model/time.js'

/** JSON-able data: survives `JSON.parse(JSON.stringify(x))` unchanged. Big counters are kept as text. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** One thing asked of an exchange: one channel of one instrument. `id` is unique within a connection. */
export interface Subscription {
  readonly id: string
  readonly channel: Channel
  readonly symbol: string
  readonly pair: string
  /** Of books: the depth asked of the exchange (one it offers). */
  readonly depth?: number
  /** Of candles. */
  readonly interval?: Interval
}

/** The id of a subscription: `trades BTCUSDT`, `ohlc:1m BTCUSDT`, `book:100 BTC/USD`. */
export function subscriptionId(of: Omit<Subscription, 'id' | 'pair'>): string {
  const detail = of.interval ?? of.depth
  return `${of.channel}${detail === undefined ? '' : `:${detail}`} ${of.symbol}`
}

/** What one socket carries. `path` is appended to the endpoint's base URL. */
export interface ConnectionPlan {
  readonly path: string
  readonly subscriptions: readonly Subscription[]
  /**
   * `all`: market data that nobody asked for on this connection is read as data too, under the id (`subscriptionId`) that the frame itself
   * tells; a detail that it does not tell, such as the depth, is left out. For reading recordings. Otherwise such frames are a `notice`.
   */
  readonly accept?: 'all'
}

/**
 * What a frame is. Every frame is exactly one of these; `events` stands on each because a venue's counter may run over
 * heartbeats and acknowledgements too (a `break` can come with any of them). `reply`: what to send because of it.
 *
 * - `data`: market data of one subscription (`subscription` is its id, `at` its index in the plan where the conversation knows it: that saves a look-up). Some frames serve several: mark price, index price and funding rate often come
 *   together. Then `shared` names them all, and each event belongs to the one whose channel and symbol it is of.
 * - `ack`: the exchange confirmed (`confirmed`) or ended (`released`) subscriptions, by id.
 * - `reject`: it refused them; `code` is SUBSCRIBE_REJECTED or UNKNOWN_INSTRUMENT.
 * - `heartbeat`: proof of life; of the named subscriptions, or of the whole connection when `proves` is undefined.
 * - `notice`: known and needs nothing, or asks for an action (`reconnect`, `pause` = maintenance begins, `resume`).
 * - `failure`: the exchange reports an error that names no subscription.
 * - `bad`: not what the protocol allows (not JSON, a field of a wrong type); `subscription` when it can still be told whose it was.
 * - `unknown`: well-formed but of a form that is not known.
 */
export type Reading = { readonly events: readonly AdapterEvent[]; readonly reply?: readonly string[] } & (
  | {
      readonly kind: 'data'
      readonly subscription: string
      readonly at?: number
      readonly shared?: readonly string[]
    }
  | { readonly kind: 'ack'; readonly confirmed: readonly string[]; readonly released: readonly string[] }
  | {
      readonly kind: 'reject'
      readonly rejected: readonly string[]
      readonly code: ErrorCode
      readonly message: string
    }
  | { readonly kind: 'heartbeat'; readonly proves: readonly string[] | undefined }
  | { readonly kind: 'notice'; readonly name: string; readonly action?: 'reconnect' | 'pause' | 'resume' }
  | { readonly kind: 'failure'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'bad'; readonly reason: string; readonly subscription?: string }
  | { readonly kind: 'unknown'; readonly reason: string }
)

/**
 * One conversation with the exchange: lives as long as one connection, without socket, clock or timer. All that it remembers is
 * in `state`, one JSON-able object that the engine saves and restores: two conversations with equal plan and state behave
 * alike. Everything ever sent comes from these methods, so that replaying the same calls gives the same messages.
 */
export interface Conversation {
  readonly state: Json
  /** What to send when the socket is open, in order: it asks for every subscription of the plan. */
  open(): readonly string[]
  /** What one received frame means. Never throws. */
  read(frame: string): Reading
  /** What to send to end these subscriptions (ids). */
  unsubscribe(ids: readonly string[]): readonly string[]
  /** What to send for a fresh snapshot of one book; empty where snapshots come by REST. */
  resync(id: string): readonly string[]
}

export interface LiveProtocol {
  /** Spreads subscriptions over connections within the exchange's limits; loses none, invents none. */
  plan(subscriptions: readonly Subscription[]): readonly ConnectionPlan[]
  /** `state` continues a saved conversation; without it a new one begins. */
  converse(plan: ConnectionPlan, state?: Json): Conversation
  /** A connection on which not one frame came for this long is dead. */
  readonly silentAfterMs: number
  /** A text message that keeps the connection alive, where the exchange wants one from us. WebSocket ping/pong is the engine's. */
  readonly ping?: { readonly everyMs: number; readonly message: string }
  /** Whether subscriptions are acknowledged one way or another; where not, first data confirms. */
  readonly acknowledges: boolean
}

/** A public REST call without I/O: where to ask, what it costs, and how to read the answer. */
export interface RestCall<T> {
  /** Path and query, appended to the endpoint's base URL. */
  readonly path: string
  /** Cost in the venue's weight units. */
  readonly weight: number
  /** Reads a 2xx body; throws a CollectorError where the body is an error or makes no sense. */
  read(body: string): T
}

/** A call whose answer may be one page of several. */
export interface ListCall<T> extends RestCall<readonly T[]> {
  /** The call for the page after this one, told by the same body; `undefined` at the end. Throws as `read` does. */
  next?(body: string): ListCall<T> | undefined
}

/** A book as the keeper holds it, best level first on each side; texts are those of the wire. */
export interface BookView {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** What was traded of an instrument within the last 24 hours, as far as the venue tells. */
export interface Traded {
  /** `symbol` or `restSymbol` of the instrument. */
  readonly symbol: string
  /** Amount in its base, or value in its quote. */
  readonly amount: { readonly base: number } | { readonly quote: number }
  /** Price of the last trade, in the quote. */
  readonly last: number
}

/**
 * A channel that the venue offers by REST only: asked at a steady pace, each answer journalled and derived like a frame. Its capability carries
 * the pace (`poll`), so that config and docs tell it.
 */
export interface Poll {
  readonly channel: Channel
  /** One call answers for one symbol, or for as many as asked. */
  readonly answers: 'symbol' | 'all'
  /** The call for these subscriptions, which is one where the venue answers by symbol. Events of other symbols are left out. */
  call(subscriptions: readonly Subscription[]): RestCall<readonly MarketData[]>
}

/** The exchange's procedure for a correct book. */
export interface BookRules {
  /** Where the first snapshot (and that of a resync) comes from. */
  readonly firstSnapshot: 'stream' | 'rest'
  /** The REST snapshot of a subscription's book: the first one, or the one that `refreshEveryMs` compares with. */
  snapshot?(subscription: Subscription): RestCall<BookSnapshot>
  /**
   * Where neither counter nor checksum proves a book: how often it is compared with a REST snapshot. What differs was lost since the
   * comparison before.
   */
  readonly refreshEveryMs?: number
  /**
   * Whether `delta` may be applied to a book at `sequence`; `first`: no delta was applied since the snapshot.
   * `stale`: already inside; `break`: something is missing. Both undefined sequences mean that the venue has none: apply.
   */
  follows(sequence: bigint | undefined, delta: BookDelta, first: boolean): 'apply' | 'stale' | 'break'
  /** The exchange's checksum of a book; compared where a snapshot or delta carries one. Only the best `checksumLevels` are needed. */
  checksum?(book: BookView): number
  readonly checksumLevels?: number
  /** Whether both sides are cut to the subscribed depth after each change (levels pushed out get no delete). */
  readonly cutsToDepth: boolean
}

/** A stretch of the past of one channel and instrument, half-open on exchange time (open time of candles). */
export interface HistoryRequest {
  /** The exchange's name of the instrument in the live feed: that of the events. */
  readonly symbol: string
  /** Its name in REST paths. */
  readonly restSymbol: string
  readonly from: Nanos
  readonly until: Nanos
  /** Of candles. */
  readonly interval?: Interval
  /** Of trades with a counter, where known: the last one held before the stretch, and the last one in it (what is held after it begins with the next). */
  readonly after?: bigint
  readonly before?: bigint
}

/** What one answer proves: everything of this stretch, half-open, is among its events. */
export interface PageCover {
  readonly from: Nanos
  readonly until: Nanos
  /** The counter just before the stretch and at its end, where there is one: joins stretches whatever lies between their times. */
  readonly before: bigint | null
  readonly last: bigint | null
  /** It begins (walking back: ends) exactly where the page before this one ended: the two are one stretch. */
  readonly joined: boolean
}

/** One answer of a history, read. */
export interface Page {
  /** Oldest first, each once. May reach beyond the stretch asked for: those overlap with what is known. */
  readonly events: readonly MarketData[]
  /** The same as columns, where the answer was read as such; `events` is empty then. */
  readonly slice?: BlockSlice
  /** Never more than the answer shows: a short, empty or capped page proves less, not everything. */
  readonly covers: readonly PageCover[]
  /** How to go on; absent when the stretch is done. Plain data, so that a run resumes at the page. */
  readonly next?: Json
  /** The past begins here: asked again for what is older, the venue had nothing. */
  readonly begins?: Nanos
  /** Why a part of the stretch cannot be had although it was asked for, if so. */
  readonly missing?: readonly { readonly from: Nanos; readonly until: Nanos; readonly reason: string }[]
}

/** The past of one channel, page by page. Pure: what to ask, and what an answer means. */
export interface HistoryFeed {
  readonly channel: Channel
  /** Intervals of candles that have a past. */
  readonly intervals?: readonly Interval[]
  /** Most rows of one answer: for estimates. What an answer proves never hangs on it. */
  readonly pageRows: number
  /** Whether pages go up from the oldest or down from the newest. */
  readonly order: 'rising' | 'falling'
  /**
   * How far back answers go, where the venue keeps only the recent past: a time, or a number of candles. What is older is out of reach, and
   * said to be.
   */
  readonly reach?: { readonly ms: number } | { readonly candles: number }
  /** The call for the next page of a stretch: the first one without `cursor`, then with the `next` of the page before. */
  page(request: HistoryRequest, cursor?: Json): PageCall
}

/** A page of a past. */
export interface PageCall extends RestCall<Page> {
  /** The same as `read` with rows as columns, for an answer that is written plainly; `undefined` leaves it to `read`. */
  columns?(body: Uint8Array): Page | undefined
}

/** A file that a venue publishes of the past. Paths are appended to the base URL of its archives. */
export interface ArchiveFile {
  readonly path: string
  /** The file that holds its SHA-256, as `sha256sum` writes it; absent where the venue publishes none. */
  readonly checksum?: string
  /** What it holds, half-open. */
  readonly from: Nanos
  readonly until: Nanos
}

/** What a file of an archive is of. */
export type ArchivedInstrument = Pick<HistoryRequest, 'symbol' | 'restSymbol' | 'interval'>

/** Some lines of a file, in its order. */
export interface ArchivePart {
  /** The first line of the file where it names the columns; else empty. */
  readonly header: string
  readonly lines: readonly string[]
  /** Nothing of the file comes after these. */
  readonly last: boolean
  /**
   * The file is taken at its word about where it begins and ends, because nobody else can tell. Else what lies before its first and after its last row
   * is not proven.
   */
  readonly whole: boolean
}

/** The past of one channel in files of whole days or months. Pure: where they lie, and what their lines mean. */
export interface ArchiveFeed {
  readonly channel: Channel
  readonly intervals?: readonly Interval[]
  readonly packing: 'zip' | 'gzip'
  /** Before this nothing was published. */
  readonly since: Nanos
  /** Periods that files are of, the longest first, and how long after its end a file is there at the latest. */
  readonly periods: readonly { readonly of: 'month' | 'day'; readonly publishedAfterMs: number }[]
  /** The file of the period that begins at `from`; `undefined` where the venue publishes none of this instrument. */
  file(of: ArchivedInstrument, period: 'month' | 'day', from: Nanos): ArchiveFile | undefined
  /** Where a file holds several instruments: text that each line of this one holds. */
  mark?(of: ArchivedInstrument): string
  /** What some lines mean; `cursor` is the `next` of the part before. Throws ARCHIVE_DAMAGED where they are not what they should be. */
  page(request: HistoryRequest, part: ArchivePart, cursor?: Json): Page
}

/** An exchange: data and pure functions. No state, no base class, no I/O, no clock. */
export interface ExchangeAdapter {
  readonly id: string
  readonly name: string
  /** Documentation this was written from. */
  readonly docs: string
  readonly capabilities: readonly Capability[]
  readonly limits: Limits
  /** Production base URLs; `settings.endpoints.<exchange>` replaces them. Paths of plans and calls are appended. */
  readonly endpoints: { readonly websocket: string; readonly rest: string; readonly archive?: string }
  /** One task per (exchange, pair), or one per (exchange, pair, channel). */
  readonly taskPer: 'pair' | 'channel'
  /** Everything that is listed: one call per list that the venue keeps (spot, swaps …), each followed page by page. */
  readonly instruments: readonly ListCall<Instrument>[]
  readonly live: LiveProtocol
  readonly book: BookRules
  /**
   * The messages of each channel, polls included, as the venue documents them. Not needed to read them: what comes besides is counted and shown as a
   * change of the venue (`SCHEMA_DRIFT`).
   */
  readonly shapes: Readonly<Partial<Record<Channel, Shape>>>
  /** What is traded of everything, for rules that take the busiest; absent where the venue does not tell. */
  readonly volumes?: readonly ListCall<Traded>[]
  /** What of the past can be fetched. */
  readonly history?: readonly HistoryFeed[]
  /** What of the past is published in files. */
  readonly archives?: readonly ArchiveFeed[]
  readonly polls?: readonly Poll[]
  /**
   * What a refusal by HTTP status and body means; `undefined` leaves it to the usual rules (429, 418, 5xx). An error instead of a code where
   * the venue has a waiting time of its own.
   */
  refusal?(status: number, body: string): ErrorCode | CollectorError | undefined
}
