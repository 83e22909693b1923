import type { BookRules } from '../exchanges/exchange.js'
import type { Capability } from '../model/capability.js'
import { type Channel, type Dataset, datasetKey, INTERVALS, KIND_OF, type Kind } from '../model/dataset.js'
import type { ErrorCode } from '../model/error.js'
import type { AdapterEvent, BookDelta, BookSnapshot, PlainEvent, Receipt, Trade } from '../model/event.js'
import type { LedgerFact } from '../model/ledger.js'
import type { BookSnapshotRow, Rows } from '../model/row.js'
import { dayOf, type Nanos, SECOND } from '../model/time.js'
import type { PlannedSubscription } from './bodies.js'
import { BookComparison, type ComparisonState } from './book-comparison.js'
import { CandleCloser, type CloserState } from './candle-closer.js'
import { COVERAGE_NUMBERS, Coverage, type CoverageState, type Instant } from './coverage.js'
import { BookKeeper, KEEPER_NUMBERS, type KeeperState } from './keeper.js'
import { Numbers } from './numbers.js'
import { believableTime, bookRows, ohlcRow, plainRow, quoteRow, tradeRow } from './rows.js'
import { RuleWatch, type RuleWatchState } from './rule-watch.js'
import type { Sink } from './sink.js'

/** The dataset whose coverage a subscription carries; `undefined` where the channel is not stored. */
export function datasetOf(
  exchange: string,
  sub: Pick<PlannedSubscription, 'channel' | 'pair' | 'interval'>,
): Dataset | undefined {
  const kind = KIND_OF[sub.channel]
  if (!kind) return undefined
  return { exchange, kind, pair: sub.pair, ...(sub.interval ? { interval: sub.interval } : {}) }
}

/** A frame being derived: its stamp, both clocks, and the index of the next row in it. */
export interface FrameContext {
  readonly receipt: Receipt
  readonly mono: Nanos
  /** The earliest instant at which it can have come to this machine, where that is before `mono`. */
  readonly arrived?: Nanos
  row: number
}

export interface ListeningState {
  status: Listening['status']
  coverage: CoverageState
  keeper: KeeperState | null
  closer: CloserState | null
  comparison: ComparisonState | null
  day: number | null
  crossedSince: Nanos | null
  lastFrame: bigint | null
  /** Of what is stored when it changes: as it was stored last. Older states have none. */
  value?: string | null
  /** Of what comes at a steady pace: since when the next is awaited, and whether it is given up. */
  awaited?: Nanos | null
  silent?: boolean
  /** How the counter of trades fared. */
  counting?: RuleWatchState
  /** Of the book: whether a snapshot is needed, when the next may be asked for, and how long to wait after that one. */
  resync: { needed: boolean; at: Nanos; delay: Nanos }
  /** While one connection takes over from another. */
  takeover?: {
    muted: boolean
    watched: boolean
    confirmedAt: Nanos | null
    lastAt: { wall: Nanos; mono: Nanos; frame: bigint } | null
    lastQuote: { key: string; time: Nanos | null } | null
  } | null
}

/** Counters for status reports; not part of what is derived, not saved. */
export interface ListeningStats {
  events: number
  rows: number
  gaps: number
  /** Receive minus exchange time of the last events in any order, ms. */
  readonly lags: number[]
  message: string | undefined
  code: ErrorCode | undefined
}

/**
 * What stands until it changes, as one text: venues repeat it many times a minute, and only changes are stored. null for events that each are
 * something of their own.
 */
function standing(event: PlainEvent): string | null {
  switch (event.kind) {
    case 'funding':
      return `${event.settled} ${event.rate} ${event.predictedRate} ${event.nextFundingTime} ${event.intervalSeconds}`
    case 'open_interest':
      return `${event.amount} ${event.value}`
    default:
      return null
  }
}

