import type { Side } from '../model/event.js'

/** One price in ticks with its total in lots. */
export interface MarketLevel {
  readonly price: number
  readonly amount: number
}

/** One side of the emulated market's own book, best level first. */
export class MarketSide {
  readonly side: Side
  private prices: number[] = []
  private readonly amounts = new Map<number, number>()

  constructor(side: Side) {
    this.side = side
  }

  get size(): number {
    return this.prices.length
  }

  /** Price of the level at `index` (0 = best), in ticks. */
  priceAt(index: number): number | undefined {
    return this.prices[index]
  }

  amountAt(price: number): number {
    return this.amounts.get(price) ?? 0
  }

  /** Sets the absolute amount of a price; 0 removes it. */
  set(price: number, amount: number): void {
    const known = this.amounts.has(price)
    if (amount > 0) {
      if (!known) this.prices.splice(this.indexOf(price), 0, price)
      this.amounts.set(price, amount)
    } else if (known) {
      this.prices.splice(this.indexOf(price), 1)
      this.amounts.delete(price)
    }
  }

  /** The best `count` levels, best first. */
  best(count: number): MarketLevel[] {
    return this.prices.slice(0, count).map((price) => ({ price, amount: this.amountAt(price) }))
  }

  /** Where `price` stands or would stand: the number of levels better than it. */
  indexOf(price: number): number {
    let low = 0
    let high = this.prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const there = this.prices[middle] ?? 0
      if (this.side === 'bid' ? there > price : there < price) low = middle + 1
      else high = middle
    }
    return low
  }
}
