import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { coinbaseAdvanced } from './coinbase-advanced.js'

const BTC = { symbol: 'BTC-USD', pair: 'BTC/USD' } as const

describeExchange(coinbaseAdvanced, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '{"error":"RATE_LIMIT_EXCEEDED","message":"Too many requests"}', code: 'RATE_LIMITED' }],
  session: [
    { id: 'trades BTC-USD', channel: 'trades', ...BTC },
    { id: 'book BTC-USD', channel: 'book', ...BTC },
    { id: 'quotes BTC-USD', channel: 'quotes', ...BTC },
    { id: 'ohlc:5m BTC-USD', channel: 'ohlc', ...BTC, interval: '5m' },
    { id: 'trades NONE-USD', channel: 'trades', symbol: 'NONE-USD', pair: 'NONE/USD' },
  ],
  recordings: ['coinbase'],
  // The file also holds the Exchange feed, which is another protocol.
  speaks: ({ api }) => api === 'coinbase-advanced-ws',
  skip: [
    { case: 'B4', reason: 'a lost change shows in the sequence of the connection: see coinbase-advanced.test.ts' },
    {
      case: 'B5',
      reason: 'a change out of order shows in the sequence of the connection: see coinbase-advanced.test.ts',
    },
  ],
})
