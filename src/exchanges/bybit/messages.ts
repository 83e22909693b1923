import type { AdapterEvent, Level, TakerSide } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import type { BookView, Subscription } from '../exchange.js'
import {
  counter,
  type Fields,
  fields,
  flag,
  levels,
  list,
  milliseconds,
  text,
  unsignedDecimal,
  WireError,
} from '../kit/wire.js'
import { categoryOf } from './topics.js'

/** Bybit names the taker's side; a side it never had is no side. */
export function takerSide(value: unknown): TakerSide | undefined {
  const side = text(value, 'S')
  return side === 'Buy' ? 'buy' : side === 'Sell' ? 'sell' : undefined
}

/**
 * `T`: when it was matched. No counter: `seq` is that of the engine and repeats.
 * https://bybit-exchange.github.io/docs/v5/websocket/public/trade
 */
export function trades({ symbol }: Subscription, message: Fields): AdapterEvent[] {
  return list(message.data, 'data').map((each) => {
    const trade = fields(each, 'data')
    return {
      kind: 'trade',
      symbol,
      exchangeTime: milliseconds(trade.T, 'T'),
      tradeId: text(trade.i, 'i'),
      price: unsignedDecimal(trade.p, 'p'),
      amount: unsignedDecimal(trade.v, 'v'),
      takerSide: takerSide(trade.S),
      counter: undefined,
    }
  })
}

/** `cts`: when the engine made it, `ts`: when it was sent. */
export function bookTime(message: Fields): Nanos {
  return message.cts === undefined ? milliseconds(message.ts, 'ts') : milliseconds(message.cts, 'cts')
}

function isWhole({ type }: Fields, u: bigint): boolean {
  if (type !== 'snapshot' && type !== 'delta') throw new WireError(`type should be snapshot or delta`)
  // The service was restarted: the message is the whole book, whatever it calls itself.
  return type === 'snapshot' || u === 1n
}

/**
 * `u` rises by one from message to message of a depth.
 * https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
 */
export function book({ symbol }: Subscription, message: Fields): AdapterEvent[] {
  const data = fields(message.data, 'data')
  const u = counter(data.u, 'u')
  const of = {
    symbol,
    exchangeTime: bookTime(message),
    bids: levels(data.b, 'b'),
    asks: levels(data.a, 'a'),
    checksum: undefined,
  }
  if (isWhole(message, u)) return [{ kind: 'book_snapshot', ...of, sequence: u }]
  return [{ kind: 'book_delta', ...of, firstSequence: u, lastSequence: u }]
}

/** A side's best level after changes: the new one, none where only its end is told. */
function bestOf(before: Level | null, changes: readonly Level[]): Level | null {
  const added = changes.find(([, amount]) => Number(amount) > 0)
  if (added) return added
  return changes.some(([price]) => price === before?.[0]) ? null : before
}

/** The best level a side as last told, and the update that told it. */
export interface Best {
  readonly u: string
  readonly bid: Level | null
  readonly ask: Level | null
}

/**
 * The book of one level. It is sent whole since March 2025, as changes before, and the same again after three quiet seconds:
 * `undefined` then.
 */
export function bestAfter(before: Best | undefined, message: Fields): Best | undefined {
  const data = fields(message.data, 'data')
  const u = counter(data.u, 'u')
  if (before?.u === u.toString()) return undefined
  const known = isWhole(message, u) ? undefined : before
  return {
    u: u.toString(),
    bid: bestOf(known?.bid ?? null, levels(data.b, 'b')),
    ask: bestOf(known?.ask ?? null, levels(data.a, 'a')),
  }
}

/** The same as a book. */
export function bestBook({ bid, ask }: Best): BookView {
  return { bids: bid ? [bid] : [], asks: ask ? [ask] : [] }
}

/** No quote while a side is empty. */
export function quotes({ symbol }: Subscription, message: Fields, { u, bid, ask }: Best): AdapterEvent[] {
  if (!bid || !ask) return []
  const [bidPrice, bidAmount] = bid
  const [askPrice, askAmount] = ask
  const exchangeTime = bookTime(message)
  return [{ kind: 'quote', symbol, exchangeTime, sequence: BigInt(u), bidPrice, bidAmount, askPrice, askAmount }]
}

/** `volume` in the unit of amounts. `turnover` is in the quote; of inverse contracts it is in the base, and left out. */
export function candles({ symbol, interval = '1m' }: Subscription, message: Fields): AdapterEvent[] {
  const category = categoryOf(symbol)
  const inQuote = category === 'spot' || category === 'linear'
  return list(message.data, 'data').map((each) => {
    const bar = fields(each, 'data')
    return {
      kind: 'candle',
      symbol,
      exchangeTime: milliseconds(bar.timestamp, 'timestamp'),
      interval,
      openTime: milliseconds(bar.start, 'start'),
      open: unsignedDecimal(bar.open, 'open'),
      high: unsignedDecimal(bar.high, 'high'),
      low: unsignedDecimal(bar.low, 'low'),
      close: unsignedDecimal(bar.close, 'close'),
      volume: unsignedDecimal(bar.volume, 'volume'),
      quoteVolume: inQuote ? unsignedDecimal(bar.turnover, 'turnover') : undefined,
      trades: undefined,
      takerBuyVolume: undefined,
      vwap: undefined,
      closed: flag(bar.confirm, 'confirm'),
    }
  })
}

/**
 * `S` is the side of the position: `Buy` is a long one, which an order to sell closes. `p` is the price at which it was worth nothing.
 * https://bybit-exchange.github.io/docs/v5/websocket/public/all-liquidation
 */
export function liquidations({ symbol }: Subscription, message: Fields): AdapterEvent[] {
  return list(message.data, 'data').map((each) => {
    const item = fields(each, 'data')
    const position = takerSide(item.S)
    if (position === undefined) throw new WireError('S should be Buy or Sell')
    return {
      kind: 'liquidation',
      symbol,
      exchangeTime: milliseconds(item.T, 'T'),
      orderId: undefined,
      side: position === 'buy' ? 'sell' : 'buy',
      price: unsignedDecimal(item.p, 'p'),
      averagePrice: undefined,
      amount: unsignedDecimal(item.v, 'v'),
    }
  })
}
