import { channelText, parseChannel } from '../config/channel.js'
import type { ConfigChange } from '../config/edit.js'
import type { CollectorConfig, StreamJob } from '../config/schema.js'
import { CollectorError } from '../model/error.js'

export interface StreamEntry {
  readonly exchange: string
  readonly pairs: readonly string[]
  readonly channels?: readonly string[] | undefined
  readonly time_step?: number | undefined
  readonly depth?: number | undefined
}

/** The changes that add pairs: to an entry that wants the same of them, else as a new one. Pairs that are there already are left as they are. */
export function addStreams(
  config: CollectorConfig,
  entry: StreamEntry & { readonly channels: readonly string[] },
): ConfigChange[] {
  const { exchange, time_step = 60, depth } = entry
  const wanted = names(entry.channels)
  const jobs = config.stream_jobs
  const index = jobs.findIndex(
    (job) =>
      job.exchange === exchange &&
      job.time_step === time_step &&
      job.depth === depth &&
      equal(names(job.channels), wanted),
  )
  const job = jobs[index]
  const fresh = [...new Set(entry.pairs)].filter((pair) => !job?.pairs.includes(pair))
  if (fresh.length === 0)
    throw new CollectorError('USAGE', `the config has ${entry.pairs.join(', ')} of ${exchange} already`, {
      remedy: 'Nothing needs to be added; `dccd status` shows what runs.',
    })
  if (job)
    return fresh.map((pair, at) => ({ path: ['stream_jobs', index, 'pairs', job.pairs.length + at], value: pair }))
  const made = {
    exchange,
    pairs: fresh,
    channels: [...entry.channels],
    ...(entry.time_step === undefined ? {} : { time_step: entry.time_step }),
    ...(depth === undefined ? {} : { depth }),
  }
  return jobs.length
    ? [{ path: ['stream_jobs', jobs.length], value: made }]
    : [{ path: ['stream_jobs'], value: [made] }]
}

/** The changes that take pairs out, or some channels of them; an entry that is empty then goes. Throws STREAM_UNKNOWN when there is nothing to take out. */
export function removeStreams(config: CollectorConfig, entry: StreamEntry): ConfigChange[] {
  const unwanted = entry.channels && new Set(names(entry.channels))
  const jobs = config.stream_jobs
  const changes: ConfigChange[] = []
  const gone: number[] = []
  const parted: StreamJob[] = []
  jobs.forEach((job, index) => {
    const hit = job.exchange === entry.exchange ? job.pairs.filter((pair) => entry.pairs.includes(pair)) : []
    const kept = unwanted ? job.channels.filter((channel) => !unwanted.has(channel)) : []
    if (hit.length === 0 || (unwanted && kept.length === job.channels.length)) return
    const others = job.pairs.filter((pair) => !hit.includes(pair))
    if (others.length > 0) {
      changes.push({ path: ['stream_jobs', index, 'pairs'], value: others })
      if (kept.length > 0) parted.push({ ...job, pairs: hit, channels: kept })
    } else if (kept.length > 0) changes.push({ path: ['stream_jobs', index, 'channels'], value: kept })
    else gone.push(index)
  })
  if (changes.length + gone.length === 0)
    throw new CollectorError(
      'STREAM_UNKNOWN',
      `the config records no ${entry.pairs.join(', ')} of ${entry.exchange} like that`,
    )
  parted.forEach((job, at) => {
    changes.push({ path: ['stream_jobs', jobs.length + at], value: written(job) })
  })
  // From the end, so that the numbers of the others stay.
  for (const index of gone.reverse()) changes.push({ path: ['stream_jobs', index] })
  return changes
}

function written({ exchange, pairs, channels, time_step, depth }: StreamJob) {
  return {
    exchange,
    pairs,
    channels,
    ...(time_step === 60 ? {} : { time_step }),
    ...(depth === undefined ? {} : { depth }),
  }
}

function names(channels: readonly string[]): string[] {
  return channels.map((text) => {
    const channel = parseChannel(text)
    return channel ? channelText(channel) : text
  })
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each))
}
