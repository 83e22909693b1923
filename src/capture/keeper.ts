import type { BookRules } from '../exchanges/exchange.js'
import type { ErrorCode } from '../model/error.js'
import type { BookDelta, BookSnapshot, Level } from '../model/event.js'
import type { Nanos } from '../model/time.js'
import { Book } from './book.js'
import { Numbers } from './numbers.js'
import { RuleWatch, type RuleWatchState } from './rule-watch.js'

/** Changes kept while the REST snapshot is on its way; more than a minute of the busiest book. */
const BUFFERED_CHANGES = 5000
/** Books without a counter are the same when so many of their best levels are. */
const SAME_LEVELS = 100
/** Snapshots in a row that a rule breaks at once: with the waits between them about a quarter of a minute. */
const DRIFT_AFTER = 5

/** All that the keeper remembers. `book` is null while there is no book to vouch for. */
export interface KeeperState {
  book: { bids: readonly (readonly [string, string])[]; asks: readonly (readonly [string, string])[] } | null
  sequence: bigint | undefined
  first: boolean
  /** The venue's time of what the book shows. */
  exchangeTime: Nanos | undefined
  buffered: BookDelta[]
  checksums: boolean
  /** How the venue's rules fared. */
  rules?: { readonly sequence: RuleWatchState; readonly checksum: RuleWatchState }
}

/**
 * What the keeper makes of an event:
 * - `snapshot`: the book is whole again; `event` is what to store (for REST snapshots: with the changes since applied).
 * - `applied`: the change is in the book; `event` is what to store: with a removal of each level that the venue cut off in silence, so that the
 *   book can be rebuilt from the rows alone. `vouched`: a checksum matched with it.
 * - `ignored`: nothing to store (stale, waiting for a snapshot).
 * - `refetch`: the snapshot is older than the changes held; ask again.
 * - `broken`: the book is wrong or incomplete from here; it is gone, and a snapshot is wanted.
 *
 * `drift`: a rule of the venue has failed so often that it must have changed; it is not asked from here on, and the book goes on without its proof.
 */
export type Kept =
  | { readonly outcome: 'snapshot'; readonly event: BookSnapshot; readonly vouched: boolean; readonly drift?: string }
  | { readonly outcome: 'applied'; readonly event: BookDelta; readonly vouched: boolean; readonly drift?: string }
  | { readonly outcome: 'ignored' }
  | { readonly outcome: 'refetch' }
  | { readonly outcome: 'broken'; readonly code: ErrorCode; readonly detail: string }

const IGNORED: Kept = { outcome: 'ignored' }

/** Places of its numbers. */
const SEQUENCE = 0
const TIME = 1
export const KEEPER_NUMBERS = 2

/** Keeps one book right by the exchange's own rules, and has none when it cannot. Pure: no clock, no I/O. */
export class BookKeeper {
  private readonly rules: BookRules
  private readonly depth: number | undefined
  private book: Book | undefined
  private readonly numbers: Numbers
  private first = true
  private buffered: BookDelta[] = []
  /** Whether the venue sends checksums here at all. */
  private checksums = false
  private readonly sequenceRule: RuleWatch
  private readonly checksumRule: RuleWatch

  /** `depth`: that of the subscription, to which venues that cut do cut. `numbers`: `KEEPER_NUMBERS` places of its own, without a number. */
  constructor(
    rules: BookRules,
    depth: number | undefined,
    state?: KeeperState,
    numbers: Numbers = Numbers.make(KEEPER_NUMBERS),
  ) {
    this.rules = rules
    this.numbers = numbers
    this.depth = depth
    this.sequenceRule = new RuleWatch(DRIFT_AFTER, state?.rules?.sequence)
    this.checksumRule = new RuleWatch(DRIFT_AFTER, state?.rules?.checksum)
    if (!state) return
    this.sequence = state.sequence
    this.first = state.first
    this.exchangeTime = state.exchangeTime
    this.buffered = [...state.buffered]
    this.checksums = state.checksums
    if (state.book) {
      this.book = new Book()
      this.book.load(state.book.bids, state.book.asks)
    }
  }

  save(): KeeperState {
    return {
      book: this.book?.view() ?? null,
      sequence: this.sequence,
      first: this.first,
      exchangeTime: this.exchangeTime,
      buffered: [...this.buffered],
      checksums: this.checksums,
      rules: { sequence: this.sequenceRule.state, checksum: this.checksumRule.state },
    }
  }

  get ready(): boolean {
    return this.book !== undefined
  }

  get lastSequence(): bigint | undefined {
    return this.sequence
  }

  private get sequence(): bigint | undefined {
    return this.numbers.get(SEQUENCE)
  }

  private set sequence(value: bigint | undefined) {
    this.numbers.set(SEQUENCE, value)
  }

  /** The venue's time of what the book shows. */
  get exchangeTime(): Nanos | undefined {
    return this.numbers.get(TIME)
  }

  private set exchangeTime(value: Nanos | undefined) {
    this.numbers.set(TIME, value)
  }

  get crossed(): boolean {
    return this.book?.crossed ?? false
  }

  view(depth?: number) {
    return this.book?.view(depth)
  }

  /** How far the book can be trusted: `suspect` while it is crossed, `unverifiable` where the venue proves nothing. */
  get proof(): 'verified' | 'unverifiable' | 'suspect' {
    if (this.crossed) return 'suspect'
    const summed = this.checksums && !this.checksumRule.drifted
    return summed || (this.sequence !== undefined && !this.sequenceRule.drifted) ? 'verified' : 'unverifiable'
  }

