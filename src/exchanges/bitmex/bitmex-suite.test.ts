import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { bitmex } from './bitmex.js'

const XBT = { symbol: 'XBTUSD', pair: 'BTC/USD:perp' } as const

describeExchange(bitmex, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [
    {
      body: '{"error":{"message":"Rate limit exceeded, retry in 1 seconds.","name":"RateLimitError"}}',
      code: 'RATE_LIMITED',
    },
  ],
  session: [
    { id: 'trades XBTUSD', channel: 'trades', ...XBT },
    { id: 'book:10000 XBTUSD', channel: 'book', ...XBT, depth: 10_000 },
    { id: 'quotes XBTUSD', channel: 'quotes', ...XBT },
    { id: 'ohlc:1m XBTUSD', channel: 'ohlc', ...XBT, interval: '1m' },
    { id: 'funding XBTUSD', channel: 'funding', ...XBT },
    { id: 'mark_price XBTUSD', channel: 'mark_price', ...XBT },
    { id: 'index_price XBTUSD', channel: 'index_price', ...XBT },
    { id: 'open_interest XBTUSD', channel: 'open_interest', ...XBT },
    { id: 'liquidations XBTUSD', channel: 'liquidations', ...XBT },
    { id: 'trades NONE', channel: 'trades', symbol: 'NONE', pair: 'NONE/USD:perp' },
  ],
  recordings: ['bitmex'],
  rowsById: true,
})
