import { coins } from '../emulator/coins.js'
import { VENUES } from '../emulator/emulate.js'
import { exchanges } from '../exchanges/index.js'
import type { Capability } from '../model/capability.js'

/** A channel as a config names it: candles of a minute, or of the shortest length that there is. */
function channelText({ channel, intervals = [] }: Capability): string {
  const [shortest] = intervals
  return shortest === undefined || intervals.includes('1m') ? channel : `${channel}:${shortest}`
}

/** The exchanges that can be emulated, with their first pairs and all channels that these have. */
export function emulated(instruments: number) {
  return VENUES.map(({ exchange, instruments: list }) => {
    const pairs = list(coins(instruments)).map(({ pair }) => pair)
    const kindOf = (pair: string) => (pair.endsWith(':perp') ? 'perpetual' : pair.includes(':') ? 'future' : 'spot')
    const streams = (['spot', 'perpetual', 'future'] as const).flatMap((kind) => {
      const own = pairs.filter((pair) => kindOf(pair) === kind)
      const offered = exchanges[exchange]?.capabilities.filter(({ kinds }) => kinds?.includes(kind) ?? true) ?? []
      return own.length ? [{ pairs: own, channels: offered.map(channelText) }] : []
    })
    return { exchange, pairs, streams }
  })
}
