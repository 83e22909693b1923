import type { HistoryFeed } from '../exchanges/exchange.js'
import { type Channel, type Dataset, INTERVALS, type Interval, KIND_OF } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { type Nanos, SECOND } from '../model/time.js'

/** How often a request that fails is tried, and how long after the first failure it is tried again, doubled each time. */
export interface Retries {
  readonly tries: number
  readonly delayMs: number
}

/** One dataset whose past is asked for. */
export interface Target {
  readonly exchange: string
  readonly pair: string
  readonly channel: Channel
  readonly interval?: Interval
  /** As the config says; absent: the usual way. */
  readonly retries?: Retries
}

/** Weeks begin on Monday; 1970-01-01 was a Thursday. */
const MONDAY: Nanos = 4n * 86_400n * SECOND

export function datasetOfTarget({ exchange, pair, channel, interval }: Target): Dataset {
  const kind = KIND_OF[channel]
  if (!kind) throw new CollectorError('UNSUPPORTED', `${channel} is not stored`)
  return { exchange, kind, pair, ...(channel === 'ohlc' ? { interval: interval ?? '1m' } : {}) }
}

/** The feed of a target. Throws UNSUPPORTED, naming what the exchange has. */
export function feedOf(target: Target, history: readonly HistoryFeed[] | undefined): HistoryFeed {
  const feed = history?.find(({ channel }) => channel === target.channel)
  if (!feed) {
    const has = history?.map(({ channel }) => channel).join(', ') || 'nothing'
    throw new CollectorError('UNSUPPORTED', `${target.exchange} serves no past of ${target.channel}`, {
      remedy: `Choose what it serves: ${has}.`,
    })
  }
  const { intervals } = feed
  if (target.interval && intervals && !intervals.includes(target.interval))
    throw new CollectorError('UNSUPPORTED', `${target.exchange} has no candles of ${target.interval}`, {
      remedy: `Choose one of ${intervals.join(', ')}, or make them from trades: dccd ohlc.`,
    })
  return feed
}

/** Length of a candle of the target; undefined for other channels. */
export function spanOf({ channel, interval }: Target): Nanos | undefined {
  return channel === 'ohlc' ? BigInt(INTERVALS[interval ?? '1m']) * SECOND : undefined
}

/** The last opening time at or before an instant. */
export function openBefore(target: Target, time: Nanos): Nanos {
  const span = spanOf(target) ?? 1n
  const offset = target.interval === '1w' || target.interval === '2w' ? MONDAY : 0n
  const past = (((time - offset) % span) + span) % span
  return time - past
}