/** A frame of the dataset itself is missing, and nobody knows of when it was. */
const LOSSES: ReadonlySet<ErrorCode> = new Set(['SEQUENCE_GAP', 'BAD_MESSAGE', 'UNKNOWN_MESSAGE', 'BACKLOG_FULL'])
/** The book was wrong for some time before it was noticed. */
const WRONG_BOOK: ReadonlySet<ErrorCode> = new Set(['CHECKSUM_MISMATCH', 'BOOK_CROSSED', 'BOOK_DIVERGED'])
/** Channels whose events are told as they happen and bear the time of that; the others tell what stands, or what was. */
const PROMPT: ReadonlySet<Channel> = new Set(['trades', 'book', 'quotes'])
const MS: Nanos = SECOND / 1000n
const RESYNC_FIRST: Nanos = SECOND
const RESYNC_MOST: Nanos = 60n * SECOND
const LAGS = 64
/** What comes at a steady pace is missed after so many of its messages, and not before so long. */
const SILENT_MESSAGES = 10
const SILENT_LEAST: Nanos = 10n * SECOND
/** Trades in a row before which something is missing: then the exchange does not count them any more. */
const UNCOUNTED_AFTER = 20

/** Places of numbers of its own, after those of coverage and keeper. */
const FRAME = COVERAGE_NUMBERS + KEEPER_NUMBERS
const RECEIVED = FRAME + 1
/** Places that a subscription needs. */
export const LISTENING_NUMBERS = RECEIVED + 1

/** One subscription of one connection: turns its events into rows and coverage, and keeps its book. */
export class Listening {
  // What each frame needs stands together: with thousands of these that is what has to be fetched into the caches.
  /** `released`: no longer wanted; `ended`: the exchange confirmed that. */
  status: 'pending' | 'confirmed' | 'rejected' | 'released' | 'ended' = 'pending'
  /** Another connection is about to take over. */
  watched = false
  /** Another connection still writes this dataset; this one keeps its book, and tells and stores nothing. */
  private muted = false
  /** Of the book: whether a snapshot is needed, when the next may be asked for, and how long to wait after that one. */
  private resyncNeeded = false
  readonly sub: PlannedSubscription
  private readonly capability: Capability
  private readonly numbers: Numbers
  readonly coverage: Coverage | undefined
  private readonly keeper: BookKeeper | undefined
  private readonly comparison: BookComparison | undefined
  private readonly sink: Sink
  /** Key of the dataset whose coverage this carries; empty where the channel is not stored. */
  readonly dataset: string
  private readonly even: (mono: Nanos) => Nanos
  /** The day whose partition the book is in; never goes back. */
  private day: number | null = null
  /** Whether trades are counted one by one, as the exchange declares. */
  private readonly counting: RuleWatch
  readonly stats: ListeningStats = {
    events: 0,
    rows: 0,
    gaps: 0,
    lags: [],
    message: undefined,
    code: undefined,
  }
  private readonly snapshots: string
  private readonly closer: CandleCloser | undefined
  private crossedSince: Nanos | null = null
  private value: string | null = null
  /** Since when (monotonic) something is waited for that comes at a steady pace. */
  private awaited: Nanos | null = null
  private silent = false
  private resyncAt: Nanos = 0n
  private resyncDelay: Nanos = 0n
  private confirmedAt: Nanos | null = null
  /** The last frame of it, and the last quote, while a takeover is near. */
  private lastAt: { readonly wall: Nanos; readonly mono: Nanos; readonly frame: bigint } | null = null
  private lastQuote: { readonly key: string; readonly time: Nanos | null } | null = null

