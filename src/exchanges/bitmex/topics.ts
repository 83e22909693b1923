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
interface Carried {
  readonly channel: Channel
  readonly depth?: number
  readonly interval?: Interval
}

/** What the table `instrument` tells, changed fields alone. */
const OF_INSTRUMENT = ['funding', 'mark_price', 'index_price', 'open_interest'] as const satisfies Channel[]

const TABLES: ReadonlyMap<string, readonly Carried[]> = new Map<string, readonly Carried[]>([
  ['trade', [{ channel: 'trades' }]],
  ['quote', [{ channel: 'quotes' }]],
  ...[...BOOK_TABLES].map(([depth, table]): [string, Carried[]] => [table, [{ channel: 'book', depth }]]),
  ...CANDLE_INTERVALS.map((interval): [string, Carried[]] => [`tradeBin${interval}`, [{ channel: 'ohlc', interval }]]),
  ['instrument', OF_INSTRUMENT.map((channel) => ({ channel }))],
  // Rates as they were charged, beside those of `instrument` that are still to be.
  ['funding', [{ channel: 'funding' }]],
  ['liquidation', [{ channel: 'liquidations' }]],
])

/** Tables that exist and that we never ask for. */
const OTHER_TABLES: ReadonlySet<string> = new Set([
  'announcement',
  'chat',
  'connected',
  'insurance',
  'publicNotifications',
  'quoteBin1m',
  'quoteBin5m',
  'quoteBin1h',
  'quoteBin1d',
  'settlement',
])

export function carriedBy(table: string): readonly Carried[] | 'other' | undefined {
  return TABLES.get(table) ?? (OTHER_TABLES.has(table) ? 'other' : undefined)
}

/** The length of a table's candles. */
export function intervalOf(table: string): Interval {
  return TABLES.get(table)?.[0]?.interval ?? '1m'
}

function tableOf({ channel, depth, interval }: Subscription): string {
  switch (channel) {
    case 'trades':
      return 'trade'
    case 'quotes':
      return 'quote'
    case 'book':
      return BOOK_TABLES.get(depth ?? 0) ?? WHOLE_BOOK
    case 'ohlc':
      return `tradeBin${interval ?? '1m'}`
    case 'liquidations':
      return 'liquidation'
    default:
      return 'instrument'
  }
}

/** `trade:XBTUSD`: the topic whose acknowledgement confirms a subscription. Several share `instrument:XBTUSD`. */
export function topicOf(subscription: Subscription): string {
  return `${tableOf(subscription)}:${subscription.symbol}`
}

/** Asked for beside the topic of a subscription, without a confirmation of its own. */
export function secondTopicOf({ channel, symbol }: Subscription): string[] {
  return channel === 'funding' ? [`funding:${symbol}`] : []
}

/** A subscription as far as a message needs it. */
export type Owner = Pick<Subscription, 'id' | 'channel'>

/** What a stranger's message of a table is read as. */
export function strangers(carried: readonly Carried[], symbol: string): Owner[] {
  return carried.map((each) => ({ id: subscriptionId({ ...each, symbol }), channel: each.channel }))
}
