import type { AdapterEvent, Level, TakerSide } from '../../model/event.js'
import { type Nanos, nanosFromIso } from '../../model/time.js'
import { counter, decimal, type Fields, fields, integer, list, text, unsignedDecimal, WireError } from '../kit/wire.js'
import { intervalOf } from './topics.js'

/** One item of a message's `data`; the message around it tells its type and, of candles, when it was sent. */
type Read = (item: Fields, snapshot: boolean, message: Fields) => AdapterEvent[]

function time(item: Fields, name: string): Nanos | undefined {
  const value = item[name]
  if (value === undefined || value === null) return undefined
  const nanos = nanosFromIso(value)
  if (nanos === undefined) throw new WireError(`${name} should be a time, is ${JSON.stringify(value)}`)
  return nanos
}

/** Kraken names the taker's side; a side it never had is no side. */
function takerSide(value: unknown): TakerSide | undefined {
  const side = text(value, 'side')
  return side === 'buy' || side === 'sell' ? side : undefined
}

/** `trade_id` rises by 1 from trade to trade of a symbol. A snapshot repeats trades of the past: no events. */
const trade: Read = (item, snapshot) => {
  if (snapshot) return []
  const id = counter(item.trade_id, 'trade_id')
  return [
    {
      kind: 'trade',
      symbol: text(item.symbol, 'symbol'),
      exchangeTime: time(item, 'timestamp'),
      tradeId: id.toString(),
      price: unsignedDecimal(item.price, 'price'),
      amount: unsignedDecimal(item.qty, 'qty'),
      takerSide: takerSide(item.side),
      counter: id,
    },
  ]
}

function levels(value: unknown, name: string): Level[] {
  if (value === undefined) return []
  return list(value, name).map((each) => {
    const level = fields(each, name)
    return [unsignedDecimal(level.price, `${name}.price`), unsignedDecimal(level.qty, `${name}.qty`)]
  })
}

/** No sequence: the checksum after each message proves the book. */
const book: Read = (item, snapshot) => {
  const symbol = text(item.symbol, 'symbol')
  const exchangeTime = time(item, 'timestamp')
  const bids = levels(item.bids, 'bids')
  const asks = levels(item.asks, 'asks')
  const checksum = item.checksum === undefined ? undefined : integer(item.checksum, 'checksum')
  if (snapshot) return [{ kind: 'book_snapshot', symbol, exchangeTime, bids, asks, sequence: undefined, checksum }]
  return [
    {
      kind: 'book_delta',
      symbol,
      exchangeTime,
      bids,
      asks,
      firstSequence: undefined,
      lastSequence: undefined,
      checksum,
    },
  ]
}

/** An instrument that never traded has zeros or nulls instead of a side: no quote. */
const ticker: Read = (item) => {
  if (item.bid === null || item.ask === null) return []
  const bidPrice = decimal(item.bid, 'bid')
  const askPrice = decimal(item.ask, 'ask')
  if (Number(bidPrice) === 0 || Number(askPrice) === 0) return []
  return [
    {
      kind: 'quote',
      symbol: text(item.symbol, 'symbol'),
      exchangeTime: time(item, 'timestamp'),
      sequence: undefined,
      bidPrice,
      bidAmount: unsignedDecimal(item.bid_qty, 'bid_qty'),
      askPrice,
      askAmount: unsignedDecimal(item.ask_qty, 'ask_qty'),
    },
  ]
}

/**
 * `interval_begin` is the open time. There is no closed flag: a bar is final when a later one comes. The item's own `timestamp` is the end of
 * its interval (deprecated); when it was said stands on the message.
 */
const ohlc: Read = (item, _snapshot, message) => {
  const openTime = time(item, 'interval_begin')
  const interval = intervalOf(integer(item.interval, 'interval'))
  if (openTime === undefined || interval === undefined) throw new WireError('no interval, or one that is not known')
  return [
    {
      kind: 'candle',
      symbol: text(item.symbol, 'symbol'),
      exchangeTime: time(message, 'timestamp'),
      interval,
      openTime,
      open: unsignedDecimal(item.open, 'open'),
      high: unsignedDecimal(item.high, 'high'),
      low: unsignedDecimal(item.low, 'low'),
      close: unsignedDecimal(item.close, 'close'),
      volume: unsignedDecimal(item.volume, 'volume'),
      quoteVolume: undefined,
      trades: item.trades === undefined ? undefined : integer(item.trades, 'trades'),
      takerBuyVolume: undefined,
      vwap: item.vwap === undefined ? undefined : unsignedDecimal(item.vwap, 'vwap'),
      closed: undefined,
    },
  ]
}

/** How to read the channels we ask for, by Kraken's names. */
export const READERS: ReadonlyMap<string, Read> = new Map([
  ['trade', trade],
  ['book', book],
  ['ticker', ticker],
  ['ohlc', ohlc],
])
