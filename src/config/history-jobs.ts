import { type Channel, INTERVALS, type Interval } from '../model/dataset.js'
import { isPair } from '../model/instrument.js'
import type { CollectorConfig } from './schema.js'

/** A history that a config names: one dataset, what starts it, and from where on it is wanted. */
export interface HistoryJob {
  /** `backfill:exchange:BASE/QUOTE:channel[:interval]`. */
  readonly id: string
  readonly exchange: string
  readonly pair: string
  readonly channel: Channel
  readonly interval?: Interval
  /** `last`, `origin`, ISO time, or nanoseconds as text. */
  readonly start: string
  /** Tries per request, and the wait before the second one. */
  readonly retries?: { readonly tries: number; readonly delayMs: number }
  readonly trigger:
    | { readonly kind: 'interval'; readonly everyMs: number }
    | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string }
    | { readonly kind: 'once' }
    | { readonly kind: 'manual' }
}

const CHANNEL_OF: Readonly<Record<string, Channel>> = {
  ohlc: 'ohlc',
  trades: 'trades',
  funding: 'funding',
  open_interest: 'open_interest',
}
/** How often a history without a pace of its own goes on. */
const USUAL_EVERY_S = 3600

/** Every history of a config, each id once: `histo_jobs`, and the `jobs` of version 3 that are backfills. */
export function historyJobsOf(config: Pick<CollectorConfig, 'histo_jobs' | 'jobs' | 'settings'>): HistoryJob[] {
  const found = new Map<string, HistoryJob>()
  const add = (job: Omit<HistoryJob, 'id'>) => {
    const id = historyJobId(job)
    if (!found.has(id)) found.set(id, { id, ...job })
  }
  for (const { exchange, pairs, span, max_retries, retry_delay } of config.histo_jobs) {
    const interval = intervalOfSeconds(span)
    if (!interval) continue
    const trigger = { kind: 'interval', everyMs: span * 1000 } as const
    const retries = { tries: max_retries, delayMs: retry_delay * 1000 }
    for (const pair of pairs) add({ exchange, pair, channel: 'ohlc', interval, start: 'last', trigger, retries })
  }
  for (const job of config.jobs) {
    const channel = CHANNEL_OF[job.data_type]
    const interval = job.span === undefined ? undefined : intervalOfSeconds(job.span)
    if (job.operation !== 'backfill' || !channel || (channel === 'ohlc' && !interval)) continue
    for (const written of job.pairs) {
      const pair = usualPair(written)
      if (!pair) continue
      const of = { exchange: job.exchange, pair, channel, ...(channel === 'ohlc' && interval ? { interval } : {}) }
      add({ ...of, start: String(job.start), trigger: triggerOf(job, config.settings.timezone) })
    }
  }
  return [...found.values()]
}

export function historyJobId({
  exchange,
  pair,
  channel,
  interval,
}: Omit<HistoryJob, 'id' | 'start' | 'trigger'>): string {
  return `backfill:${exchange}:${pair}:${channel}${interval ? `:${interval}` : ''}`
}

function triggerOf(job: CollectorConfig['jobs'][number], timezone: string): HistoryJob['trigger'] {
  switch (job.trigger_kind) {
    case 'cron':
      // An older config may have no expression: it then ran at an interval.
      if (job.cron === undefined) break
      return { kind: 'cron', expression: job.cron, timezone }
    case 'once':
    case 'manual':
      return { kind: job.trigger_kind }
    default:
      break
  }
  return { kind: 'interval', everyMs: (job.every ?? job.span ?? USUAL_EVERY_S) * 1000 }
}

/** The interval of so many seconds, if it is one of ours. */
export function intervalOfSeconds(seconds: number): Interval | undefined {
  return (Object.keys(INTERVALS) as Interval[]).find((name) => INTERVALS[name] === seconds)
}

/** Version 3 also took `BTC-USDT`. */
export function usualPair(written: string): string | undefined {
  const pair = written.includes('/') ? written : written.replace('-', '/')
  return isPair(pair) ? pair : undefined
}
