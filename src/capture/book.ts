import type { Level } from '../model/event.js'
import { BookSide } from './book-side.js'

/**
 * An order book with the texts of the wire. Changes are absolute amounts; `0` removes a level.
 * Prices are compared as doubles: no venue has two prices that fall on one double. A level is given back digit by digit as it came.
 */
export class Book {
  private readonly bids = new BookSide('bid')
  private readonly asks = new BookSide('ask')
  /** Whether somebody would pay at least what somebody else asks: impossible in a right book. */
  crossed = false

  load(bids: readonly Level[], asks: readonly Level[]): void {
    this.bids.load(bids)
    this.asks.load(asks)
    this.look()
  }

  apply(bids: readonly Level[], asks: readonly Level[]): void {
    for (const level of bids) this.bids.set(level)
    for (const level of asks) this.asks.set(level)
    this.look()
  }

  /** Cuts both sides to the best `depth` levels and returns what was cut off. */
  cut(depth: number): { readonly bids: Level[]; readonly asks: Level[] } {
    return { bids: this.bids.cut(depth), asks: this.asks.cut(depth) }
  }

  /** The best `depth` levels of each side, best first. */
  view(depth = Number.POSITIVE_INFINITY): { readonly bids: Level[]; readonly asks: Level[] } {
    return { bids: this.bids.top(depth), asks: this.asks.top(depth) }
  }

  /** After each change, while its best levels are at hand: who asks each second would have to fetch those of all books. */
  private look(): void {
    const bid = this.bids.best()
    const ask = this.asks.best()
    this.crossed = bid !== undefined && ask !== undefined && bid >= ask
  }

  get size(): number {
    return this.bids.size + this.asks.size
  }
}
