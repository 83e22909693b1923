import type {
  BookDelta,
  Candle,
  Funding,
  IndexPrice,
  Liquidation,
  MarketData,
  Quote,
  Trade,
} from '../../model/event.js'
import type { Subscription } from '../exchange.js'
import {
  counter,
  decimal,
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
import type { Market } from './market.js'
import { underlying } from './streams.js'

/**
 * What a payload holds for a subscription to its stream. Times are milliseconds: `E` when it was sent, `T` when it was matched. Throws a WireError.
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
 */
export function eventsOf(
  market: Market,
  { channel, symbol, interval }: Omit<Subscription, 'id' | 'pair'>,
  data: Fields,
): readonly MarketData[] {
  if (channel === 'liquidations') return [liquidation(symbol, data)]
  if (channel === 'index_price') return index(symbol, data)
  same(text(data.s, 's'), symbol)
  switch (channel) {
    case 'trades':
      return data.e === 'trade' ? single(symbol, data) : [aggregate(symbol, data)]
    case 'book':
      return [bookDelta(symbol, data)]
    case 'quotes':
      return [quote(symbol, data)]
    case 'ohlc':
      return [candle(market, symbol, data, interval)]
    case 'funding':
      return funding(symbol, data)
    default:
      return [
        {
          kind: 'mark_price',
          symbol,
          exchangeTime: milliseconds(data.E, 'E'),
          price: unsignedDecimal(data.p, 'p'),
        } as const,
      ]
  }
}

function same(told: string, symbol: string): void {
  if (told !== symbol) throw new WireError(`the message is about ${told} on the stream of ${symbol}`)
}

/** Fills of one taker order at one price within 100 ms. `a` rises by one; `m`: the buyer was the maker, so the taker sold. */
function aggregate(symbol: string, data: Fields): Trade {
  const id = counter(data.a, 'a')
  return { ...trade(symbol, data), tradeId: id.toString(), counter: id }
}

/** `X`: MARKET, or what does not go through the book (insurance fund, auto-deleveraging): that is no trade. So ids have holes. */
function single(symbol: string, data: Fields): Trade[] {
  if (data.X !== undefined && data.X !== 'MARKET') return []
  return [{ ...trade(symbol, data), tradeId: counter(data.t, 't').toString(), counter: undefined }]
}

/** What both kinds of trades have, live and in answers of REST. */
export function trade(symbol: string, data: Fields) {
  return {
    kind: 'trade',
    symbol,
    exchangeTime: milliseconds(data.T, 'T'),
    price: unsignedDecimal(data.p, 'p'),
    amount: unsignedDecimal(data.q, 'q'),
    takerSide: flag(data.m, 'm') ? 'sell' : 'buy',
  } as const
}

/** `U` and `u`: first and last update in it; `pu`: the `u` of the message before. */
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
    previousSequence: counter(data.pu, 'pu'),
    checksum: undefined,
  }
}

/** `u` is an update of the book. */
function quote(symbol: string, data: Fields): Quote {
  return {
    kind: 'quote',
    symbol,
    exchangeTime: milliseconds(data.E, 'E'),
    sequence: counter(data.u, 'u'),
    bidPrice: unsignedDecimal(data.b, 'b'),
    bidAmount: unsignedDecimal(data.B, 'B'),
    askPrice: unsignedDecimal(data.a, 'a'),
    askAmount: unsignedDecimal(data.A, 'A'),
  }
}

/** `x`: closed. COIN-M: `v` and `V` are contracts, and `q` is of the base, for which there is no place. */
function candle(market: Market, symbol: string, data: Fields, wanted: string | undefined): Candle {
  const k = fields(data.k, 'k')
  const interval = text(k.i, 'k.i')
  if (interval !== wanted) throw new WireError(`k.i is ${interval} on the stream of ${wanted}`)
  const q = unsignedDecimal(k.q, 'k.q')
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
    quoteVolume: market.amountUnit === 'base' ? q : undefined,
    trades: integer(k.n, 'k.n'),
    takerBuyVolume: unsignedDecimal(k.V, 'k.V'),
    vwap: undefined,
    closed: flag(k.x, 'k.x'),
  }
}

/** `r`: the rate to be charged at `T`. Contracts that end have none: an empty or zero rate, and no time. */
function funding(symbol: string, data: Fields): Funding[] {
  if (data.T === 0 || data.r === '') return []
  return [
    {
      kind: 'funding',
      symbol,
      exchangeTime: milliseconds(data.E, 'E'),
      rate: decimal(data.r, 'r'),
      predictedRate: undefined,
      nextFundingTime: milliseconds(data.T, 'T'),
      intervalSeconds: undefined,
      settled: false,
    },
  ]
}

/** In the mark price's message (older ones have none), or in one of the pair, whose name then stands in `i`. */
function index(symbol: string, data: Fields): IndexPrice[] {
  if (data.e === 'indexPriceUpdate') same(text(data.i, 'i'), underlying(symbol))
  else same(text(data.s, 's'), symbol)
  const price = data.e === 'indexPriceUpdate' ? data.p : data.i
  if (price === undefined) return []
  return [{ kind: 'index_price', symbol, exchangeTime: milliseconds(data.E, 'E'), price: unsignedDecimal(price, 'i') }]
}

/** `z`: filled in all; `ap`: at this price on average; `p`: the price of the order. */
function liquidation(symbol: string, data: Fields): Liquidation {
  const o = fields(data.o, 'o')
  same(text(o.s, 'o.s'), symbol)
  const side = text(o.S, 'o.S')
  if (side !== 'BUY' && side !== 'SELL') throw new WireError(`o.S should be BUY or SELL, is ${side}`)
  return {
    kind: 'liquidation',
    symbol,
    exchangeTime: milliseconds(o.T, 'o.T'),
    orderId: undefined,
    side: side === 'SELL' ? 'sell' : 'buy',
    price: unsignedDecimal(o.p, 'o.p'),
    averagePrice: unsignedDecimal(o.ap, 'o.ap'),
    amount: unsignedDecimal(o.z, 'o.z'),
  }
}
