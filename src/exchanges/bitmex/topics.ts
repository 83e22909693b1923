import type { Channel, Interval } from '../../model/dataset.js'
import { type Subscription, subscriptionId } from '../exchange.js'

/** Tables of the book by the levels a side that they hold. The whole book has no bound of its own. */
export const BOOK_TABLES: ReadonlyMap<number, string> = new Map([
  [10, 'orderBook10'],
  [25, 'orderBookL2_25'],
  [10_000, 'orderBookL2'],
])
const WHOLE_BOOK = 'orderBookL2'

export const CANDLE_INTERVALS: readonly Interval[] = ['1m', '5m', '1h', '1d']

/** What a table carries. */
export interface Carried {
  readonly channel: Channel
  readonly depth?: number
  readonly interval?: Interval
}

const TABLES: ReadonlyMap<string, Carried> = new Map<string, Carried>([
  ['trade', { channel: 'trades' }],
  ['quote', { channel: 'quotes' }],
  ...[...BOOK_TABLES].map(([depth, table]): [string, Carried] => [table, { channel: 'book', depth }]),
  ...CANDLE_INTERVALS.map((interval): [string, Carried] => [`tradeBin${interval}`, { channel: 'ohlc', interval }]),
])

/** Tables that exist and that we never ask for. */
const OTHER_TABLES: ReadonlySet<string> = new Set([
  'announcement',
  'chat',
  'connected',
  'funding',
  'instrument',
  'insurance',
  'liquidation',
  'publicNotifications',
  'quoteBin1m',
  'quoteBin5m',
  'quoteBin1h',
  'quoteBin1d',
  'settlement',
])

export function carriedBy(table: string): Carried | 'other' | undefined {
  return TABLES.get(table) ?? (OTHER_TABLES.has(table) ? 'other' : undefined)
}

/** The table that a subscription listens to. */
export function tableOf({ channel, depth, interval }: Subscription): string {
  switch (channel) {
    case 'trades':
      return 'trade'
    case 'quotes':
      return 'quote'
    case 'book':
      return BOOK_TABLES.get(depth ?? 0) ?? WHOLE_BOOK
    case 'ohlc':
      return `tradeBin${interval ?? '1m'}`
    default:
      return channel
  }
}

/** `trade:XBTUSD`, as subscriptions, acknowledgements and errors name it. */
export function topicOf(subscription: Subscription): string {
  return `${tableOf(subscription)}:${subscription.symbol}`
}

/** The id that a stranger's message of a table is read under. */
export function idOf(carried: Carried, symbol: string): string {
  return subscriptionId({ ...carried, symbol })
}
