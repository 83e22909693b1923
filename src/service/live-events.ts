import { parseDatasetKey } from '../model/dataset.js'
import type { Level } from '../model/event.js'
import type { LiveBook, LiveItem, LiveRow } from '../model/live.js'
import { isoFromNanos } from '../model/time.js'

/** What a live event is about, beside the fields of its type. */
interface About {
  readonly exchange: string
  readonly pair: string
  /** ISO time with nanoseconds; null where the exchange gives none. */
  readonly exchange_time: string | null
}

/** The best levels of a book, a few times a second while it changes. */
export interface BookEvent extends About {
  readonly type: 'book'
  readonly sequence: string | null
  readonly proof: 'verified' | 'unverifiable' | 'suspect'
  /** Price and amount as exact text, best first. */
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** A change of a book: absolute amounts, `0` removes a level. With `is_snapshot` the whole book, in place of what was. */
export interface BookDeltaEvent extends About {
  readonly type: 'book_delta'
  readonly receive_time: string | null
  readonly is_snapshot: boolean
  readonly first_sequence: string | null
  readonly last_sequence: string | null
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** A stored row: its columns by name, numbers as exact text, times as ISO text. */
export interface RowEvent extends About {
  readonly type:
    | 'trade'
    | 'quote'
    | 'candle'
    | 'funding'
    | 'mark_price'
    | 'index_price'
    | 'open_interest'
    | 'liquidation'
  readonly receive_time: string
  /** Of candles. */
  readonly interval?: string
  readonly [column: string]: string | number | boolean | null | undefined
}

export type LiveEvent = BookEvent | BookDeltaEvent | RowEvent

const TYPES = {
  trades: 'trade',
  quotes: 'quote',
  ohlc: 'candle',
  funding: 'funding',
  mark_price: 'mark_price',
  index_price: 'index_price',
  open_interest: 'open_interest',
  liquidations: 'liquidation',
} as const

/** The key under which an event is followed: its dataset, and whether it is the best levels of a book. */
export interface FollowedEvent {
  readonly topic: string
  readonly event: LiveEvent
}

/** Items of a worker as events. Rows of one change of a book are one event. */
export function liveEvents(items: readonly LiveItem[]): FollowedEvent[] {
  const events: FollowedEvent[] = []
  let at = 0
  while (at < items.length) {
    const item = items[at]
    if (!item) break
    if (item.what === 'book') {
      events.push(item.whole ? wholeBook(item) : shownBook(item))
      at++
    } else if (isDelta(item)) {
      let end = at + 1
      for (let next = items[end]; next && isDelta(next) && sameChange(item, next); next = items[end]) end++
      events.push(bookDelta(items.slice(at, end).filter(isDelta)))
      at = end
    } else {
      const event = rowEvent(item)
      if (event) events.push({ topic: item.dataset, event })
      at++
    }
  }
  return events
}

type DeltaItem = LiveRow<'book_deltas'>

function isDelta(item: LiveItem): item is DeltaItem {
  return item.what === 'row' && item.kind === 'book_deltas'
}

function sameChange(a: DeltaItem, b: DeltaItem): boolean {
  return (
    a.dataset === b.dataset &&
    a.row.frame === b.row.frame &&
    a.row.is_snapshot === b.row.is_snapshot &&
    a.row.last_sequence === b.row.last_sequence
  )
}

function about(dataset: string, exchangeTime: bigint | null): About {
  const { exchange = '', pair = '' } = parseDatasetKey(dataset) ?? {}
  return { exchange, pair, exchange_time: exchangeTime === null ? null : isoFromNanos(exchangeTime) }
}

/** The topic of the best levels of a book. */
export function bookTopic(dataset: string): string {
  return `best ${dataset}`
}

function shownBook({ dataset, bids, asks, sequence, exchangeTime, proof }: LiveBook): FollowedEvent {
  const fields = { sequence: sequence === null ? null : sequence.toString(), proof, bids, asks }
  return { topic: bookTopic(dataset), event: { type: 'book', ...about(dataset, exchangeTime), ...fields } }
}

function wholeBook({ dataset, bids, asks, sequence, exchangeTime }: LiveBook): FollowedEvent {
  const text = sequence === null ? null : sequence.toString()
  const fields = { receive_time: null, is_snapshot: true, first_sequence: text, last_sequence: text, bids, asks }
  return { topic: dataset, event: { type: 'book_delta', ...about(dataset, exchangeTime), ...fields } }
}

function bookDelta(items: readonly DeltaItem[]): FollowedEvent {
  const [first] = items
  if (!first) throw new RangeError('a change of a book has at least one row')
  const { row, dataset } = first
  const side = (name: 'bid' | 'ask'): Level[] =>
    items.flatMap(({ row: { side, price, amount } }) => (side === name ? [[price, amount] as const] : []))
  return {
    topic: dataset,
    event: {
      type: 'book_delta',
      ...about(dataset, row.exchange_time),
      receive_time: isoFromNanos(row.receive_time),
      is_snapshot: row.is_snapshot,
      first_sequence: row.first_sequence?.toString() ?? null,
      last_sequence: row.last_sequence?.toString() ?? null,
      bids: side('bid'),
      asks: side('ask'),
    },
  }
}

function rowEvent({ kind, dataset, row }: LiveRow): RowEvent | undefined {
  const type = kind in TYPES ? TYPES[kind as keyof typeof TYPES] : undefined // told by the line before
  if (!type) return undefined
  const { frame: _frame, row: _row, day: _day, exchange_time, receive_time, ...columns } = row
  const interval = parseDatasetKey(dataset)?.interval
  const plain = Object.entries(columns).map(([name, value]: [string, string | number | boolean | bigint | null]) => {
    if (typeof value !== 'bigint') return [name, value] as const
    return [name, name.endsWith('_time') ? isoFromNanos(value) : value.toString()] as const
  })
  return {
    type,
    ...about(dataset, exchange_time),
    receive_time: isoFromNanos(receive_time),
    ...(interval && { interval }),
    ...Object.fromEntries(plain),
  }
}
