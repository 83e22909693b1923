import { CollectorError } from '../model/error.js'
import { isPair } from '../model/instrument.js'
import type { TaskChannel, TaskSpec } from '../model/task.js'
import { channelText, inKeyOrder, parseChannel } from './channel.js'
import { olderStreams } from './older-streams.js'
import type { CollectorConfig } from './schema.js'

/** A task that is wanted; each run of it is an instance. */
export type TaskPlan = Omit<TaskSpec, 'instance'>

/** The part of a stream job that a task needs. */
export interface JobOptions {
  readonly exchange: string
  readonly time_step: number
  readonly depth?: number | undefined
}

/** Whether an exchange has one task for all channels of a pair or one for each. */
export type TaskPer = (exchange: string) => 'pair' | 'channel'

/** `{exchange}_{pair with / as _}_{channels}`: `binance_BTC_USDT_trades_book`, `kraken_BTC_USD_ohlc:1h`. */
export function taskKey(exchange: string, pair: string, channels: readonly TaskChannel[]): string {
  return [exchange, pair.replaceAll('/', '_'), ...inKeyOrder(channels).map(channelText)].join('_')
}

/** One task of a job. Channels may come in any order and spelling; the plan has them in key order, each once. Throws UNSUPPORTED. */
export function taskOf(job: JobOptions, pair: string, channels: readonly string[]): TaskPlan {
  if (!isPair(pair)) throw new CollectorError('UNSUPPORTED', `${pair} is no pair; write BASE/QUOTE, such as BTC/USDT`)
  const parsed = new Map<string, TaskChannel>()
  for (const text of channels) {
    const channel = parseChannel(text)
    if (!channel) throw new CollectorError('UNSUPPORTED', `${text} is no channel`)
    const depth = channel.channel === 'book' ? job.depth : undefined
    parsed.set(channelText(channel), depth === undefined ? channel : { ...channel, depth })
  }
  if (parsed.size === 0) throw new CollectorError('UNSUPPORTED', `no channel was named for ${job.exchange} ${pair}`)
  const ordered = inKeyOrder([...parsed.values()])
  return {
    key: taskKey(job.exchange, pair, ordered),
    exchange: job.exchange,
    pair,
    channels: ordered,
    timeStep: job.time_step,
  }
}

/** Every task of a config, each key once, in the order of the config: its `stream_jobs`, and the `jobs` of version 3 that are feeds. */
export function tasksOf(config: Pick<CollectorConfig, 'stream_jobs' | 'jobs'>, taskPer: TaskPer): TaskPlan[] {
  const plans = new Map<string, TaskPlan>()
  for (const job of [...config.stream_jobs, ...olderStreams(config).map(({ job }) => job)]) {
    for (const pair of job.pairs) {
      const groups = taskPer(job.exchange) === 'channel' ? job.channels.map((channel) => [channel]) : [job.channels]
      for (const channels of groups) {
        const plan = taskOf(job, pair, channels)
        if (!plans.has(plan.key)) plans.set(plan.key, plan)
      }
    }
  }
  return [...plans.values()]
}
