import type { Level } from '../model/event.js'
import { BookSide } from './book-side.js'

/**
 * An order book with the texts of the wire. Changes are absolute amounts; `0` removes a level.
 * Prices are compared as doubles: no venue has two prices that fall on one double. A level is given back digit by digit as it came.
 */
export class Book {
  private readonly bids = new BookSide('bid')
  private readonly asks = new BookSide('ask')

  load(bids: readonly Level[], asks: readonly Level[]): void {
    this.bids.load(bids)
    this.asks.load(asks)
  }

  apply(bids: readonly Level[], asks: readonly Level[]): void {
    for (const level of bids) this.bids.set(level)
    for (const level of asks) this.asks.set(level)
  }

  /** Cuts both sides to the best `depth` levels and returns what was cut off. */
  cut(depth: number): { readonly bids: Level[]; readonly asks: Level[] } {
    return { bids: this.bids.cut(depth), asks: this.asks.cut(depth) }
  }

  /** The best `depth` levels of each side, best first. */
  view(depth = Number.POSITIVE_INFINITY): { readonly bids: Level[]; readonly asks: Level[] } {
    return { bids: this.bids.top(depth), asks: this.asks.top(depth) }
  }

  /** Whether somebody would pay at least what somebody else asks: impossible in a right book. */
  get crossed(): boolean {
    const bid = this.bids.best()
    const ask = this.asks.best()
    return bid !== undefined && ask !== undefined && bid >= ask
  }

  get size(): number {
    return this.bids.size + this.asks.size
  }
}