  constructor(
    exchange: string,
    sub: PlannedSubscription,
    capability: Capability,
    rules: BookRules,
    sink: Sink,
    hooks: { readonly emit: (fact: LedgerFact) => void; readonly even: (mono: Nanos) => Nanos },
    compareEveryMs: number | undefined,
    state?: ListeningState,
    numbers: Numbers = Numbers.make(LISTENING_NUMBERS),
  ) {
    this.sub = sub
    this.numbers = numbers
    this.even = hooks.even
    this.counting = new RuleWatch(UNCOUNTED_AFTER, state?.counting)
    this.capability = capability
    this.sink = sink
    const dataset = datasetOf(exchange, sub)
    this.dataset = dataset ? datasetKey(dataset) : ''
    this.snapshots = dataset ? datasetKey({ ...dataset, kind: 'book_snapshots' }) : ''
    this.coverage = dataset
      ? new Coverage(this.dataset, capability.proof, this.tell(hooks.emit), state?.coverage, numbers)
      : undefined
    if (sub.channel === 'book') {
      this.keeper = new BookKeeper(rules, sub.depth, state?.keeper ?? undefined, numbers.from(COVERAGE_NUMBERS))
      if (compareEveryMs !== undefined)
        this.comparison = new BookComparison(compareEveryMs, sub.id, state?.comparison ?? undefined)
    }
    if (sub.channel === 'ohlc')
      this.closer = new CandleCloser(INTERVALS[sub.interval ?? '1m'], state?.closer ?? undefined)
    if (!state) return
    this.status = state.status
    this.day = state.day
    this.crossedSince = state.crossedSince
    numbers.set(FRAME, state.lastFrame)
    this.value = state.value ?? null
    this.awaited = state.awaited ?? null
    this.silent = state.silent ?? false
    this.resyncNeeded = state.resync.needed
    this.resyncAt = state.resync.at
    this.resyncDelay = state.resync.delay
    const { takeover } = state
    if (!takeover) return
    this.muted = takeover.muted
    this.watched = takeover.watched
    this.confirmedAt = takeover.confirmedAt
    this.lastAt = takeover.lastAt
    this.lastQuote = takeover.lastQuote
  }

  private store<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void {
    if (!this.muted) this.sink.row(kind, dataset, row)
  }

  private tell(emit: (fact: LedgerFact) => void): (fact: LedgerFact) => void {
    return (fact) => {
      if (!this.muted) emit(fact)
    }
  }

  /** Only one connection at a time writes a book or quotes: this one waits until it may. Of all else both write. */
  mute(): void {
    this.watched = true
    this.muted = this.keeper !== undefined || this.sub.channel === 'quotes'
  }

  /** Whether this one stands exactly where the older one stands, so that nothing is missing and nothing twice when it goes on from here. */
  standsWith(older: Listening, mono: Nanos, overlap: Nanos): boolean {
    if (this.status !== 'confirmed' || this.confirmedAt === null) return false
    if (older.status !== 'confirmed') return true
    if (this.keeper && older.keeper)
      return this.keeper.ready && (!older.keeper.ready || this.keeper.standsWith(older.keeper))
    if (this.sub.channel === 'quotes' && older.lastQuote) return this.lastQuote?.key === older.lastQuote.key
    return mono - this.confirmedAt >= overlap
  }

  /** From here on this one writes; a book begins with all of it. `heldUntil`: up to where the older one held; the two join there. */
  takeOver(heldUntil?: Nanos): void {
    this.watched = false
    if (!this.muted) return
    this.coverage?.end() // nothing of it was told
    this.muted = false
    const { keeper, lastAt } = this
    if (!lastAt) return
    const receipt = { receiveTime: lastAt.wall, even: this.even(lastAt.mono), frame: lastAt.frame }
    const at: FrameContext = { receipt, mono: lastAt.mono, row: 0 }
    const view = keeper?.view()
    const time = view ? keeper?.exchangeTime : (this.lastQuote?.time ?? undefined)
    const instant = this.instant(time, at)
    if (!keeper || !view) {
      if (instant && this.lastQuote) this.coverage?.event(instant, lastAt.frame)
      this.coverage?.join(heldUntil)
      return
    }
    const sequence = keeper.lastSequence
    const { symbol } = this.sub
    const whole = { kind: 'book_snapshot', symbol, exchangeTime: time, ...view, sequence, checksum: undefined } as const
    this.moveDay(whole, at)
    this.storeBook(whole, at)
    if (instant)
      this.coverage?.event(
        instant,
        lastAt.frame,
        sequence === undefined ? undefined : { before: sequence, last: sequence },
      )
    this.coverage?.join(heldUntil)
  }

  /** Another connection writes from here on; what is held ends here without a break. Returns up to where it is held. */
  handOver(): Nanos | undefined {
    const until = this.coverage?.heldUntil
    this.coverage?.end()
    this.status = 'released'
    this.watched = false
    return until
  }

