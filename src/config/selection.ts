import type { Instrument } from '../model/instrument.js'
import type { StreamJob } from './schema.js'

/** Value that was traded within the last 24 hours by pair, in units of one common quote; what is not known is absent. */
export type Volumes = ReadonlyMap<string, number>

/** What is known of an exchange: what it lists, and how much is traded where somebody asked for that. */
export interface Listed {
  readonly instruments: readonly Instrument[]
  readonly volumes?: Volumes
}

/** Whether a pair of the config is a pattern: `*` stands for any text, `?` for one character. */
export function isPattern(pair: string): boolean {
  return /[*?]/.test(pair)
}

/** Whether the pairs of a job follow what the exchange lists. */
export function isRule(job: Pick<StreamJob, 'pairs' | 'top'>): boolean {
  return job.top !== undefined || job.pairs.some(isPattern)
}

/** Whether two pairs are what one of them and the other may mean: for jobs whose pairs are not known yet. */
export function mayMean(job: Pick<StreamJob, 'pairs' | 'exclude'>, pair: string): boolean {
  const plain = pair.replace(/:.*$/, '')
  const named = (patterns: readonly string[]) =>
    patterns.some((pattern) => glob(pattern).test(pair) || glob(pattern).test(plain))
  return named(job.pairs) && !named(job.exclude ?? [])
}

/**
 * The pairs of a job as the exchange lists them now, in the order of their names. A pattern without a market takes the instruments of the job's `kind` (spot
 * where it names none) with this base and quote; one with a market, `BTC/*:perp`, the pairs that it spells. What is not trading is left out.
 * `top`: only so many, those with the most traded value; one that is selected already stays while it is among the first 5/4 of that, so that two
 * neighbours in rank do not take turns. Pairs that are named as they are stand apart and are always there.
 */
export function selectPairs(
  job: Pick<StreamJob, 'pairs' | 'exclude' | 'kind' | 'top'>,
  listed: Listed | undefined,
  selected: ReadonlySet<string> = new Set(),
): string[] {
  const named = job.pairs.filter((pair) => !isPattern(pair))
  if (job.top === undefined && named.length === job.pairs.length) return named
  const patterns = (job.top === undefined ? job.pairs.filter(isPattern) : job.pairs).map(glob)
  const kind = job.kind ?? 'spot'
  const excluded = (job.exclude ?? []).map(glob)
  const meant = ({ pair, kind: own, status }: Instrument, regexp: RegExp) =>
    status === 'trading' && (regexp.test(pair) || (own === kind && regexp.test(plain(pair))))
  const found = (listed?.instruments ?? [])
    .filter((each) => (job.kind === undefined || each.kind === job.kind) && patterns.some((one) => meant(each, one)))
    .map(({ pair }) => pair)
    .filter((pair) => !excluded.some((one) => one.test(pair) || one.test(plain(pair))))
  if (job.top === undefined) return [...new Set([...named, ...found.sort()])]
  return topOf(found, job.top, listed?.volumes ?? new Map(), selected)
}

function topOf(pairs: readonly string[], count: number, volumes: Volumes, selected: ReadonlySet<string>): string[] {
  const ranked = [...pairs].sort((a, b) => (volumes.get(b) ?? 0) - (volumes.get(a) ?? 0) || (a < b ? -1 : 1))
  const stay = ranked
    .slice(0, Math.ceil(count * 1.25))
    .filter((pair) => selected.has(pair))
    .slice(0, count)
  const others = ranked.filter((pair) => !stay.includes(pair))
  return [...stay, ...others.slice(0, count - stay.length)].sort()
}

function plain(pair: string): string {
  return pair.replace(/:.*$/, '')
}

function glob(pattern: string): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/:]*')
    .replaceAll('?', '[^/:]')
  return new RegExp(`^${text}$`, 'u')
}
