import type { AdapterEvent, TakerSide } from '../../model/event.js'
import type { Subscription } from '../exchange.js'
import {
  counter,
  decimal,
  type Fields,
  fields,
  integer,
  levels,
  list,
  milliseconds,
  text,
  unsignedDecimal,
  WireError,
} from '../kit/wire.js'

/** One item of a message's `data`, and the message around it. Everything is text, times are milliseconds. */
type Read = (of: Subscription, item: Fields, message: Fields) => AdapterEvent[]

/** `undefined` where the venue leaves the field out or empty. */
function given<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === '' ? undefined : read(value)
}

/** OKX names the taker's side; a side it never had is no side. */
function takerSide(value: unknown): TakerSide | undefined {
  const side = text(value, 'side')
  return side === 'buy' || side === 'sell' ? side : undefined
}

/**
 * Ids of fills rise by one. Rows of `trades`, which nobody asks for here, may be several fills in one (`count`): no trades of ours.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-all-trades-channel
 */
const trade: Read = ({ symbol }, item) => {
  const id = counter(item.tradeId, 'tradeId')
  if (item.count !== undefined && item.count !== '1') return []
  return [
    {
      kind: 'trade',
      symbol,
      exchangeTime: milliseconds(item.ts, 'ts'),
      tradeId: id.toString(),
      price: unsignedDecimal(item.px, 'px'),
      amount: unsignedDecimal(item.sz, 'sz'),
      takerSide: takerSide(item.side),
      counter: id,
    },
  ]
}

/** Since 2026 every checksum is 0, which is none. */
function checksumOf({ checksum }: Fields): number | undefined {
  return checksum === undefined ? undefined : integer(checksum, 'checksum') || undefined
}

/**
 * `prevSeqId` names the message before: kept as the first sequence. Messages without changes keep the chain alive. Frames of before mid-2022 have a checksum and no numbers.
 */
const book: Read = ({ symbol }, item, { action }) => {
  const [bids, asks] = [levels(item.bids, 'bids'), levels(item.asks, 'asks')]
  const lastSequence = item.seqId === undefined ? undefined : counter(item.seqId, 'seqId')
  const exchangeTime = milliseconds(item.ts, 'ts')
  // An instrument that is not trading.
  if (bids.length + asks.length === 0 && exchangeTime === 0n) return []
  const of = { symbol, exchangeTime, bids, asks, checksum: checksumOf(item) }
  if (action === 'snapshot') return [{ kind: 'book_snapshot', ...of, sequence: lastSequence }]
  if (action !== 'update') throw new WireError('action should be snapshot or update')
  const firstSequence = item.prevSeqId === undefined ? undefined : counter(item.prevSeqId, 'prevSeqId')
  return [{ kind: 'book_delta', ...of, firstSequence, lastSequence }]
}

/** `books5` and `bbo-tbt` have no `action`. Their `seqId` names no message before. */
export function wholeBook({ symbol }: Subscription, item: Fields) {
  const book = { bids: levels(item.bids, 'bids'), asks: levels(item.asks, 'asks') }
  return [book, { symbol, exchangeTime: milliseconds(item.ts, 'ts') }] as const
}

/** No quote while a side is empty. */
const quote: Read = ({ symbol }, item) => {
  const [[bid], [ask]] = [levels(item.bids, 'bids'), levels(item.asks, 'asks')]
  const exchangeTime = milliseconds(item.ts, 'ts')
  if (!bid || !ask) return []
  const [bidPrice, bidAmount] = bid
  const [askPrice, askAmount] = ask
  const sequence = item.seqId === undefined ? undefined : counter(item.seqId, 'seqId')
  return [{ kind: 'quote', symbol, exchangeTime, sequence, bidPrice, bidAmount, askPrice, askAmount }]
}

/** `fundingTime`: when this rate is charged; `nextFundingTime`: the one after it. */
const funding: Read = ({ symbol }, item) => {
  const at = given(item.fundingTime, (value) => milliseconds(value, 'fundingTime'))
  const after = given(item.nextFundingTime, (value) => milliseconds(value, 'nextFundingTime'))
  return [
    {
      kind: 'funding',
      symbol,
      exchangeTime: given(item.ts, (value) => milliseconds(value, 'ts')),
      rate: decimal(item.fundingRate, 'fundingRate'),
      predictedRate: given(item.nextFundingRate, (value) => decimal(value, 'nextFundingRate')),
      nextFundingTime: at,
      intervalSeconds: at === undefined || after === undefined ? undefined : Number((after - at) / 1_000_000_000n),
      settled: false,
    },
  ]
}

const markPrice: Read = ({ symbol }, item) => [
  {
    kind: 'mark_price',
    symbol,
    exchangeTime: milliseconds(item.ts, 'ts'),
    price: unsignedDecimal(item.markPx, 'markPx'),
  },
]

const indexPrice: Read = ({ symbol }, item) => [
  {
    kind: 'index_price',
    symbol,
    exchangeTime: milliseconds(item.ts, 'ts'),
    price: unsignedDecimal(item.idxPx, 'idxPx'),
  },
]

/** In contracts; the value in dollars. */
const openInterest: Read = ({ symbol }, item) => [
  {
    kind: 'open_interest',
    symbol,
    exchangeTime: milliseconds(item.ts, 'ts'),
    amount: unsignedDecimal(item.oi, 'oi'),
    value: given(item.oiUsd, (value) => unsignedDecimal(value, 'oiUsd')),
  },
]

/** `side` is that of the order that closes the position, `bkPx` the price at which the position was worth nothing. */
const liquidation: Read = ({ symbol }, item) =>
  list(item.details, 'details').map((each) => {
    const detail = fields(each, 'details')
    const side = takerSide(detail.side)
    if (side === undefined) throw new WireError('side should be buy or sell')
    return {
      kind: 'liquidation',
      symbol,
      exchangeTime: milliseconds(detail.ts, 'ts'),
      orderId: undefined,
      side,
      price: unsignedDecimal(detail.bkPx, 'bkPx'),
      averagePrice: undefined,
      amount: unsignedDecimal(detail.sz, 'sz'),
    }
  })

/** How to read the items of our channels. */
export const READERS: Readonly<Partial<Record<Subscription['channel'], Read>>> = {
  trades: trade,
  book,
  quotes: quote,
  funding,
  mark_price: markPrice,
  index_price: indexPrice,
  open_interest: openInterest,
  liquidations: liquidation,
}

/**
 * `[open time, o, h, l, c, volume, …, volume in quote, confirm]`; the rows of before 2022-12 end after the volumes. No time of its own.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
 */
export function candle({ symbol, interval = '1m' }: Subscription, row: readonly unknown[]): AdapterEvent {
  const [openTime, open, high, low, close, volume, , quoteVolume, confirm] = row
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: milliseconds(openTime, 'ts'),
    open: unsignedDecimal(open, 'o'),
    high: unsignedDecimal(high, 'h'),
    low: unsignedDecimal(low, 'l'),
    close: unsignedDecimal(close, 'c'),
    volume: unsignedDecimal(volume, 'vol'),
    quoteVolume: given(quoteVolume, (value) => unsignedDecimal(value, 'volCcyQuote')),
    trades: undefined,
    takerBuyVolume: undefined,
    vwap: undefined,
    closed: confirm === undefined ? undefined : text(confirm, 'confirm') === '1',
  }
}