  save(): ListeningState {
    return {
      status: this.status,
      coverage: this.coverage?.state ?? { run: null, lastEvent: null, confirmed: null, proven: null },
      keeper: this.keeper?.save() ?? null,
      closer: this.closer?.save() ?? null,
      comparison: this.comparison?.save() ?? null,
      day: this.day,
      crossedSince: this.crossedSince,
      lastFrame: this.numbers.get(FRAME) ?? null,
      value: this.value,
      awaited: this.awaited,
      silent: this.silent,
      resync: { needed: this.resyncNeeded, at: this.resyncAt, delay: this.resyncDelay },
      takeover: this.watched || this.muted ? this.takeoverState() : null,
      counting: this.counting.state,
    }
  }

  private takeoverState(): NonNullable<ListeningState['takeover']> {
    const { muted, watched, confirmedAt, lastAt, lastQuote } = this
    return { muted, watched, confirmedAt, lastAt, lastQuote }
  }

  /** Nothing of it is stored any more. */
  get gone(): boolean {
    return this.status === 'released' || this.status === 'ended'
  }

  /** Live: confirmed, its book (if it is one) is built, and it is not silent where it should not be. */
  get live(): boolean {
    return this.status === 'confirmed' && (this.keeper?.ready ?? true) && !this.silent
  }

  /** Confirmed, and does not send what it sends at a steady pace. */
  get isSilent(): boolean {
    return this.silent
  }

  /** When its last event was received. */
  get lastEventAt(): Nanos | undefined {
    return this.numbers.get(RECEIVED)
  }

  /** No counter would show the loss of one message: a checksum covers only the best levels. */
  get uncounted(): boolean {
    return this.capability.proof === 'none' || this.capability.proof === 'checksum'
  }

  /** The book as it stands, where there is one to vouch for. */
  bookView(depth: number) {
    const { keeper } = this
    const view = keeper?.view(depth)
    if (!keeper || !view) return undefined
    const { lastSequence = null, exchangeTime = null, proof } = keeper
    return { ...view, sequence: lastSequence, exchangeTime, proof }
  }

  get bookMissing(): boolean {
    return this.status === 'confirmed' && this.keeper !== undefined && !this.keeper.ready
  }

  /** Returns whether this is news. */
  confirm(mono: Nanos): boolean {
    const news = this.status !== 'confirmed'
    this.status = 'confirmed'
    if (news) this.confirmedAt = mono
    // A book is held from its snapshot on, and what has a counter or a steady pace from the first event that it proves.
    const { proof, everyMs } = this.capability
    if (!this.keeper && proof !== 'counter' && everyMs === undefined) this.coverage?.confirm(mono)
    return news
  }

  /** The instant of an event on this dataset's axis; `undefined` when the exchange gives no time that can be believed. */
  private instant(exchangeTime: Nanos | undefined, at: FrameContext) {
    const received = this.even(at.mono)
    const time = this.capability.axis === 'receive' ? received : believableTime(exchangeTime, received)
    return time === null ? undefined : { time, mono: at.mono, arrived: at.arrived ?? at.mono, lag: received - time }
  }

  event(event: AdapterEvent, at: FrameContext): void {
    this.numbers.set(FRAME, at.receipt.frame)
    if (this.watched) this.remember(event, at)
    if (this.capability.everyMs !== undefined && event.kind !== 'break') {
      this.awaited = at.mono
      this.silent = false
    }
    if (event.kind !== 'break') this.note(event.exchangeTime, at)
    switch (event.kind) {
      case 'break':
        this.broken(event.code, event.detail)
        break
      case 'book_snapshot':
        this.bookSnapshot(event, at)
        break
      case 'book_delta':
        this.bookDelta(event, at)
        break
      case 'candle':
        for (const { candle, receipt } of this.closer?.candle(event, at.receipt, at.mono) ?? [])
          this.storeCandle(candle, receipt, at)
        break
      case 'trade':
        this.trade(event, at)
        break
      case 'quote': {
        const instant = this.instant(event.exchangeTime, at)
        if (instant) this.coverage?.event(instant, at.receipt.frame)
        this.store('quotes', this.dataset, quoteRow(event, at.receipt, at.row++))
        this.stats.rows++
        break
      }
      default:
        this.plain(event, at)
    }
  }

