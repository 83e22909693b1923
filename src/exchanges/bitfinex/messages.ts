import type { AdapterEvent, Level, Side } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import { counter, decimal, integer, list, milliseconds, unsignedDecimal } from '../kit/wire.js'

/** Where a payload belongs: the symbol, and the time of the message (flag TIMESTAMP). */
export interface About {
  readonly symbol: string
  readonly time: Nanos | undefined
}

/** Whether a payload is a list of items (a snapshot) instead of one. */
export function isSnapshot(payload: readonly unknown[]): boolean {
  return payload.length === 0 || Array.isArray(payload[0])
}

function unsigned(signed: string): string {
  return signed.replace(/^[-+]/, '')
}

/** `[ID, MTS, AMOUNT, PRICE]`; the taker bought where AMOUNT is positive. Ids rise, but all pairs share them: no counter. */
export function tradeEvent(payload: readonly unknown[], { symbol }: About): AdapterEvent {
  const amount = decimal(payload[2], 'AMOUNT')
  const direction = Math.sign(Number(amount))
  return {
    kind: 'trade',
    symbol,
    exchangeTime: milliseconds(payload[1], 'MTS'),
    tradeId: counter(payload[0], 'ID').toString(),
    price: unsignedDecimal(payload[3], 'PRICE'),
    amount: unsigned(amount),
    takerSide: direction > 0 ? 'buy' : direction < 0 ? 'sell' : undefined,
    counter: undefined,
  }
}

/** `[PRICE, COUNT, AMOUNT]`: bids have positive amounts. COUNT 0 removes the level; its AMOUNT then only tells the side. */
export function levelChange(payload: readonly unknown[]): { readonly side: Side; readonly level: Level } {
  const price = unsignedDecimal(payload[0], 'PRICE')
  const gone = integer(payload[1], 'COUNT') === 0
  const amount = decimal(payload[2], 'AMOUNT')
  return { side: amount.startsWith('-') ? 'ask' : 'bid', level: [price, gone ? '0' : unsigned(amount)] }
}

/** Changes of a payload: the levels of a snapshot or the one of an update. */
export function levelChanges(payload: readonly unknown[]): { readonly bids: Level[]; readonly asks: Level[] } {
  const bids: Level[] = []
  const asks: Level[] = []
  for (const each of isSnapshot(payload) ? payload : [payload]) {
    const { side, level } = levelChange(list(each, 'level'))
    if (side === 'bid') bids.push(level)
    else asks.push(level)
  }
  return { bids, asks }
}

/** A list of levels is a whole book, a single one a change. The connection's sequence is not the book's. */
export function bookEvent(payload: readonly unknown[], { symbol, time }: About): AdapterEvent {
  const { bids, asks } = levelChanges(payload)
  if (isSnapshot(payload))
    return { kind: 'book_snapshot', symbol, exchangeTime: time, bids, asks, sequence: undefined, checksum: undefined }
  return {
    kind: 'book_delta',
    symbol,
    exchangeTime: time,
    bids,
    asks,
    firstSequence: undefined,
    lastSequence: undefined,
    checksum: undefined,
  }
}

/** A checksum comes in a message of its own and proves the book as it stands. */
export function checksumEvent(value: unknown, { symbol, time }: About): AdapterEvent {
  const nothing = { bids: [], asks: [], firstSequence: undefined, lastSequence: undefined }
  return { kind: 'book_delta', symbol, exchangeTime: time, ...nothing, checksum: integer(value, 'checksum') }
}

/** `[MTS, OPEN, CLOSE, HIGH, LOW, VOLUME]`, MTS the open time. No closed flag. Snapshots are newest first: turned round. */
export function candleEvents(payload: readonly unknown[], interval: string, { symbol, time }: About): AdapterEvent[] {
  const bars = payload.length > 0 && isSnapshot(payload) ? payload.map((each) => list(each, 'candle')) : [payload]
  const read = bars
    .filter((bar) => bar.length > 0)
    .map((bar) => ({
      openTime: milliseconds(bar[0], 'MTS'),
      open: unsignedDecimal(bar[1], 'OPEN'),
      high: unsignedDecimal(bar[3], 'HIGH'),
      low: unsignedDecimal(bar[4], 'LOW'),
      close: unsignedDecimal(bar[2], 'CLOSE'),
      volume: unsignedDecimal(bar[5], 'VOLUME'),
    }))
    .sort((a, b) => Number(a.openTime - b.openTime))
  return read.map((bar) => ({
    kind: 'candle',
    symbol,
    exchangeTime: time,
    interval,
    ...bar,
    quoteVolume: undefined,
    trades: undefined,
    takerBuyVolume: undefined,
    vwap: undefined,
    closed: undefined,
  }))
}
