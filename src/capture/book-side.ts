import { plainNumber } from '../model/decimal.js'
import type { Level, Side } from '../model/event.js'

/** Below this a double holds every whole number: a number of so many digits is written by `toFixed` as it was read. */
const EXACT = 2 ** 52
const MOST_DECIMALS = 22
const POWERS = Array.from({ length: MOST_DECIMALS + 1 }, (_, decimals) => 10 ** decimals)
const FIRST_CAPACITY = 64
/** So many of the best levels keep their texts once written: checksums ask for the same ones with every message. */
const SHOWN = 32
const ZERO = 48
const NINE = 57
const POINT = 46
/** Numbers of a level, side by side: the key (sign × price), the amount, and both counts of digits after the point as 32 × price's + amount's. */
const STRIDE = 3

/**
 * How many digits after the point the text of `value` has, where `value.toFixed` of them gives the text back; -1 where it does not: exponents, signs,
 * more digits than a double holds, a point without digits on both sides.
 */
function decimalsOf(text: string, value: number): number {
  const { length } = text
  let point = length
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === POINT && point === length) point = at
    else if (code < ZERO || code > NINE) return -1
  }
  const decimals = point === length ? 0 : length - point - 1
  if (point === 0 || (point < length && decimals === 0)) return -1
  if (point > 1 && text.charCodeAt(0) === ZERO) return -1
  return decimals <= MOST_DECIMALS && value * (POWERS[decimals] ?? 0) < EXACT ? decimals : -1
}

/** As `Number`. */
function numberOf(text: string): number {
  const plain = plainNumber(text)
  return Number.isNaN(plain) ? Number(text) : plain
}

/**
 * One side of a book, the best level last. Levels are numbers with the count of their digits after the point, outside the heap of objects: with
 * thousands of books that live for days, texts of levels are what the collector of garbage would go through again and again.
 */
export class BookSide {
  /** 1 for bids and -1 for asks: keys rise towards the best. */
  private readonly sign: 1 | -1
  private count = 0
  /** Mean distance of levels, as the last search found it: where prices lie evenly the next one begins at the right place. */
  private spacing = 0
  private numbers = new Float64Array(STRIDE * FIRST_CAPACITY)
  /** Levels whose texts the numbers do not give back, by key. */
  private odd: Map<number, Level> | undefined
  private shown: Map<number, { readonly amount: number; readonly digits: number; readonly level: Level }> | undefined

  constructor(side: Side) {
    this.sign = side === 'bid' ? 1 : -1
  }

  get size(): number {
    return this.count
  }

  set(level: Level): void {
    const price = numberOf(level[0])
    const amount = numberOf(level[1])
    const key = this.sign * price
    const at = this.find(key)
    const known = at < this.count && this.key(at) === key
    if (amount === 0) {
      if (!known) return // deleting an unknown level is normal on every venue
      this.move(at + 1, at)
      this.count--
      this.odd?.delete(key)
      return
    }
    if (!known) {
      if (STRIDE * this.count === this.numbers.length) this.grow(this.count * 2)
      this.move(at, at + 1)
      this.count++
    }
    this.put(at, level, key, amount)
  }

  load(levels: readonly Level[]): void {
    const kept = new Map<number, Level>()
    for (const level of levels) {
      const key = this.sign * Number(level[0])
      if (Number(level[1]) === 0) kept.delete(key)
      else kept.set(key, level)
    }
    const sorted = [...kept].sort(([a], [b]) => a - b)
    this.odd = undefined
    this.count = sorted.length
    if (STRIDE * this.count > this.numbers.length) this.grow(this.count + FIRST_CAPACITY)
    for (const [at, [key, level]] of sorted.entries()) this.put(at, level, key, Number(level[1]))
  }