  /** Whether another keeper of the same book is in the same state: by the venue's counter, else by time and best levels. */
  standsWith(other: BookKeeper): boolean {
    if (!this.book || !other.book) return false
    if (this.sequence !== undefined || other.sequence !== undefined) return this.sequence === other.sequence
    if (this.exchangeTime !== other.exchangeTime) return false
    return JSON.stringify(this.book.view(SAME_LEVELS)) === JSON.stringify(other.book.view(SAME_LEVELS))
  }

  /** Forgets the book; changes are buffered for the next REST snapshot. */
  drop(): void {
    this.book = undefined
    this.sequence = undefined
    this.first = true
    this.buffered = []
  }

  snapshot(event: BookSnapshot): Kept {
    const book = new Book()
    book.load(event.bids, event.asks)
    let sequence = event.sequence
    let exchangeTime = event.exchangeTime
    let first = true
    for (const delta of this.rules.firstSnapshot === 'rest' ? this.buffered : []) {
      const verdict = this.rules.follows(sequence, delta, first)
      if (verdict === 'stale') continue
      if (verdict === 'break') {
        // Only the first can break: a hole between buffered changes was noticed when they came.
        this.buffered = this.buffered.slice(this.buffered.indexOf(delta))
        return { outcome: 'refetch' }
      }
      book.apply(delta.bids, delta.asks)
      sequence = delta.lastSequence
      exchangeTime = delta.exchangeTime
      first = false
    }
    if (this.rules.cutsToDepth && this.depth !== undefined) book.cut(this.depth)
    this.book = book
    this.sequence = sequence
    this.first = first
    this.exchangeTime = exchangeTime
    this.buffered = []
    const sum = this.sum(event.checksum)
    if (sum.wrong !== undefined) return this.broken('CHECKSUM_MISMATCH', sum.wrong)
    const { bids, asks } = book.view()
    return { outcome: 'snapshot', event: { ...event, bids, asks, sequence, exchangeTime }, ...sum.kept }
  }

  delta(event: BookDelta): Kept {
    const { book } = this
    if (!book) {
      if (this.rules.firstSnapshot === 'rest') this.buffer(event)
      return IGNORED
    }
    const verdict = this.rules.follows(this.sequence, event, this.first)
    if (verdict === 'stale' && !this.sequenceRule.drifted) return IGNORED
    let drift: string | undefined
    if (verdict === 'apply') this.sequenceRule.held()
    else if (!this.sequenceRule.drifted) {
      const detail = `change ${event.firstSequence ?? '?'}–${event.lastSequence ?? '?'} does not follow ${this.sequence ?? 'the book'}`
      if (!this.sequenceRule.failed()) {
        const broken = this.broken('SEQUENCE_GAP', detail)
        if (this.rules.firstSnapshot === 'rest') this.buffer(event)
        return broken
      }
      drift = `no change follows the one before any more: ${detail}`
    }
    book.apply(event.bids, event.asks)
    const cut = this.rules.cutsToDepth && this.depth !== undefined ? book.cut(this.depth) : undefined
    if (event.lastSequence !== undefined) this.sequence = event.lastSequence
    this.first = false
    if (event.exchangeTime !== undefined) this.exchangeTime = event.exchangeTime
    const sum = this.sum(event.checksum)
    if (sum.wrong !== undefined) return this.broken('CHECKSUM_MISMATCH', sum.wrong)
    const kept = { outcome: 'applied', event: cut ? withRemovals(event, cut) : event, ...sum.kept } as const
    return drift === undefined ? kept : { ...kept, drift }
  }

  private buffer(event: BookDelta): void {
    const before = this.buffered.at(-1)
    // A hole between buffered changes: what came before it can never be joined to what comes after.
    if (before && this.rules.follows(before.lastSequence, event, false) === 'break') this.buffered = []
    if (this.buffered.length >= BUFFERED_CHANGES) this.buffered.shift()
    this.buffered.push(event)
  }

  /** Compares the venue's checksum, where it sends one and it can still be trusted. */
  private sum(checksum: number | undefined): {
    readonly wrong?: string
    readonly kept: { readonly vouched: boolean; readonly drift?: string }
  } {
    const none = { kept: { vouched: false } }
    if (checksum === undefined || !this.rules.checksum || !this.book) return none
    this.checksums = true
    if (this.checksumRule.drifted) return none
    const ours = this.rules.checksum(this.book.view(this.rules.checksumLevels))
    if (ours === checksum) {
      this.checksumRule.held()
      return { kept: { vouched: true } }
    }
    const wrong = `the exchange says ${checksum}, the book gives ${ours}`
    if (!this.checksumRule.failed()) return { wrong, ...none }
    return { kept: { vouched: false, drift: `no checksum matches any more: ${wrong}` } }
  }

  private broken(code: ErrorCode, detail: string): Kept {
    this.drop()
    return { outcome: 'broken', code, detail }
  }
}

function withRemovals(
  event: BookDelta,
  cut: { readonly bids: readonly Level[]; readonly asks: readonly Level[] },
): BookDelta {
  if (cut.bids.length + cut.asks.length === 0) return event
  const removal = ([price]: Level): Level => [price, '0']
  return { ...event, bids: [...event.bids, ...cut.bids.map(removal)], asks: [...event.asks, ...cut.asks.map(removal)] }
}
