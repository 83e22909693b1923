import type { BookDelta, Candle, MarketData, Quote, Trade } from '../../model/event.js'
import type { Subscription } from '../exchange.js'
import {
  counter,
  type Fields,
  fields,
  flag,
  integer,
  levels,
  milliseconds,
  text,
  unsignedDecimal,
  WireError,
} from '../kit/wire.js'

/**
 * The event in a payload of a subscription's stream. Times are milliseconds. Throws a WireError.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
 */
export function eventOf(of: Omit<Subscription, 'id' | 'pair'>, data: Fields): MarketData {
  const symbol = text(data.s, 's')
  if (symbol !== of.symbol) throw new WireError(`s is ${symbol} on the stream of ${of.symbol}`)
  switch (of.channel) {
    case 'trades':
      return trade(symbol, data)
    case 'book':
      return bookDelta(symbol, data)
    case 'quotes':
      return quote(symbol, data)
    default:
      return candle(symbol, data, of.interval)
  }
}

/** `t` rises by one from trade to trade of a symbol; `m`: the buyer was the maker, so the taker sold. `T`: when it was matched. */
function trade(symbol: string, data: Fields): Trade {
  const id = counter(data.t, 't')
  return {
    kind: 'trade',
    symbol,
    exchangeTime: milliseconds(data.T, 'T'),
    tradeId: id.toString(),
    price: unsignedDecimal(data.p, 'p'),
    amount: unsignedDecimal(data.q, 'q'),
    takerSide: flag(data.m, 'm') ? 'sell' : 'buy',
    counter: id,
  }
}

/** `U` and `u`: first and last update in it; `E`: when it was sent. */
function bookDelta(symbol: string, data: Fields): BookDelta {
  const firstSequence = counter(data.U, 'U')
  const lastSequence = counter(data.u, 'u')
  if (lastSequence < firstSequence) throw new WireError(`u is ${lastSequence}, less than U, ${firstSequence}`)
  return {
    kind: 'book_delta',
    symbol,
    exchangeTime: milliseconds(data.E, 'E'),
    bids: levels(data.b, 'b'),
    asks: levels(data.a, 'a'),
    firstSequence,
    lastSequence,
    checksum: undefined,
  }
}

/** `u` is an update of the book; spot gives no time. */
function quote(symbol: string, data: Fields): Quote {
  return {
    kind: 'quote',
    symbol,
    exchangeTime: undefined,
    sequence: counter(data.u, 'u'),
    bidPrice: unsignedDecimal(data.b, 'b'),
    bidAmount: unsignedDecimal(data.B, 'B'),
    askPrice: unsignedDecimal(data.a, 'a'),
    askAmount: unsignedDecimal(data.A, 'A'),
  }
}

/** `x`: closed. `V`: bought by takers, in base. */
function candle(symbol: string, data: Fields, wanted: string | undefined): Candle {
  const k = fields(data.k, 'k')
  const interval = text(k.i, 'k.i')
  if (interval !== wanted) throw new WireError(`k.i is ${interval} on the stream of ${wanted}`)
  return {
    kind: 'candle',
    symbol,
    exchangeTime: milliseconds(data.E, 'E'),
    interval,
    openTime: milliseconds(k.t, 'k.t'),
    open: unsignedDecimal(k.o, 'k.o'),
    high: unsignedDecimal(k.h, 'k.h'),
    low: unsignedDecimal(k.l, 'k.l'),
    close: unsignedDecimal(k.c, 'k.c'),
    volume: unsignedDecimal(k.v, 'k.v'),
    quoteVolume: unsignedDecimal(k.q, 'k.q'),
    trades: integer(k.n, 'k.n'),
    takerBuyVolume: unsignedDecimal(k.V, 'k.V'),
    vwap: undefined,
    closed: flag(k.x, 'k.x'),
  }
}
