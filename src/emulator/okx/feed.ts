import { type Nanos, SECOND } from '../../model/time.js'
import { ContractMarket, type ForcedOrder } from '../contract-market.js'
import { DepthDiff } from '../depth-diff.js'
import type { MarketInstrument, Turn } from '../market.js'
import { hashText } from '../random.js'
import { bookRow } from './frames.js'
import { typeOf } from './listing.js'

const DEPTH = 400
const TRUTH_DEPTH = 25
/** A book that does not change says so. */
const KEPT_ALIVE: Nanos = 60n * SECOND
/** From time to time the numbers of a book begin anew. */
const RENUMBERED: Nanos = 97n * SECOND

/** What the channels of one instrument tell, as far as they remember something. */
export class OkxFeed {
  readonly instrument: MarketInstrument
  /** Of swaps. */
  readonly contract: ContractMarket | undefined
  /** Time of the newest turn. */
  time: Nanos
  /** Forced orders that are not told yet. */
  forced: ForcedOrder[] = []
  private diff: DepthDiff | undefined
  private told: { time: Nanos; seqId: number; at: Nanos }
  /** The market's number of a change minus the one that is sent. */
  private offset = 0
  private renumberAt: Nanos
  private changed = false
  private truth = ''
  private quote = ''
  private few = ''

  constructor(instrument: MarketInstrument, start: Nanos) {
    const { spec } = instrument
    this.instrument = instrument
    if (typeOf(spec) === 'SWAP')
      this.contract = new ContractMarket(instrument, { seed: 'okx', places: spec.priceDecimals })
    this.time = start
    this.told = { time: start, seqId: this.seqId, at: start }
    this.renumberAt = start + RENUMBERED + BigInt(hashText(spec.symbol) % 30) * SECOND
    this.truth = this.best(TRUTH_DEPTH)
  }

  get seqId(): number {
    return this.instrument.sequence - this.offset
  }

  take(turn: Turn): void {
    this.time = turn.time
    this.changed = true
    this.forced.push(...(this.contract?.forced(turn) ?? []))
  }

  private best(depth: number): string {
    const { bids, asks } = this.instrument
    return JSON.stringify([bids.best(depth), asks.best(depth)])
  }

  /** Every 100 ms: whether the best levels are others than before, which is a state that every subscriber sees. */
  state(): boolean {
    if (!this.changed) return false
    const best = this.best(TRUTH_DEPTH)
    const another = best !== this.truth
    this.truth = best
    return another
  }

  /** What the book of 400 levels tells now. */
  update(now: Nanos, listened: boolean): object | undefined {
    const changed = this.changed
    this.changed = false
    if (!listened) {
      this.diff = undefined
      return undefined
    }
    const change = changed ? this.diff?.take() : undefined
    const prevSeqId = this.told.seqId
    if (!change) {
      if (changed) this.told.time = this.time
      if (now - this.told.at < KEPT_ALIVE) return undefined
      this.told.at = now
      return this.row({ bids: [], asks: [] }, { seqId: prevSeqId, prevSeqId })
    }
    if (now >= this.renumberAt) {
      this.renumberAt = now + RENUMBERED
      this.offset = this.instrument.sequence - 1 - (hashText(`${this.instrument.spec.symbol} ${now}`) % 1_000_000)
    }
    this.told = { time: this.time, seqId: this.seqId, at: now }
    return this.row(change, { seqId: this.seqId, prevSeqId })
  }

  private row(change: Parameters<typeof bookRow>[1], numbers: Parameters<typeof bookRow>[3]): object {
    return bookRow(this.instrument.spec, change, this.told.time, numbers)
  }

  /** What a new subscriber gets: the book as it was last told. */
  snapshot(now: Nanos): object {
    if (!this.diff) {
      this.diff = new DepthDiff(this.instrument, DEPTH)
      this.told = { time: this.time, seqId: this.seqId, at: now }
    }
    return this.row(this.diff.whole, { seqId: this.told.seqId, prevSeqId: -1 })
  }

  /** The best levels, whole. */
  top(depth: number): object {
    const { bids, asks, spec } = this.instrument
    return bookRow(spec, { bids: bids.best(depth), asks: asks.best(depth) }, this.time, { seqId: this.seqId })
  }

  /** The best level where it is another one. */
  nextQuote(): object | undefined {
    const best = this.best(1)
    if (best === this.quote) return undefined
    this.quote = best
    return this.top(1)
  }

  /** The five best where they are others. */
  nextFew(): object | undefined {
    const best = this.best(5)
    if (best === this.few) return undefined
    this.few = best
    return this.top(5)
  }
}
