import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { either, listOf, places } from '../kit/shape.js'

/** `[channel, payload, sequence, time]`; of updates of trades and of checksums a word stands before the payload. */
function message(...payloads: Shape[]): Shape {
  return either(...payloads.map((payload) => places(1, payload, 2)), places(5))
}

const trade = places(4)
const level = places(3)
const candle = places(6)
/** Ends with the bounds of the rate at 21 and 22. */
const status = message(places(23))

/** Fields are appended at the end: https://docs.bitfinex.com/reference/ws-public-trades and its siblings. */
export const bitfinexShapes: ExchangeAdapter['shapes'] = {
  trades: either(message(listOf(trade)), places(2, trade, 2)),
  book: message(listOf(level), level),
  quotes: message(listOf(level), level),
  ohlc: message(listOf(candle), candle),
  funding: status,
  mark_price: status,
  index_price: status,
  open_interest: status,
  liquidations: message(listOf(places(12))),
}
