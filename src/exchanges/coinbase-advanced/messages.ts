import type { Channel } from '../../model/dataset.js'
import type { Level, MarketData, TakerSide } from '../../model/event.js'
import { type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import { counter, type Fields, fields, integer, list, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** What one event of a message gives. `sent`: the time of the message. */
type Read = (event: Fields, sent: Nanos | undefined) => MarketData[]

export function isoTime(value: unknown, name: string): Nanos | undefined {
  if (value === undefined || value === '') return undefined
  const nanos = nanosFromIso(value)
  if (nanos === undefined) throw new WireError(`${name} should be a time, is ${JSON.stringify(value)}`)
  return nanos
}

/**
 * `side` is the maker's, as that of the Exchange feed with the same trades: the taker stood on the other one. The documentation does not say; trades at the
 * ask were seen as SELL.
 */
function takerSide(side: unknown): TakerSide | undefined {
  return side === 'SELL' ? 'buy' : side === 'BUY' ? 'sell' : undefined
}

/** Ids are those of the Exchange feed: they rise by 1 within a product. A snapshot repeats trades of the past: no events. */
const trades: Read = (event) => {
  if (event.type === 'snapshot') return []
  const read = list(event.trades, 'trades').map((each): MarketData & { readonly counter: bigint } => {
    const row = fields(each, 'trade')
    const id = counter(row.trade_id, 'trade_id')
    return {
      kind: 'trade',
      symbol: text(row.product_id, 'product_id'),
      exchangeTime: isoTime(row.time, 'time'),
      tradeId: id.toString(),
      price: unsignedDecimal(row.price, 'price'),
      amount: unsignedDecimal(row.size, 'size'),
      takerSide: takerSide(row.side),
      counter: id,
    }
  })
  return read.sort((a, b) => (a.counter < b.counter ? -1 : 1))
}

/** The ask side is called `offer`. An update may be empty. Levels of a snapshot may bear the year 1970: its time is that of the message. */
const book: Read = (event, sent) => {
  const bids: Level[] = []
  const asks: Level[] = []
  let newest: Nanos | undefined
  for (const each of list(event.updates, 'updates')) {
    const row = fields(each, 'update')
    const level: Level = [
      unsignedDecimal(row.price_level, 'price_level'),
      unsignedDecimal(row.new_quantity, 'new_quantity'),
    ]
    if (row.side === 'bid') bids.push(level)
    else if (row.side === 'offer' || row.side === 'ask') asks.push(level)
    else throw new WireError('side should be bid or offer')
    const time = isoTime(row.event_time, 'event_time')
    if (time !== undefined && (newest === undefined || time > newest)) newest = time
  }
  const symbol = text(event.product_id, 'product_id')
  if (event.type === 'snapshot')
    return [{ kind: 'book_snapshot', symbol, exchangeTime: sent, bids, asks, sequence: undefined, checksum: undefined }]
  if (!bids.length && !asks.length) return []
  return [
    {
      kind: 'book_delta',
      symbol,
      exchangeTime: newest ?? sent,
      bids,
      asks,
      firstSequence: undefined,
      lastSequence: undefined,
      checksum: undefined,
    },
  ]
}

/** Best bid and ask after a match; changes between matches are not told. */
const tickers: Read = (event, sent) =>
  list(event.tickers, 'tickers').flatMap((each): MarketData[] => {
    const row = fields(each, 'ticker')
    const { best_bid, best_bid_quantity, best_ask, best_ask_quantity } = row
    if ([best_bid, best_bid_quantity, best_ask, best_ask_quantity].some((side) => side === undefined || side === ''))
      return []
    const bidPrice = unsignedDecimal(best_bid, 'best_bid')
    const askPrice = unsignedDecimal(best_ask, 'best_ask')
    if (Number(bidPrice) === 0 || Number(askPrice) === 0) return []
    return [
      {
        kind: 'quote',
        symbol: text(row.product_id, 'product_id'),
        exchangeTime: sent,
        sequence: undefined,
        bidPrice,
        bidAmount: unsignedDecimal(best_bid_quantity, 'best_bid_quantity'),
        askPrice,
        askAmount: unsignedDecimal(best_ask_quantity, 'best_ask_quantity'),
      },
    ]
  })

/** Bars of five minutes, told about each second; final when a later one comes. Oldest first. */
const candles: Read = (event, sent) =>
  list(event.candles, 'candles')
    .map((each) => fields(each, 'candle'))
    .map((row) => ({ row, start: integer(row.start, 'start') }))
    .sort((a, b) => a.start - b.start)
    .map(
      ({ row, start }): MarketData => ({
        kind: 'candle',
        symbol: text(row.product_id, 'product_id'),
        exchangeTime: sent,
        interval: '5m',
        openTime: BigInt(start) * SECOND,
        open: unsignedDecimal(row.open, 'open'),
        high: unsignedDecimal(row.high, 'high'),
        low: unsignedDecimal(row.low, 'low'),
        close: unsignedDecimal(row.close, 'close'),
        volume: unsignedDecimal(row.volume, 'volume'),
        quoteVolume: undefined,
        trades: undefined,
        takerBuyVolume: undefined,
        vwap: undefined,
        closed: undefined,
      }),
    )

/** How to read the channels we ask for, by the name in their messages, and our channel of each. */
export const READERS: ReadonlyMap<string, { readonly channel: Channel; readonly read: Read }> = new Map<
  string,
  { readonly channel: Channel; readonly read: Read }
>([
  ['market_trades', { channel: 'trades', read: trades }],
  ['l2_data', { channel: 'book', read: book }],
  ['ticker', { channel: 'quotes', read: tickers }],
  ['candles', { channel: 'ohlc', read: candles }],
])

/** The products that an event is of. */
export function productsOf(event: Fields): string[] {
  if (event.product_id !== undefined) return [text(event.product_id, 'product_id')]
  const rows = [event.trades, event.tickers, event.candles].find((each) => each !== undefined)
  return list(rows ?? [], 'rows').map((row) => text(fields(row, 'row').product_id, 'product_id'))
}
