import type { MarketInstrument } from './market.js'
import type { MarketLevel, MarketSide } from './market-book.js'

/** Levels with their absolute amounts, 0 = not among the best any more. */
export interface DepthChange {
  readonly bids: readonly MarketLevel[]
  readonly asks: readonly MarketLevel[]
}

/**
 * The best `depth` levels a side as subscribers were last told them. For venues that tell everything: a level that others push out of the
 * depth is removed, one that comes in because a better one went is told.
 */
export class DepthDiff {
  private readonly instrument: MarketInstrument
  private readonly depth: number
  private told: { bids: ReadonlyMap<number, number>; asks: ReadonlyMap<number, number> }

  constructor(instrument: MarketInstrument, depth: number) {
    this.instrument = instrument
    this.depth = depth
    this.told = this.current()
  }

  /** Every level as last told, best first: what a new subscriber gets. */
  get whole(): DepthChange {
    const levels = (side: ReadonlyMap<number, number>) => [...side].map(([price, amount]) => ({ price, amount }))
    return { bids: levels(this.told.bids), asks: levels(this.told.asks) }
  }

  /** What to tell now; `undefined` when nothing is different. */
  take(): DepthChange | undefined {
    const now = this.current()
    const bids = difference(this.told.bids, now.bids)
    const asks = difference(this.told.asks, now.asks)
    this.told = now
    return bids.length + asks.length > 0 ? { bids, asks } : undefined
  }

  private current() {
    const best = (side: MarketSide) => new Map(side.best(this.depth).map(({ price, amount }) => [price, amount]))
    return { bids: best(this.instrument.bids), asks: best(this.instrument.asks) }
  }
}

function difference(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): MarketLevel[] {
  const changes: MarketLevel[] = []
  for (const price of before.keys()) if (!after.has(price)) changes.push({ price, amount: 0 })
  for (const [price, amount] of after) if (before.get(price) !== amount) changes.push({ price, amount })
  return changes
}
