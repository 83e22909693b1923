import type { Nanos } from '../../model/time.js'
import type { MarketChange, MarketInstrument } from '../market.js'

const BATCH: Nanos = 50_000_000n

/** What Coinbase makes of one instrument of the market. */
export class CoinbaseFeed {
  readonly instrument: MarketInstrument
  /** Counts matches and changes of the product. */
  sequence: number
  /** Time of the newest state of the book that was told. */
  told: Nanos
  private gathered = new Map<string, MarketChange>()

  constructor(instrument: MarketInstrument, start: Nanos) {
    this.instrument = instrument
    this.sequence = instrument.sequence
    this.told = start
  }

  gather(changes: readonly MarketChange[]): void {
    for (const change of changes) this.gathered.set(`${change.side} ${change.price}`, change)
  }

  /** The changes since the last batch, when there are some and it is time; the book then stands as they leave it, at `told`. */
  batch(now: Nanos, atOnce = false): readonly MarketChange[] {
    const time = now - (now % 1000n)
    if (this.gathered.size === 0 || time <= this.told || (!atOnce && time - this.told < BATCH)) return []
    const changes = [...this.gathered.values()]
    this.gathered.clear()
    this.told = time
    return changes
  }
}