  /** Cuts the worst levels and returns them, lowest price first. */
  cut(depth: number): Level[] {
    const extra = this.count - depth
    if (extra <= 0) return []
    const gone = Array.from({ length: extra }, (_, at) => this.level(at))
    for (let at = 0; at < extra; at++) this.odd?.delete(this.key(at))
    this.move(extra, 0)
    this.count = depth
    return this.sign > 0 ? gone : gone.reverse()
  }

  /** The best price. */
  best(): number | undefined {
    return this.count === 0 ? undefined : this.sign * this.key(this.count - 1)
  }

  /** The best `count` levels, best first. */
  top(count: number): Level[] {
    const kept = Math.min(count, this.count)
    const best: Level[] = []
    for (let at = this.count - 1; at >= this.count - kept; at--)
      best.push(kept <= SHOWN ? this.shownLevel(at) : this.level(at))
    return best
  }

  private key(at: number): number {
    return this.numbers[STRIDE * at] ?? 0
  }

  /** Moves the levels from `from` on to `to` and after. */
  private move(from: number, to: number): void {
    this.numbers.copyWithin(STRIDE * to, STRIDE * from, STRIDE * this.count)
  }

  /**
   * Index of the first key ≥ `key`. The search gallops from a guess, the distance from the best by the mean distance of levels: with a thousand books each
   * place that it looks at has left the caches.
   */
  private find(key: number): number {
    const { count } = this
    if (count === 0) return 0
    const distance = this.key(count - 1) - key
    if (distance < 0) return count
    const guess = this.spacing > 0 ? Math.max(0, count - 1 - Math.round(distance / this.spacing)) : count - 1
    // All keys below `low` are < `key`, the one at `high` is ≥ `key`.
    let low = 0
    let high = count - 1
    if (this.key(guess) < key) {
      low = guess + 1
      for (let step = 1; low + step <= high; step *= 2) {
        if (this.key(low + step - 1) >= key) {
          high = low + step - 1
          break
        }
        low += step
      }
    } else {
      high = guess
      for (let step = 1; high - step >= low; step *= 2) {
        if (this.key(high - step) < key) {
          low = high - step + 1
          break
        }
        high -= step
      }
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.key(middle) < key) low = middle + 1
      else high = middle
    }
    if (low < count - 1 && distance > 0) this.spacing = distance / (count - 1 - low)
    return low
  }

  private put(at: number, level: Level, key: number, amount: number): void {
    const { numbers } = this
    numbers[STRIDE * at] = key
    numbers[STRIDE * at + 1] = amount
    const ofPrice = decimalsOf(level[0], this.sign * key)
    const ofAmount = decimalsOf(level[1], amount)
    if (ofPrice < 0 || ofAmount < 0) {
      this.odd ??= new Map()
      this.odd.set(key, level)
      return
    }
    numbers[STRIDE * at + 2] = (ofPrice << 5) | ofAmount
    this.odd?.delete(key)
  }

  private level(at: number): Level {
    const key = this.key(at)
    const odd = this.odd?.get(key)
    if (odd) return odd
    const amount = this.numbers[STRIDE * at + 1] ?? 0
    const digits = this.numbers[STRIDE * at + 2] ?? 0
    return [(this.sign * key).toFixed(digits >>> 5), amount.toFixed(digits & 31)]
  }

  /** The same, written once while it stays as it is. */
  private shownLevel(at: number): Level {
    const key = this.key(at)
    const amount = this.numbers[STRIDE * at + 1] ?? 0
    const digits = this.numbers[STRIDE * at + 2] ?? 0
    this.shown ??= new Map()
    const before = this.shown.get(key)
    if (before && before.amount === amount && before.digits === digits && !this.odd) return before.level
    const level = this.level(at)
    if (this.shown.size >= 2 * SHOWN) this.shown.clear()
    this.shown.set(key, { amount, digits, level })
    return level
  }

  private grow(capacity: number): void {
    const { numbers } = this
    this.numbers = new Float64Array(STRIDE * capacity)
    this.numbers.set(numbers)
  }
}
