import type { Level, Side } from '../model/event.js'

/** One side: prices ascending (the best at the end of bids, at the start of asks), with the wire's texts beside them. */
class BookSide {
  readonly side: Side
  private prices: number[] = []
  private levels: Level[] = []

  constructor(side: Side) {
    this.side = side
  }

  get size(): number {
    return this.prices.length
  }

  /** Index of the first price ≥ `price`. Changes happen near the best, so the search gallops from that end. */
  private find(price: number): number {
    const { prices } = this
    let low = 0
    let high = prices.length
    if (this.side === 'bid') {
      for (let step = 1; high - step > 0; step *= 2) {
        if ((prices[high - step] ?? 0) < price) {
          low = high - step + 1
          break
        }
        high -= step
      }
    } else {
      for (let step = 1; low + step < prices.length; step *= 2) {
        if ((prices[low + step] ?? 0) >= price) {
          high = low + step
          break
        }
        low += step
      }
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((prices[middle] ?? 0) < price) low = middle + 1
      else high = middle
    }
    return low
  }

  set(level: Level): void {
    const price = Number(level[0])
    const at = this.find(price)
    const known = this.prices[at] === price
    if (Number(level[1]) === 0) {
      if (!known) return // deleting an unknown level is normal on every venue
      this.prices.splice(at, 1)
      this.levels.splice(at, 1)
    } else if (known) this.levels[at] = level
    else {
      this.prices.splice(at, 0, price)
      this.levels.splice(at, 0, level)
    }
  }

  load(levels: readonly Level[]): void {
    const kept = new Map<number, Level>()
    for (const level of levels) {
      if (Number(level[1]) === 0) kept.delete(Number(level[0]))
      else kept.set(Number(level[0]), level)
    }
    const sorted = [...kept].sort((a, b) => a[0] - b[0])
    this.prices = sorted.map(([price]) => price)
    this.levels = sorted.map(([, level]) => level)
  }

  /** Cuts the worst levels and returns them. */
  cut(depth: number): Level[] {
    const extra = this.prices.length - depth
    if (extra <= 0) return []
    const from = this.side === 'bid' ? 0 : depth
    this.prices.splice(from, extra)
    return this.levels.splice(from, extra)
  }

  best(): number | undefined {
    return this.side === 'bid' ? this.prices.at(-1) : this.prices[0]
  }

  /** The best `count` levels, best first. */
  top(count: number): Level[] {
    const kept = Math.min(count, this.levels.length)
    return this.side === 'bid' ? this.levels.slice(this.levels.length - kept).reverse() : this.levels.slice(0, kept)
  }
}

/**
 * An order book with the texts of the wire. Changes are absolute amounts; `0` removes a level.
 * Prices are compared as doubles: no venue has two prices that fall on one double.
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
