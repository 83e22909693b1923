import { crc32 } from 'node:zlib'
import type { Side } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import type { InstrumentSpec } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'
import { amountNumber, priceNumber } from './numbers.js'

/** The widest window that can be subscribed. */
const WIDEST = 250
const CHECKED_LEVELS = 25
/** Ids of orders in the raw book begin here. */
const FIRST_ORDER = 200_000_000_000
const MS = 1_000_000n

interface Levels {
  readonly bids: readonly MarketLevel[]
  readonly asks: readonly MarketLevel[]
}

/**
 * What subscribers of one book have been told. Changes gather until there is a millisecond for each entry, so that no two
 * messages of a book carry the same time; the last one of a batch carries the time of the new state.
 */
export class PublishedBook {
  private readonly instrument: MarketInstrument
  private now: Levels
  private before: Levels
  private stateTime: Nanos

  constructor(instrument: MarketInstrument, start: Nanos) {
    this.instrument = instrument
    this.now = best(instrument)
    this.before = this.now
    this.stateTime = start - (start % MS)
  }

  /** Time of the state that has been told. */
  get time(): Nanos {
    return this.stateTime
  }

  /** Moves on to the market's state, if there is something to tell and room in time for it. */
  advance(now: Nanos): boolean {
    const next = best(this.instrument)
    const entries = changes(this.now, next, WIDEST).length
    const time = now - (now % MS)
    if (entries === 0 || this.stateTime + BigInt(entries) * MS > time) return false
    this.before = this.now
    this.now = next
    this.stateTime = time
    return true
  }

  /** The entries of the last move, for a window of `length` levels: first what leaves it, then what is set. */
  batch(length: number): string[] {
    const { spec } = this.instrument
    return changes(this.before, this.now, length).map(({ side, level }) => entry(spec, side, level))
  }

  snapshot(length: number): string {
    const { spec } = this.instrument
    const side = (name: Side, levels: readonly MarketLevel[]) =>
      levels.slice(0, length).map((level) => entry(spec, name, level))
    return `[${[...side('bid', this.now.bids), ...side('ask', this.now.asks)].join(',')}]`
  }

  /** The raw book (`R0`): `[ORDER_ID, PRICE, ±AMOUNT]`, one order a level, its id made from the price. */
  orders(length: number): string {
    const { spec } = this.instrument
    const side = (levels: readonly MarketLevel[], sign: 1 | -1) =>
      levels
        .slice(0, length)
        .map(
          ({ price, amount }) =>
            `[${FIRST_ORDER + price},${priceNumber(spec, price)},${amountNumber(spec, sign * amount)}]`,
        )
    return `[${[...side(this.now.bids, 1), ...side(this.now.asks, -1)].join(',')}]`
  }

  /** CRC32 (signed) over the best 25 of the window, bid and ask by turns, asks with negative amounts. */
  checksum(length: number): number {
    const { spec } = this.instrument
    const parts: string[] = []
    for (let i = 0; i < Math.min(length, CHECKED_LEVELS); i++) {
      const [bid, ask] = [this.now.bids[i], this.now.asks[i]]
      if (bid) parts.push(priceNumber(spec, bid.price), amountNumber(spec, bid.amount))
      if (ask) parts.push(priceNumber(spec, ask.price), amountNumber(spec, -ask.amount))
    }
    return crc32(parts.join(':')) | 0
  }
}

function best({ bids, asks }: MarketInstrument): Levels {
  return { bids: bids.best(WIDEST), asks: asks.best(WIDEST) }
}

interface Change {
  readonly side: Side
  readonly level: MarketLevel
}

/** What turns the best `length` levels of one state into those of another. Gone levels have amount 0 and come first. */
function changes(before: Levels, after: Levels, length: number): Change[] {
  const gone: Change[] = []
  const set: Change[] = []
  for (const side of ['bid', 'ask'] as const) {
    const key = side === 'bid' ? 'bids' : 'asks'
    const [old, fresh] = [before[key], after[key]]
    const [oldEnd, freshEnd] = [Math.min(length, old.length), Math.min(length, fresh.length)]
    for (let i = 0, k = 0; i < oldEnd || k < freshEnd; ) {
      const was = i < oldEnd ? old[i] : undefined
      const is = k < freshEnd ? fresh[k] : undefined
      if (was && is && was.price === is.price) {
        if (was.amount !== is.amount) set.push({ side, level: is })
        i++
        k++
      } else if (was && (!is || (side === 'bid' ? was.price > is.price : was.price < is.price))) {
        gone.push({ side, level: { price: was.price, amount: 0 } })
        i++
      } else if (is) {
        set.push({ side, level: is })
        k++
      }
    }
  }
  return [...gone, ...set]
}

/** `[PRICE, COUNT, ±AMOUNT]`; count 0 deletes, with 1 for bids and -1 for asks. */
function entry(spec: InstrumentSpec, side: Side, { price, amount }: MarketLevel): string {
  const sign = side === 'bid' ? 1 : -1
  if (amount === 0) return `[${priceNumber(spec, price)},0,${sign}]`
  return `[${priceNumber(spec, price)},${1 + (amount % 5)},${amountNumber(spec, sign * amount)}]`
}
