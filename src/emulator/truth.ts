import type { Side } from '../model/event.js'
import type { Nanos } from '../model/time.js'
import type { MarketTrade } from './candles.js'
import type { MarketInstrument } from './market.js'

/**
 * Takes down what really happened, for comparison from outside: independent of faults and of whether anyone listens.
 * A venue calls `trade` for each trade and `book` for each state of a book that its subscribers can rebuild, with the exchange
 * time exactly as its frames carry it.
 */
export interface Truth {
  trade(instrument: MarketInstrument, trade: MarketTrade): void
  /** The book of `instrument` as it stands now. `sequence`: the venue's own number of this state; undefined where it has none. */
  book(instrument: MarketInstrument, exchangeTime: Nanos, sequence: number | undefined): void
}

/** Best levels a side in a line of the truth. */
export const TRUTH_DEPTH = 25
export const TRUTH_SIDES: readonly Side[] = ['bid', 'ask']
