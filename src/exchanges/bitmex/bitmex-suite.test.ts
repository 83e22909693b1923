import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { bitmex } from './bitmex.js'

const XBT = { symbol: 'XBTUSD', pair: 'BTC/USD:perp' } as const

describeExchange(bitmex, {
  frames: join(import.meta.dirname, 'frames'),
  session: [
    { id: 'trades XBTUSD', channel: 'trades', ...XBT },
    { id: 'book:10000 XBTUSD', channel: 'book', ...XBT, depth: 10_000 },
    { id: 'quotes XBTUSD', channel: 'quotes', ...XBT },
    { id: 'ohlc:1m XBTUSD', channel: 'ohlc', ...XBT, interval: '1m' },
    { id: 'trades NONE', channel: 'trades', symbol: 'NONE', pair: 'NONE/USD:perp' },
  ],
  recordings: ['bitmex'],
  rowsById: true,
})
