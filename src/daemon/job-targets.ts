import { historyJobsOf } from '../config/history-jobs.js'
import type { CollectorConfig } from '../config/schema.js'
import { tasksOf } from '../config/tasks.js'
import type { Target } from '../history/target.js'
import { nearest } from '../lib/nearest.js'
import type { Channel, Interval } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { isPair } from '../model/instrument.js'
import type { JobFilter } from './jobs.js'

/** What an exchange has a past of. */
export interface Past {
  readonly channel: Channel
  readonly intervals?: readonly Interval[]
  /** Where requests reach back for a while only and files hold the rest: how long after a day is over its file is there. */
  readonly filedAfterMs?: number
}

/** Every dataset of a config that has a past: its histories and its streams, each once. */
export function configuredTargets(config: CollectorConfig, past: (exchange: string) => readonly Past[]): Target[] {
  const found = new Map<string, Target>()
  const add = ({ exchange, pair, channel, interval, retries }: Target) => {
    const feed = past(exchange).find((each) => each.channel === channel)
    if (!feed || (interval && feed.intervals && !feed.intervals.includes(interval))) return
    const target = { exchange, pair, channel, ...(interval ? { interval } : {}), ...(retries ? { retries } : {}) }
    if (!found.has(targetText(target))) found.set(targetText(target), target)
  }
  for (const job of historyJobsOf(config)) add(job)
  for (const task of tasksOf(config, () => 'pair'))
    for (const { channel, interval } of task.channels)
      add({ exchange: task.exchange, pair: task.pair, channel, ...(interval ? { interval } : {}) })
  return [...found.values()]
}

export function targetText({ exchange, pair, channel, interval }: Target): string {
  return `${exchange} ${pair} ${channel}${interval ? `:${interval}` : ''}`
}

/**
 * The datasets that a filter names: those of the config that pass it; where exchange and pairs are given and the config names none of them,
 * what is asked for itself (candles of a minute when no channel is said). Throws USAGE and UNSUPPORTED.
 */
export function chosenTargets(
  filter: JobFilter,
  configured: readonly Target[],
  past: (exchange: string) => readonly Past[],
  exchanges: readonly string[],
): Target[] {
  const { exchange, pairs, channels, interval } = filter
  if (exchange !== undefined && !exchanges.includes(exchange)) {
    const near = nearest(exchange, exchanges)
    throw new CollectorError('UNSUPPORTED', `there is no exchange ${exchange}`, {
      remedy: near ? `Did you mean ${near}?` : `Choose one of ${exchanges.join(', ')}.`,
    })
  }
  const chosen = configured.filter(
    (each) =>
      (exchange === undefined || each.exchange === exchange) &&
      (pairs === undefined || pairs.includes(each.pair)) &&
      (channels === undefined || channels.includes(each.channel)) &&
      (interval === undefined || each.channel !== 'ohlc' || each.interval === interval),
  )
  if (chosen.length) return chosen
  if (exchange === undefined || pairs === undefined) {
    throw new CollectorError('USAGE', 'the config names no history that passes this filter', {
      remedy: 'Name an exchange and pairs, or add a histo_jobs entry or a stream to the config.',
    })
  }
  const bad = pairs.find((pair) => !isPair(pair))
  if (bad !== undefined)
    throw new CollectorError('USAGE', `${bad} is no pair`, { remedy: 'Write BASE/QUOTE, such as BTC/USDT.' })
  return pairs.flatMap((pair) =>
    (channels ?? ['ohlc']).map((channel) => adHoc(exchange, pair, channel, interval, past)),
  )
}

function adHoc(
  exchange: string,
  pair: string,
  channel: Channel,
  interval: Interval | undefined,
  past: (exchange: string) => readonly Past[],
): Target {
  const feed = past(exchange).find((each) => each.channel === channel)
  if (!feed) {
    const has = past(exchange).map((each) => each.channel)
    throw new CollectorError('UNSUPPORTED', `${exchange} serves no past of ${channel}`, {
      remedy: has.length ? `Choose what it serves: ${has.join(', ')}.` : 'Its data is recorded as it happens only.',
    })
  }
  if (channel !== 'ohlc') return { exchange, pair, channel }
  const length = interval ?? '1m'
  if (feed.intervals && !feed.intervals.includes(length))
    throw new CollectorError('UNSUPPORTED', `${exchange} has no candles of ${length}`, {
      remedy: `Choose one of ${feed.intervals.join(', ')}, or make them from trades: dccd ohlc.`,
    })
  return { exchange, pair, channel, interval: length }
}
