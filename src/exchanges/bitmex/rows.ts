import { INTERVALS, type Interval } from '../../model/dataset.js'
import type { Level, MarketData, TakerSide } from '../../model/event.js'
import { type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import { type Fields, integer, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** A row's time; undefined where it has none. */
export function isoTime(value: unknown): Nanos | undefined {
  if (value === undefined || value === null) return undefined
  const time = nanosFromIso(value)
  if (time === undefined) throw new WireError(`timestamp should be a time, is ${JSON.stringify(value)}`)
  return time
}

/** The newest time of rows. Those of a book may lack it. */
export function latest(rows: readonly Fields[]): Nanos | undefined {
  let newest: Nanos | undefined
  for (const row of rows) {
    const time = isoTime(row.timestamp)
    if (time !== undefined && (newest === undefined || time > newest)) newest = time
  }
  return newest
}

/** The side of a book that a row belongs to. */
export function sideOf<T>(row: Fields, book: { readonly bids: T; readonly asks: T }): T {
  if (row.side === 'Buy') return book.bids
  if (row.side === 'Sell') return book.asks
  throw new WireError(`side should be Buy or Sell, is ${JSON.stringify(row.side)?.slice(0, 20) ?? 'nothing'}`)
}

export function takerSide(side: unknown): TakerSide | undefined {
  return side === 'Buy' ? 'buy' : side === 'Sell' ? 'sell' : undefined
}

/** `side` is the taker's; settlements have none. Rows of an index have neither size nor id: no trades. Ids are no numbers: no counter. */
export function tradeEvents(row: Fields, symbol: string): MarketData[] {
  if (typeof row.trdMatchID !== 'string' || row.trdMatchID === '') return []
  return [
    {
      kind: 'trade',
      symbol,
      exchangeTime: isoTime(row.timestamp),
      tradeId: row.trdMatchID,
      price: unsignedDecimal(row.price, 'price'),
      amount: unsignedDecimal(row.size, 'size'),
      takerSide: takerSide(row.side),
      counter: undefined,
    },
  ]
}

/** A side that is empty is null or missing: no quote. */
export function quoteEvents(row: Fields, symbol: string): MarketData[] {
  const { bidPrice, bidSize, askPrice, askSize } = row
  if ([bidPrice, bidSize, askPrice, askSize].some((each) => each === undefined || each === null)) return []
  return [
    {
      kind: 'quote',
      symbol,
      exchangeTime: isoTime(row.timestamp),
      sequence: undefined,
      bidPrice: unsignedDecimal(bidPrice, 'bidPrice'),
      bidAmount: unsignedDecimal(bidSize, 'bidSize'),
      askPrice: unsignedDecimal(askPrice, 'askPrice'),
      askAmount: unsignedDecimal(askSize, 'askSize'),
    },
  ]
}

function optional(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : unsignedDecimal(value, name)
}

/** `timestamp` is the END of the bin. Sent once it is closed. A bin before the first trade has no prices: no candle. */
export function candleEvents(row: Fields, symbol: string, interval: Interval): MarketData[] {
  const end = isoTime(row.timestamp)
  if (end === undefined) throw new WireError('a bin without a timestamp')
  if ([row.open, row.high, row.low, row.close].some((price) => price === undefined || price === null)) return []
  return [
    {
      kind: 'candle',
      symbol,
      exchangeTime: end,
      interval,
      openTime: end - BigInt(INTERVALS[interval]) * SECOND,
      open: unsignedDecimal(row.open, 'open'),
      high: unsignedDecimal(row.high, 'high'),
      low: unsignedDecimal(row.low, 'low'),
      close: unsignedDecimal(row.close, 'close'),
      // In contracts, as trades are.
      volume: unsignedDecimal(row.volume ?? '0', 'volume'),
      quoteVolume: optional(row.foreignNotional, 'foreignNotional'),
      trades: row.trades === undefined ? undefined : integer(row.trades, 'trades'),
      takerBuyVolume: undefined,
      vwap: optional(row.vwap, 'vwap'),
      closed: true,
    },
  ]
}

/** Levels written as `[price, size]`; a side without any may be missing. */
export function pairedLevels(value: unknown, name: string): Level[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new WireError(`${name} should be a list`)
  return value.map((each: unknown) => {
    const [price, size]: unknown[] = Array.isArray(each) ? each : []
    return [unsignedDecimal(price, name), unsignedDecimal(size, name)]
  })
}

/** The symbol that a row is of. */
export function symbolOf(row: Fields): string {
  return text(row.symbol, 'symbol')
}
