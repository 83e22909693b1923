import { type ExchangeAdapter, subscriptionId } from '../exchanges/exchange.js'
import { nearest } from '../lib/nearest.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { PlannedSubscription } from './bodies.js'

/** One channel of a task, as far as planning needs it. */
interface WantedChannel {
  readonly channel: PlannedSubscription['channel']
  readonly interval?: NonNullable<PlannedSubscription['interval']>
  readonly depth?: number
}

/** Levels a side where the config names no depth. */
const DEFAULT_DEPTH = 100

/**
 * What to subscribe to for a task. The book is asked with the nearest depth the exchange offers that is at least the one wanted.
 * Throws UNSUPPORTED where the exchange does not offer a channel, interval or depth, naming what it does offer.
 */
export function planTask(
  adapter: ExchangeAdapter,
  instrument: Instrument,
  channels: readonly WantedChannel[],
  timeStep: number,
): PlannedSubscription[] {
  return channels.map(({ channel, interval, depth = DEFAULT_DEPTH }) => {
    const capability = adapter.capabilities.find((each) => each.channel === channel)
    if (!capability) {
      const offered = adapter.capabilities.map((each) => each.channel).join(', ')
      throw new CollectorError('UNSUPPORTED', `${adapter.id} does not stream ${channel}; it streams ${offered}`)
    }
    if (capability.kinds && !capability.kinds.includes(instrument.kind)) {
      throw new CollectorError(
        'UNSUPPORTED',
        `${adapter.id} has ${channel} for ${capability.kinds.join(' and ')} instruments; ${instrument.pair} is ${instrument.kind}`,
      )
    }
    const asked: { depth?: number; interval?: NonNullable<PlannedSubscription['interval']> } = {}
    if (channel === 'book') {
      const found = capability.depths?.find((each) => each >= depth)
      if (capability.depths && found === undefined) {
        throw new CollectorError(
          'UNSUPPORTED',
          `${adapter.id} has no book of ${depth} levels; at most ${capability.depths.at(-1)}`,
        )
      }
      if (found !== undefined) asked.depth = found
    }
    if (channel === 'ohlc') {
      const length = interval ?? '1m'
      if (!capability.intervals?.includes(length)) {
        const offered = capability.intervals?.join(', ') ?? 'none'
        throw new CollectorError(
          'UNSUPPORTED',
          `${adapter.id} does not stream candles of ${length}; it streams ${offered}`,
        )
      }
      asked.interval = length
    }
    const named = { channel, symbol: instrument.symbol, ...asked }
    return { id: subscriptionId(named), ...named, pair: instrument.pair, time_step: timeStep, keep: depth }
  })
}

/** The instrument of a pair, or UNKNOWN_INSTRUMENT naming listed pairs: the one nearest in spelling, those of the same base, the reverse. */
export function findInstrument(exchange: string, pair: string, listed: ReadonlyMap<string, Instrument>): Instrument {
  const found = listed.get(pair)
  if (found) return found
  const [base = '', quote = ''] = pair.split('/')
  const spelled = nearest(pair, listed.keys())
  const related = [...listed.values()].filter((each) => each.base === base || each.pair === `${quote}/${base}`)
  const near = new Set([...(spelled ? [spelled] : []), ...related.map((each) => each.pair)])
  const hint = near.size ? `; it lists ${[...near].slice(0, 5).join(', ')}` : ''
  throw new CollectorError('UNKNOWN_INSTRUMENT', `${exchange} does not list ${pair}${hint}`)
}
