import type { Side } from '../../model/event.js'
import type { MarketInstrument, Turn } from '../market.js'
import type { MarketLevel, MarketSide } from '../market-book.js'

/** What a turn changed within a window: absolute amounts in the order to apply, 0 = gone. */
export interface WindowChange {
  readonly bids: readonly MarketLevel[]
  readonly asks: readonly MarketLevel[]
}

/**
 * The best `depth` levels a side as subscribers of a depth hold them. A level that others push out is not told: the subscriber cuts.
 * A level that comes in because a better one went is told.
 */
export class DepthWindow {
  private readonly depth: number
  private readonly instrument: MarketInstrument
  /** Price of the last level inside, `undefined` while the side has fewer levels. */
  private readonly edges: Record<Side, number | undefined>

  constructor(instrument: MarketInstrument, depth: number) {
    this.depth = depth
    this.instrument = instrument
    this.edges = { bid: instrument.bids.priceAt(depth - 1), ask: instrument.asks.priceAt(depth - 1) }
  }

  /** Takes every turn of the instrument, right after it; gives what to tell, `undefined` when nothing inside changed. */
  take(turn: Turn): WindowChange | undefined {
    const bids = this.takeSide(this.instrument.bids, turn)
    const asks = this.takeSide(this.instrument.asks, turn)
    return bids.length + asks.length > 0 ? { bids, asks } : undefined
  }

  private takeSide(book: MarketSide, turn: Turn): MarketLevel[] {
    const before = this.edges[book.side]
    const after = book.priceAt(this.depth - 1)
    this.edges[book.side] = after
    const within = (price: number, edge: number | undefined) =>
      edge === undefined || (book.side === 'bid' ? price >= edge : price <= edge)
    const told: MarketLevel[] = []
    const known = new Set<number>()
    for (const { side, price, amount } of turn.changes) {
      if (side !== book.side) continue
      const inside = within(price, before) || known.has(price) || (amount > 0 && within(price, after))
      if (!inside) continue
      told.push({ price, amount })
      known.add(price)
    }
    if (before === undefined) return told
    for (let i = Math.min(this.depth, book.size) - 1; i >= 0; i--) {
      const price = book.priceAt(i)
      if (price === undefined || within(price, before)) break
      if (!known.has(price)) told.push({ price, amount: book.amountAt(price) })
    }
    return told
  }
}