  private remember(event: AdapterEvent, { receipt, mono }: FrameContext): void {
    this.lastAt = { wall: receipt.receiveTime, mono, frame: receipt.frame }
    if (event.kind !== 'quote') return
    const { exchangeTime, sequence, bidPrice, bidAmount, askPrice, askAmount } = event
    const key = `${exchangeTime} ${sequence} ${bidPrice} ${bidAmount} ${askPrice} ${askAmount}`
    this.lastQuote = { key, time: exchangeTime ?? null }
  }

  /** The answer of a poll. One that comes long after the one before has missed some between, whatever the reason was. */
  polled(event: AdapterEvent, at: FrameContext): void {
    const { runs, lastEvent } = this.coverage ?? {}
    const most = BigInt(this.capability.poll?.everyMs ?? 0) * 2n * MS
    if (runs && lastEvent && at.mono - lastEvent.mono > most) this.broken('CONNECTION_SILENT', 'polls were missed')
    this.event(event, at)
  }

  private plain(event: PlainEvent, at: FrameContext): void {
    const instant = this.instant(event.exchangeTime, at)
    if (instant) this.keepsPace(instant)
    if (instant) this.coverage?.event(instant, at.receipt.frame)
    const value = standing(event)
    if (value !== null && value === this.value) return
    this.value = value
    const { kind, row } = plainRow(event, at.receipt, at.row++)
    this.store(kind, this.dataset, row)
    this.stats.rows++
  }

  private trade(trade: Trade, at: FrameContext): void {
    const instant = this.instant(trade.exchangeTime, at)
    const counter = trade.counter === undefined ? undefined : { before: trade.counter - 1n, last: trade.counter }
    const missing = instant ? (this.coverage?.event(instant, at.receipt.frame, counter) ?? 0n) : 0n
    if (missing > 0n) this.stats.gaps++
    if (counter && missing === 0n) this.counting.held()
    if (missing > 0n && this.counting.failed())
      this.drift(`trades are not counted one by one any more: ${missing} missing before ${trade.counter}`)
    this.store('trades', this.dataset, tradeRow(trade, at.receipt, at.row++))
    this.stats.rows++
  }

  private note(exchangeTime: Nanos | undefined, at: FrameContext): void {
    const { stats } = this
    stats.events++
    this.numbers.set(RECEIVED, at.receipt.receiveTime)
    if (exchangeTime === undefined) return
    const lag = Number(at.receipt.receiveTime - exchangeTime) / 1e6
    if (stats.lags.length < LAGS) stats.lags.push(lag)
    else stats.lags[stats.events % LAGS] = lag
  }

  private storeCandle(candle: Parameters<typeof ohlcRow>[0], receipt: Receipt, at: FrameContext): void {
    this.store('ohlc', this.dataset, ohlcRow(candle, receipt, at.row++))
    this.stats.rows++
    const span = BigInt(INTERVALS[this.sub.interval ?? '1m']) * SECOND
    this.coverage?.span(candle.openTime, candle.openTime + span, receipt.frame)
  }

  /** A whole book came, by stream or by REST. */
  bookSnapshot(event: BookSnapshot, at: FrameContext): void {
    const { keeper } = this
    if (!keeper) return
    this.numbers.set(FRAME, at.receipt.frame)
    if (this.watched) this.remember(event, at)
    const kept = keeper.snapshot(event)
    if (kept.outcome === 'refetch') this.resyncNeeded = true
    if (kept.outcome === 'broken') this.broken(kept.code, kept.detail)
    if (kept.outcome !== 'snapshot') return
    this.coverage?.end()
    this.moveDay(kept.event, at)
    this.storeBook(kept.event, at)
    const instant = this.instant(kept.event.exchangeTime, at)
    const { sequence } = kept.event
    if (instant)
      this.coverage?.event(
        instant,
        at.receipt.frame,
        sequence === undefined ? undefined : { before: sequence, last: sequence },
      )
    // A snapshot without a time of its own is placed by the first change after it.
    if (!instant) this.coverage?.confirm(at.mono)
    if (kept.vouched) this.coverage?.vouch()
    if (kept.drift !== undefined) this.drift(kept.drift)
    this.crossedSince = null
    this.resyncNeeded = false
    this.comparison?.restart(at.mono)
  }

