import type { Kind } from '../model/dataset.js'
import type { BookDelta, BookSnapshot, Candle, Level, PlainEvent, Quote, Receipt, Side, Trade } from '../model/event.js'
import type { BookDeltaRow, OhlcRow, QuoteRow, Rows, TradeRow } from '../model/row.js'
import { DAY, dayOf, type Nanos } from '../model/time.js'

const EARLIEST: Nanos = 1_230_768_000n * 1_000_000_000n // 2009-01-01: before the first block there was nothing to trade

/**
 * The exchange time if it can be believed (durability D4): from 2009 to a day after it was received.
 * Recordings played back carry old times, which is fine; absurd ones are stored as null.
 */
export function believableTime(exchangeTime: Nanos | undefined, receiveTime: Nanos): Nanos | null {
  if (exchangeTime === undefined || exchangeTime < EARLIEST || exchangeTime > receiveTime + DAY) return null
  return exchangeTime
}

/** The columns that say where a row came from. `day` is that of the exchange time, or of the receipt without one. */
function origin(exchangeTime: Nanos | undefined, receipt: Receipt, row: number) {
  const received = receipt.even ?? receipt.receiveTime
  const exchange_time = believableTime(exchangeTime, received)
  return {
    exchange_time,
    receive_time: receipt.receiveTime,
    frame: receipt.frame,
    row,
    day: dayOf(exchange_time ?? received),
  }
}

type Source = TradeRow['source']

/** `row` is the index of the event among the rows of its frame. */
export function tradeRow(trade: Trade, receipt: Receipt, row: number, source: Source = 'stream'): TradeRow {
  const { exchange_time, receive_time, frame, day } = origin(trade.exchangeTime, receipt, row)
  return {
    exchange_time,
    receive_time,
    frame,
    row,
    day,
    trade_id: trade.tradeId ?? null,
    price: trade.price,
    amount: trade.amount,
    taker_side: trade.takerSide ?? null,
    source,
  }
}

export function quoteRow(quote: Quote, receipt: Receipt, row: number): QuoteRow {
  const { exchange_time, receive_time, frame, day } = origin(quote.exchangeTime, receipt, row)
  return {
    exchange_time,
    receive_time,
    frame,
    row,
    day,
    sequence: quote.sequence ?? null,
    bid_price: quote.bidPrice,
    bid_amount: quote.bidAmount,
    ask_price: quote.askPrice,
    ask_amount: quote.askAmount,
  }
}

/** A row with the kind it stands in. */
type Stored = { [K in Kind]: { readonly kind: K; readonly row: Rows[K] } }[Kind]

/** The row of an event that is one row. */
export function plainRow(event: PlainEvent, receipt: Receipt, row: number, source: Source = 'stream'): Stored {
  switch (event.kind) {
    case 'trade':
      return { kind: 'trades', row: tradeRow(event, receipt, row, source) }
    case 'quote':
      return { kind: 'quotes', row: quoteRow(event, receipt, row) }
    default:
      return derivativeRow(event, { ...origin(event.exchangeTime, receipt, row), source })
  }
}

function derivativeRow(
  event: Exclude<PlainEvent, Trade | Quote>,
  from: ReturnType<typeof origin> & { readonly source: Source },
): Stored {
  switch (event.kind) {
    case 'funding': {
      const { rate, predictedRate, nextFundingTime, intervalSeconds, settled } = event
      const interval_seconds = intervalSeconds === undefined ? null : BigInt(intervalSeconds)
      const next_funding_time = nextFundingTime ?? null
      const row = { ...from, rate, predicted_rate: predictedRate ?? null, next_funding_time, interval_seconds, settled }
      return { kind: 'funding', row }
    }
    case 'mark_price':
    case 'index_price':
      return { kind: event.kind, row: { ...from, price: event.price } }
    case 'open_interest':
      return { kind: 'open_interest', row: { ...from, amount: event.amount, value: event.value ?? null } }
    case 'liquidation': {
      const { orderId, side, price, averagePrice, amount } = event
      const row = { ...from, order_id: orderId ?? null, side, price, average_price: averagePrice ?? null, amount }
      return { kind: 'liquidations', row }
    }
  }
}

/** A candle belongs to the day it opened, whenever it came. */
export function ohlcRow(candle: Candle, receipt: Receipt, row: number, source: Source = 'stream'): OhlcRow {
  // Field by field: objects made by spreading are several times slower to make and to read.
  return {
    exchange_time: believableTime(candle.exchangeTime, receipt.even ?? receipt.receiveTime),
    receive_time: receipt.receiveTime,
    frame: receipt.frame,
    row,
    day: dayOf(candle.openTime),
    open_time: candle.openTime,
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    quote_volume: candle.quoteVolume ?? null,
    trades: candle.trades === undefined ? null : BigInt(candle.trades),
    taker_buy_volume: candle.takerBuyVolume ?? null,
    vwap: candle.vwap ?? null,
    source,
  }
}

/**
 * One row per level, bids first, each side in the order of the message; the first row has index `row`. `day`: that of the partition the book is in,
 * where it is not that of the event.
 */
export function bookRows(
  event: BookSnapshot | BookDelta,
  receipt: Receipt,
  row: number,
  day: number | null = null,
): BookDeltaRow[] {
  const isSnapshot = event.kind === 'book_snapshot'
  const shared = origin(event.exchangeTime, receipt, row)
  const { exchange_time, receive_time, frame } = shared
  const first_sequence = (isSnapshot ? event.sequence : event.firstSequence) ?? null
  const last_sequence = (isSnapshot ? event.sequence : event.lastSequence) ?? null
  const rows: BookDeltaRow[] = []
  const side = (name: Side, levels: readonly Level[]) => {
    for (const [price, amount] of levels) {
      rows.push({
        exchange_time,
        receive_time,
        frame,
        row: row + rows.length,
        day: day ?? shared.day,
        first_sequence,
        last_sequence,
        is_snapshot: isSnapshot,
        side: name,
        price,
        amount,
      })
    }
  }
  side('bid', event.bids)
  side('ask', event.asks)
  return rows
}
