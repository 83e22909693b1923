import { nearest } from '../lib/nearest.js'
import type { Capability } from '../model/capability.js'
import { KIND_OF } from '../model/dataset.js'
import type { TaskChannel } from '../model/task.js'
import { parseChannel } from './channel.js'
import { olderStreams } from './older-streams.js'
import { type KeyPath, pathText } from './path.js'
import { ConfigError, type Place, type Problem } from './problem.js'
import type { CollectorConfig, StreamJob } from './schema.js'

/** What the config needs to know of an exchange. */
export interface CatalogEntry {
  readonly id: string
  readonly capabilities: readonly Capability[]
  readonly taskPer: 'pair' | 'channel'
  /** There where it tells what is traded most. */
  readonly volumes?: unknown
}

/** What a config is checked with; a `ParsedConfig` is one. */
export interface Checked {
  readonly file?: string
  readonly config: CollectorConfig
  placeOf?(path: KeyPath): Place
  keyPlaceOf?(path: KeyPath): Place
  lineText?(line: number): string
}

/**
 * Checks a config against what the exchanges offer. Returns warnings (another depth is used); throws ConfigError for an unknown
 * exchange and for channels, intervals and depths that are not offered.
 */
export function validateAgainst(checked: Checked, catalog: readonly CatalogEntry[]): Problem[] {
  const { config } = checked
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const make = (path: KeyPath, message: string, more: Partial<Problem> = {}): Problem => {
    const place = checked.placeOf?.(path) ?? { line: 1, column: 1 }
    const source = checked.lineText?.(place.line)
    return { path: pathText(path), ...place, message, ...(source === undefined ? {} : { source }), ...more }
  }
  const ids = catalog.map(({ id }) => id)
  const written = config.stream_jobs.map((job, index) => ({ job, path: ['stream_jobs', index], isOlder: false }))
  const older = olderStreams(config).map(({ job, index }) => ({ job, path: ['jobs', index], isOlder: true }))
  for (const { job, path, isOlder } of [...written, ...older]) {
    // What an older job calls its channel has another key.
    const of = (...key: (string | number)[]) =>
      isOlder && key[0] === 'channels' ? [...path, 'data_type'] : [...path, ...key]
    const entry = catalog.find(({ id }) => id === job.exchange)
    if (!entry) {
      problems.push(unknownExchange(make, of('exchange'), job.exchange, ids))
      continue
    }
    job.channels.forEach((text, at) => {
      const channel = parseChannel(text)
      const said = channel && notOffered(entry, channel)
      if (said) problems.push(make(of('channels', at), said.message, said))
    })
    if (job.top !== undefined && !entry.volumes)
      problems.push(make(of('top'), `${entry.id} does not tell what is traded most; name the pairs, or leave top out`))
    const depth = checkDepth(entry, job)
    if (depth?.fatal) problems.push(make(of('depth'), depth.message))
    else if (depth) warnings.push(make(of('depth'), depth.message))
  }
  for (const id of Object.keys(config.settings.endpoints)) {
    if (ids.includes(id)) continue
    const path = ['settings', 'endpoints', id]
    warnings.push({ ...unknownExchange(make, path, id, ids), ...checked.keyPlaceOf?.(path) })
  }
  if (problems.length > 0) throw new ConfigError(checked.file ?? 'config', problems)
  return warnings
}

type Make = (path: KeyPath, message: string, more?: Partial<Problem>) => Problem

function unknownExchange(make: Make, path: KeyPath, id: string, ids: readonly string[]): Problem {
  const close = nearest(id, ids)
  const expected = ids.join(', ')
  const hint = close ? `did you mean ${close}?` : `there are ${expected}`
  return make(path, `${id} is not a known exchange; ${hint}`, {
    found: id,
    expected,
    ...(close ? { nearest: close } : {}),
  })
}

function notOffered({ id, capabilities }: CatalogEntry, { channel, interval }: TaskChannel) {
  const capability = capabilities.find((each) => each.channel === channel)
  if (!capability) {
    const expected = capabilities.map((each) => each.channel).join(', ')
    if (KIND_OF[channel] === undefined) {
      const message = `${channel} is not recorded from any exchange: what it tells follows from trades, quotes and ohlc; ask for these`
      return { message, found: channel, expected }
    }
    return { message: `${id} does not stream ${channel}; it streams ${expected}`, found: channel, expected }
  }
  if (interval === undefined || capability.intervals?.includes(interval)) return undefined
  const expected = capability.intervals?.join(', ') ?? 'none'
  return { message: `${id} does not stream candles of ${interval}; it streams ${expected}`, found: interval, expected }
}

function checkDepth(
  { id, capabilities }: CatalogEntry,
  job: StreamJob,
): { message: string; fatal: boolean } | undefined {
  if (job.depth === undefined) return undefined
  if (!job.channels.includes('book')) return { message: 'depth has no effect without the channel book', fatal: false }
  const depths = capabilities.find(({ channel }) => channel === 'book')?.depths
  if (!depths?.length || depths.includes(job.depth)) return undefined
  const larger = depths.find((each) => each > (job.depth ?? 0))
  if (larger === undefined) {
    return { message: `${id} has no book of ${job.depth} levels; it offers ${depths.join(', ')}`, fatal: true }
  }
  return {
    message: `${id} has no book of ${job.depth} levels; ${larger} are asked and ${job.depth} stored`,
    fatal: false,
  }
}
