import type { BookView } from '../exchanges/exchange.js'
import type { Level, Side } from '../model/event.js'
import { type Nanos, SECOND } from '../model/time.js'
import type { Proven } from './coverage.js'

/** Changes are noted this long before the snapshot is asked for: an answer may come out of a cache. */
const LEAD: Nanos = 5n * SECOND
/** And this long after it came: by then the stream has told what the snapshot showed. */
const SETTLE: Nanos = 2n * SECOND
/** Without an answer for this long, or with one that cannot be used, it is tried again later. */
const ANSWER_WITHIN: Nanos = 60n * SECOND
const AGAIN_AFTER: Nanos = 60n * SECOND
/** Levels that may change while a comparison lasts; more would say little. */
const MOST_CHANGED = 20_000
/** Levels that are named where books differ. */
const NAMED = 3

/** One comparison that is under way. Times are monotonic. */
interface Watch {
  readonly before: BookView
  /** Time of the exchange that the book showed when the comparison began. */
  readonly exchangeTime: Nanos | undefined
  /** What coverage had proven by then, should the books be equal. */
  readonly proves: Proven | null
  readonly askAt: Nanos
  asked: boolean
  /** Amounts that levels (`bid 67010.5`) had since, beside those of `before`. */
  changed: [level: string, amounts: number[]][]
  answer: { readonly bids: readonly Level[]; readonly asks: readonly Level[]; readonly settleAt: Nanos } | null
}

export interface ComparisonState {
  due: Nanos
  watch: Watch | null
}

/** What a comparison wants or found. `equal`: the book was right when it began. */
export type Finding =
  | { readonly found: 'ask' }
  | { readonly found: 'equal'; readonly proves: Proven | null }
  | { readonly found: 'different'; readonly detail: string }

/**
 * Compares a book that neither counter nor checksum proves with a REST snapshot, now and then. The snapshot is of some instant within the time that the
 * comparison lasts, nobody knows which: so each of its levels must have an amount that the book had there within that time. A level that did not change
 * meanwhile must be equal, and a change that was lost before stays visible until its level changes again.
 */
export class BookComparison {
  private readonly everyNs: Nanos
  private readonly id: string
  private due: Nanos = 0n
  private watch: Watch | null = null
  private changed = new Map<string, number[]>()

  constructor(everyMs: number, id: string, state?: ComparisonState) {
    this.everyNs = BigInt(everyMs) * (SECOND / 1000n)
    this.id = id
    if (!state) return
    this.due = state.due
    this.watch = state.watch && { ...state.watch }
    this.changed = new Map(state.watch?.changed)
  }

  save(): ComparisonState {
    return { due: this.due, watch: this.watch && { ...this.watch, changed: [...this.changed] } }
  }

  /** The book begins anew: whole now, or not at all. The first comparisons of many books fall on different times. */
  restart(mono: Nanos): void {
    this.watch = null
    this.changed.clear()
    const spread = BigInt(500 + (hash(this.id) % 500))
    this.due = mono + (this.everyNs * spread) / 1000n
  }

  /** A change that was applied. */
  change(bids: readonly Level[], asks: readonly Level[]): void {
    if (!this.watch) return
    for (const level of bids) this.note('bid', level)
    for (const level of asks) this.note('ask', level)
  }

  private note(side: Side, [price, amount]: Level): void {
    const key = levelKey(side, price)
    const amounts = this.changed.get(key)
    if (!amounts) this.changed.set(key, [Number(amount)])
    else if (!amounts.includes(Number(amount))) amounts.push(Number(amount))
  }

  /** The answer to what `tick` asked for; undefined where none came that could be read. */
  answered(snapshot: (BookView & { readonly exchangeTime: Nanos | undefined }) | undefined, mono: Nanos): void {
    const { watch } = this
    if (!watch?.asked || watch.answer) return
    const from = snapshot?.exchangeTime
    // Older than what the book showed at the beginning: of a time whose amounts nobody noted.
    const stale = from !== undefined && watch.exchangeTime !== undefined && from < watch.exchangeTime
    if (!snapshot || stale) this.later(mono)
    else watch.answer = { bids: snapshot.bids, asks: snapshot.asks, settleAt: mono + SETTLE }
  }

  private later(mono: Nanos): void {
    this.watch = null
    this.changed.clear()
    this.due = mono + AGAIN_AFTER
  }

  /** Each second, with the book as it stands (undefined while there is none). */
  tick(
    mono: Nanos,
    book: { view(): BookView | undefined; readonly exchangeTime: Nanos | undefined },
    proves: Proven | null,
  ): Finding | undefined {
    const { watch } = this
    if (!watch) {
      if (mono < this.due) return undefined
      const { exchangeTime } = book
      const before = book.view()
      if (!before) return undefined
      this.watch = { before, exchangeTime, proves, askAt: mono + LEAD, asked: false, changed: [], answer: null }
      return undefined
    }
    if (this.changed.size > MOST_CHANGED || mono > watch.askAt + ANSWER_WITHIN) {
      this.later(mono)
      return undefined
    }
    if (!watch.asked && mono >= watch.askAt) {
      watch.asked = true
      return { found: 'ask' }
    }
    if (!watch.answer || mono < watch.answer.settleAt) return undefined
    const differences = this.differences(watch, watch.answer)
    this.watch = null
    this.changed.clear()
    this.due = mono + this.everyNs
    if (!differences.length) return { found: 'equal', proves: watch.proves }
    const named = differences.slice(0, NAMED).join(', ')
    return { found: 'different', detail: `${differences.length} levels are not those of a snapshot: ${named}` }
  }

  private differences({ before }: Watch, answer: BookView): string[] {
    const had = amountsByLevel(before)
    const has = amountsByLevel(answer)
    const differ: string[] = []
    for (const level of new Set([...had.keys(), ...has.keys(), ...this.changed.keys()])) {
      const ours = had.get(level) ?? 0
      const theirs = has.get(level) ?? 0
      if (ours !== theirs && !this.changed.get(level)?.includes(theirs))
        differ.push(`${level} (${theirs}, not ${ours})`)
    }
    return differ
  }
}

function levelKey(side: Side, price: string): string {
  return `${side} ${Number(price)}`
}

function amountsByLevel({ bids, asks }: BookView): Map<string, number> {
  const amounts = new Map<string, number>()
  for (const [price, amount] of bids) amounts.set(levelKey('bid', price), Number(amount))
  for (const [price, amount] of asks) amounts.set(levelKey('ask', price), Number(amount))
  return amounts
}

/** A small number that is always the same for a text. */
function hash(text: string): number {
  let value = 0
  for (let at = 0; at < text.length; at++) value = (value * 31 + text.charCodeAt(at)) >>> 0
  return value
}
