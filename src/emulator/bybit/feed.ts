import type { Nanos } from '../../model/time.js'
import { ContractMarket, type ForcedOrder } from '../contract-market.js'
import { DepthDiff } from '../depth-diff.js'
import type { MarketInstrument, Turn } from '../market.js'
import { hashText } from '../random.js'
import { bookMessage, tickerOf } from './frames.js'
import { categoryOf } from './listing.js'
import { DEPTHS } from './topic.js'

const REPEATED_AFTER: Nanos = 3_000_000_000n
const TRUTH_DEPTH = 25

/** One depth of an instrument's book. Its counter goes on when nobody listens. */
interface Book {
  u: number
  diff: DepthDiff | undefined
  /** Engine time of what was last told. */
  told: Nanos
}

/** What the topics of one instrument tell, as far as they remember something. */
export class BybitFeed {
  readonly instrument: MarketInstrument
  /** Time of the newest turn. */
  time: Nanos
  /** Forced orders that are not told yet. */
  forced: ForcedOrder[] = []
  /** Of contracts. */
  readonly contract: ContractMarket | undefined
  private readonly books: ReadonlyMap<number, Book>
  private readonly best = { u: 0, text: '', sent: 0n }
  private ticker: Record<string, string> = {}
  private changed = false
  private truth = ''

  constructor(instrument: MarketInstrument, start: Nanos) {
    this.instrument = instrument
    this.time = start
    const { spec } = instrument
    if (categoryOf(spec) !== 'spot')
      this.contract = new ContractMarket(instrument, { seed: 'bybit', places: spec.priceDecimals })
    const first = 20_000_000 + (hashText(`${spec.symbol} u`) % 10_000_000)
    this.best.u = first
    this.books = new Map(DEPTHS.map((depth) => [depth, { u: first + depth * 1000, diff: undefined, told: start }]))
    this.truth = this.seen()
  }

  take(turn: Turn): void {
    this.time = turn.time
    this.changed = true
    this.forced.push(...(this.contract?.forced(turn) ?? []))
  }

  private seen(): string {
    const { bids, asks } = this.instrument
    return JSON.stringify([bids.best(TRUTH_DEPTH), asks.best(TRUTH_DEPTH)])
  }

  /**
   * The messages that the books send now, by depth; `listened`: whether anybody hears a depth. All depths speak at the same moments, so that every
   * subscriber sees each state of the best levels: `state` says whether that is a new one.
   */
  push(now: Nanos, listened: (depth: number) => boolean): { state: boolean; messages: [number, string][] } {
    if (!this.changed) return { state: false, messages: [] }
    this.changed = false
    const seen = this.seen()
    const state = seen !== this.truth
    this.truth = seen
    const messages: [number, string][] = []
    for (const [depth, book] of this.books) {
      if (!listened(depth)) {
        book.u++
        book.diff = undefined
        continue
      }
      const change = book.diff?.take()
      book.told = this.time
      if (!change) continue
      book.u++
      messages.push([depth, bookMessage('delta', this.instrument, depth, change, book.u, { cts: this.time, now })])
    }
    return { state, messages }
  }

  /** What a new subscriber of a depth gets: the book as it was last told. */
  snapshot(depth: number, now: Nanos): string | undefined {
    const book = this.books.get(depth)
    if (!book) return undefined
    if (!book.diff) {
      book.diff = new DepthDiff(this.instrument, depth)
      book.told = this.time
    }
    return bookMessage('snapshot', this.instrument, depth, book.diff.whole, book.u, { cts: book.told, now })
  }

  /** The best level when it is another one, and the same again after three quiet seconds. */
  quote(now: Nanos, always = false): string | undefined {
    const { bids, asks } = this.instrument
    const levels = { bids: bids.best(1), asks: asks.best(1) }
    const text = JSON.stringify(levels)
    const { best } = this
    if (text !== best.text) best.u++
    else if (!always && now - best.sent < REPEATED_AFTER) return undefined
    best.text = text
    best.sent = now
    return bookMessage('snapshot', this.instrument, 1, levels, best.u, { cts: this.time, now })
  }

  /** The fields of the ticker that are others than before. */
  tickerChanges(now: Nanos): Record<string, string> {
    const before = this.ticker
    this.ticker = tickerOf(this.instrument, this.contract, now)
    return Object.fromEntries(Object.entries(this.ticker).filter(([name, value]) => before[name] !== value))
  }

  /** The whole ticker as it was last told. */
  get lastTicker(): Readonly<Record<string, string>> {
    return this.ticker
  }
}
