import type { TaskChannel } from '../model/task.js'
import { channelText, parseChannel } from './channel.js'
import type { KeyPath } from './path.js'
import { pathText } from './path.js'
import type { Place, Problem } from './problem.js'
import type { CollectorConfig, StreamJob } from './schema.js'

interface Claim {
  readonly place: Place
  readonly options: string
  readonly job: number
}

export interface Overlaps {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * A channel of a pair is recorded by one task. Named again with the same options it is recorded once, and said; with other
 * options (another step, depth, or company of channels) nobody can know which is meant.
 */
export function findOverlaps(
  config: Pick<CollectorConfig, 'stream_jobs'>,
  placeOf: (path: KeyPath) => Place,
  lineText: (line: number) => string,
): Overlaps {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const claims = new Map<string, Claim>()
  const told = new Set<string>()
  config.stream_jobs.forEach((job, index) => {
    job.pairs.forEach((pair, at) => {
      const path = ['stream_jobs', index, 'pairs', at]
      const place = placeOf(path)
      const options = optionsOf(job)
      const group = new Set(channelsOf(job).map(channelText))
      if (group.size < job.channels.length && at === 0) {
        const line = placeOf(['stream_jobs', index, 'channels'])
        const message = `${pathText(['stream_jobs', index, 'channels'])} names a channel twice; it is recorded once`
        warnings.push({ path: pathText(path), ...line, message, source: lineText(line.line) })
      }
      for (const channel of group) {
        const name = `${job.exchange} ${pair} ${channel}`
        const claim = claims.get(name)
        if (!claim) {
          claims.set(name, { place, options, job: index })
          continue
        }
        const pairName = `${job.exchange} ${pair} ${index} ${at}`
        if (told.has(pairName)) continue
        told.add(pairName)
        const first = `line ${claim.place.line}`
        const where = { path: pathText(path), ...place, source: lineText(place.line) }
        if (claim.options === options) {
          warnings.push({
            ...where,
            message: `${job.exchange} ${pair} stands on ${first} already; it is recorded once`,
          })
        } else {
          const message = `${channel} of ${job.exchange} ${pair} stands on ${first} already, with other options; keep one of lines ${claim.place.line} and ${place.line}`
          problems.push({ ...where, message, found: name, expected: 'each channel of a pair in one job' })
        }
      }
    })
  })
  return { problems, warnings }
}

function channelsOf(job: StreamJob): TaskChannel[] {
  return job.channels.flatMap((text) => parseChannel(text) ?? [])
}

function optionsOf(job: StreamJob): string {
  return JSON.stringify([job.time_step, job.depth ?? null, [...new Set(channelsOf(job).map(channelText))].sort()])
}