  private bookDelta(event: BookDelta, at: FrameContext): void {
    const { keeper } = this
    if (!keeper) return
    const before = keeper.lastSequence
    const opening = keeper.ready && this.moves(event, at) ? keeper.view() : undefined
    const kept = keeper.delta(event)
    if (kept.outcome === 'broken') this.broken(kept.code, kept.detail)
    if (kept.outcome !== 'applied') return
    if (opening) {
      // The first frame of a new date: the partition opens with the whole book as it stood, then the change.
      this.moveDay(event, at)
      this.storeBook(
        {
          kind: 'book_snapshot',
          symbol: event.symbol,
          exchangeTime: event.exchangeTime,
          ...opening,
          sequence: before,
          checksum: undefined,
        },
        at,
      )
    }
    this.storeBook(kept.event, at)
    this.comparison?.change(kept.event.bids, kept.event.asks)
    const instant = this.instant(event.exchangeTime, at)
    const last = keeper.lastSequence
    if (instant) {
      const counter = before === undefined || last === undefined ? undefined : { before, last }
      this.coverage?.event(instant, at.receipt.frame, counter)
    }
    if (kept.vouched) this.coverage?.vouch()
    if (kept.drift !== undefined) this.drift(kept.drift)
  }

  private dayFor(event: BookSnapshot | BookDelta, at: FrameContext): number {
    const received = this.even(at.mono)
    return dayOf(believableTime(event.exchangeTime, received) ?? received)
  }

  private moves(event: BookDelta, at: FrameContext): boolean {
    return this.day !== null && this.dayFor(event, at) > this.day
  }

  private moveDay(event: BookSnapshot | BookDelta, at: FrameContext): void {
    const day = this.dayFor(event, at)
    if (this.day === null || day > this.day) this.day = day
  }

  private storeBook(event: BookSnapshot | BookDelta, at: FrameContext): void {
    for (const row of bookRows(event, at.receipt, at.row, this.day)) {
      this.store('book_deltas', this.dataset, row)
      at.row++
      this.stats.rows++
    }
  }

  /** A rule of the exchange has changed: one gap says so, and the data goes on without that proof. */
  private drift(detail: string): void {
    this.stats.code = 'SCHEMA_DRIFT'
    this.stats.message = detail
    this.coverage?.unprove(detail)
  }

  /** Something is wrong or missing: the run ends; a book is taken anew. */
  broken(code: ErrorCode, detail: string): void {
    this.stats.gaps++
    this.stats.code = code
    this.stats.message = detail
    if (WRONG_BOOK.has(code)) this.coverage?.retract(code, detail)
    else if (LOSSES.has(code)) this.coverage?.lost(code, detail)
    else this.coverage?.break(code, detail)
    if (!this.keeper) return
    if (this.keeper.ready) this.keeper.drop()
    this.resyncNeeded = true
  }

  /** A snapshot is needed: the first of a connection, or one that did not come. */
  needSnapshot(): void {
    if (this.keeper && !this.keeper.ready) this.resyncNeeded = true
  }

  /**
   * Whether a snapshot is to be asked for now: at once the first time, then after 1, 2, 4 … 60 s, so that a rule which fails on every
   * message does not become a storm of requests. Forgotten after a good minute.
   */
  takeResync(mono: Nanos): boolean {
    if (!this.resyncNeeded || mono < this.resyncAt) return false
    const before = mono - this.resyncAt > RESYNC_MOST ? 0n : this.resyncDelay
    this.resyncNeeded = false
    this.resyncAt = mono + before
    this.resyncDelay = before === 0n ? RESYNC_FIRST : before * 2n > RESYNC_MOST ? RESYNC_MOST : before * 2n
    return true
  }

  /** The last event, where events are told as they happen: how far behind it came is how far the exchange is. */
  get prompt(): Instant | undefined {
    if (!PROMPT.has(this.sub.channel) || this.capability.axis === 'receive') return undefined
    return this.coverage?.lastEvent
  }

