import { intervalOfSeconds, usualPair } from './history-jobs.js'
import type { CollectorConfig, StreamJob } from './schema.js'

/** The feeds among the `jobs` of version 3, as `stream_jobs` would name them, each with its place in `jobs`. */
export function olderStreams({
  jobs,
}: Pick<CollectorConfig, 'jobs'>): { readonly index: number; readonly job: StreamJob }[] {
  return jobs.flatMap((older, index) => {
    const { exchange, operation, data_type, span, depth, snapshot_interval = 60 } = older
    if (operation !== 'stream') return []
    const interval = span === undefined ? '1m' : intervalOfSeconds(span)
    const pairs = older.pairs.flatMap((written) => usualPair(written) ?? [])
    if (pairs.length === 0 || (data_type === 'ohlc' && !interval)) return []
    const channel = data_type === 'ohlc' ? `ohlc:${interval}` : data_type === 'orderbook' ? 'book' : data_type
    const levels = channel === 'book' && depth !== undefined ? { depth } : {}
    return [{ index, job: { exchange, pairs, channels: [channel], time_step: snapshot_interval, ...levels } }]
  })
}
