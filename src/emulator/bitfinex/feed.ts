import type { MarketCandle, MarketTrade } from '../candles.js'
import type { MarketInstrument } from '../market.js'
import { amountNumber, priceNumber } from './numbers.js'
import type { PublishedBook } from './published-book.js'

const TICKER_LEVELS = 25

/** What Bitfinex makes of one instrument of the market. */
export class BitfinexFeed {
  readonly instrument: MarketInstrument
  readonly book: PublishedBook
  /** The ticker that was sent last, and when. */
  ticker = { text: '', time: 0n }
  private recent: MarketTrade[] = []

  constructor(instrument: MarketInstrument, book: PublishedBook) {
    this.instrument = instrument
    this.book = book
  }

  /** The newest trades, oldest first, under the ids that all pairs share. */
  get trades(): readonly MarketTrade[] {
    return this.recent
  }

  add(trade: MarketTrade): void {
    this.recent.push(trade)
    const { kept } = this.instrument
    if (this.recent.length > kept * 1.2) this.recent = this.recent.slice(-kept)
  }

  /** Eleven elements; the sizes are sums over 25 levels, not what stands at the best price. */
  tickerRow(): string {
    const { bids, asks, spec } = this.instrument
    const day: MarketCandle | undefined = this.instrument.candles.held('1d').at(-1)
    const price = (ticks: number | undefined) => priceNumber(spec, ticks ?? 0)
    const sum = (levels: readonly { readonly amount: number }[]) =>
      amountNumber(
        spec,
        levels.reduce((total, { amount }) => total + amount, 0),
      )
    const change = day ? day.close - day.open : 0
    const relative = day ? Number((change / day.open).toFixed(8)) : 0
    return `[${price(bids.priceAt(0))},${sum(bids.best(TICKER_LEVELS))},${price(asks.priceAt(0))},${sum(asks.best(TICKER_LEVELS))},${price(change)},${relative},${price(day?.close)},${amountNumber(spec, day?.volume ?? 0)},${price(day?.high)},${price(day?.low)},null]`
  }
}