  /**
   * The connection was alive at `mono`: what it had sent by then has arrived. What comes at a steady pace proves itself, to the next message. `newest`: the
   * last event of the connection that was told as it happened.
   */
  alive(mono: Nanos, newest?: Instant): void {
    const { everyMs } = this.capability
    const last = everyMs === undefined ? undefined : this.coverage?.lastEvent
    const most = everyMs === undefined || !last ? mono : last.mono + BigInt(everyMs) * MS
    this.coverage?.alive(mono < most ? mono : most, newest)
  }

  /** What comes at a steady pace and whatever happens counts itself: by the times that it bears. */
  private keepsPace({ time }: Instant): void {
    const { everyMs } = this.capability
    if (everyMs === undefined) return
    const { runs, lastEvent } = this.coverage ?? {}
    if (!runs || !lastEvent) return
    const every = BigInt(everyMs) * MS
    const apart = time - lastEvent.time
    if (apart * 2n <= every * 3n) return
    const missing = (apart + every / 2n) / every - 1n
    this.broken('SEQUENCE_GAP', `${missing} missing; the exchange sends it every ${everyMs / 1000} s`)
  }

  private watchPace(mono: Nanos): void {
    const { everyMs } = this.capability
    if (everyMs === undefined || this.status !== 'confirmed' || this.silent) return
    this.awaited ??= mono
    const patience = BigInt(everyMs * SILENT_MESSAGES) * MS
    if (mono - this.awaited <= (patience < SILENT_LEAST ? SILENT_LEAST : patience)) return
    this.silent = true
    const pace = `the exchange sends it every ${everyMs / 1000} s`
    this.broken('CONNECTION_SILENT', `nothing of ${this.sub.channel} for ${(mono - this.awaited) / SECOND} s; ${pace}`)
  }

  /** Each second. */
  tick(mono: Nanos, at: FrameContext): void {
    this.watchPace(mono)
    for (const { candle, receipt } of this.closer?.tick(mono) ?? []) this.storeCandle(candle, receipt, at)
    if (!this.keeper?.ready || !this.keeper.crossed) {
      this.crossedSince = null
    } else if (this.crossedSince === null) {
      // One message may cross a book for the moment until the next one of the same batch.
      this.crossedSince = mono
    } else if (mono - this.crossedSince >= SECOND) {
      this.crossedSince = null
      this.broken('BOOK_CROSSED', 'the best bid is not below the best ask for a second')
    }
  }

  /** Each second, of a book that nothing else proves: whether a snapshot to compare it with is to be asked for now. */
  compare(mono: Nanos): boolean {
    const { keeper, comparison, coverage } = this
    if (!keeper?.ready || !comparison) return false
    const finding = comparison.tick(mono, keeper, coverage?.mark ?? null)
    if (finding?.found === 'equal') coverage?.vouch(finding.proves)
    if (finding?.found === 'different') this.broken('BOOK_DIVERGED', finding.detail)
    return finding?.found === 'ask'
  }

  /** The snapshot that was asked for; undefined where it could not be read. */
  compared(snapshot: BookSnapshot | undefined, mono: Nanos): void {
    if (this.keeper?.ready) this.comparison?.answered(snapshot, mono)
  }

  /** Stores the book as it stands at a `time_step` boundary; nothing where there is no book to vouch for. */
  storeSnapshot(boundary: Nanos): void {
    const { keeper } = this
    const lastFrame = this.numbers.get(FRAME)
    const view = keeper?.view(this.sub.keep)
    if (!keeper || !view || lastFrame === undefined) return
    const shared = {
      exchange_time: believableTime(keeper.exchangeTime, boundary),
      receive_time: boundary,
      last_sequence: keeper.lastSequence ?? null,
      proof: keeper.proof,
      frame: lastFrame,
      day: this.day ?? dayOf(boundary),
    }
    let row = 0
    const store = (side: BookSnapshotRow['side'], levels: readonly (readonly [string, string])[]) => {
      for (const [level, [price, amount]] of levels.entries()) {
        this.store('book_snapshots', this.snapshots, { ...shared, side, level, price, amount, row: row++ })
      }
    }
    store('bid', view.bids)
    store('ask', view.asks)
    this.stats.rows += row
  }
}
