import { isDecimal } from '../../model/decimal.js'
import type { AdapterEvent, Level, TakerSide } from '../../model/event.js'
import { type Nanos, nanosFromIso } from '../../model/time.js'
import { counter, type Fields, list, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** What one message of a product gives. */
type Read = (message: Fields, symbol: string) => AdapterEvent[]

/** Some messages bear the year 1: no time at all. */
const NO_TIME = '0001-'

function time(message: Fields): Nanos | undefined {
  const value = message.time
  if (value === undefined || (typeof value === 'string' && value.startsWith(NO_TIME))) return undefined
  const nanos = nanosFromIso(value)
  if (nanos === undefined) throw new WireError(`time should be a time, is ${JSON.stringify(value)}`)
  return nanos
}

/** `side` of a match is the maker's: the taker stood on the other one. */
export function takerSide(makerSide: unknown): TakerSide | undefined {
  const side = text(makerSide, 'side')
  return side === 'sell' ? 'buy' : side === 'buy' ? 'sell' : undefined
}

/** `trade_id` rises by 1 from match to match of a product; `sequence` counts its book too. */
const match: Read = (message, symbol) => {
  const id = counter(message.trade_id, 'trade_id')
  return [
    {
      kind: 'trade',
      symbol,
      exchangeTime: time(message),
      tradeId: id.toString(),
      price: unsignedDecimal(message.price, 'price'),
      amount: unsignedDecimal(message.size, 'size'),
      takerSide: takerSide(message.side),
      counter: id,
    },
  ]
}

/** Levels of a snapshot. One whose amount is no amount (`0.-10000` was seen) stands in every snapshot of the product: it is left out. */
function snapshotLevels(value: unknown, name: string): Level[] {
  const read: Level[] = []
  for (const each of list(value, name)) {
    const [price, amount] = list(each, name)
    if (isDecimal(price) && isDecimal(amount) && !price.startsWith('-') && !amount.startsWith('-'))
      read.push([price, amount])
    else if (typeof price !== 'string' || typeof amount !== 'string') throw new WireError(`${name} has no levels`)
  }
  return read
}

const snapshot: Read = (message, symbol) => [
  {
    kind: 'book_snapshot',
    symbol,
    exchangeTime: time(message),
    bids: snapshotLevels(message.bids, 'bids'),
    asks: snapshotLevels(message.asks, 'asks'),
    sequence: undefined,
    checksum: undefined,
  },
]

/** `[side, price, new absolute size]`; size 0 removes the level. Neither sequence nor checksum. */
const l2update: Read = (message, symbol) => {
  const bids: Level[] = []
  const asks: Level[] = []
  for (const each of list(message.changes, 'changes')) {
    const [side, price, size] = list(each, 'change')
    const level: Level = [unsignedDecimal(price, 'price'), unsignedDecimal(size, 'size')]
    if (side === 'buy') bids.push(level)
    else if (side === 'sell') asks.push(level)
    else throw new WireError(`side should be buy or sell, is ${JSON.stringify(side)?.slice(0, 20) ?? 'nothing'}`)
  }
  return [
    {
      kind: 'book_delta',
      symbol,
      exchangeTime: time(message),
      bids,
      asks,
      firstSequence: undefined,
      lastSequence: undefined,
      checksum: undefined,
    },
  ]
}

/** Best bid and ask as they stand after a match; changes between matches are not told. Older messages have no sizes: no quote. */
const ticker: Read = (message, symbol) => {
  const { best_bid, best_bid_size, best_ask, best_ask_size } = message
  const sides = [best_bid, best_bid_size, best_ask, best_ask_size]
  // A product without a side has empty text or zero there.
  if (sides.some((side) => side === undefined || side === null || side === '')) return []
  const bidPrice = unsignedDecimal(best_bid, 'best_bid')
  const askPrice = unsignedDecimal(best_ask, 'best_ask')
  if (Number(bidPrice) === 0 || Number(askPrice) === 0) return []
  return [
    {
      kind: 'quote',
      symbol,
      exchangeTime: time(message),
      sequence: message.sequence === undefined ? undefined : counter(message.sequence, 'sequence'),
      bidPrice,
      bidAmount: unsignedDecimal(best_bid_size, 'best_bid_size'),
      askPrice,
      askAmount: unsignedDecimal(best_ask_size, 'best_ask_size'),
    },
  ]
}

/** How to read what the channels we ask for carry, by type of message. `last_match` repeats a trade of the past: no event. */
export const READERS: ReadonlyMap<string, { readonly channel: 'trades' | 'book' | 'quotes'; readonly read: Read }> =
  new Map([
    ['match', { channel: 'trades', read: match }],
    ['last_match', { channel: 'trades', read: () => [] }],
    ['snapshot', { channel: 'book', read: snapshot }],
    ['l2update', { channel: 'book', read: l2update }],
    ['ticker', { channel: 'quotes', read: ticker }],
  ])
