import type { Channel } from '../../model/dataset.js'

/** Our channel that a stream serves, by what stands after the `@` of its name. */
export function channelOfStream(name: string): Channel | undefined {
  return name.startsWith('kline_') ? 'ohlc' : CHANNEL_OF[name]
}

const CHANNEL_OF: Readonly<Record<string, Channel>> = {
  trade: 'trades',
  aggTrade: 'trades',
  depth: 'book',
  'depth@100ms': 'book',
  bookTicker: 'quotes',
}
