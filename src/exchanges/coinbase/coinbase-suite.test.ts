import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { coinbase } from './coinbase.js'

const BTC = { symbol: 'BTC-USD', pair: 'BTC/USD' } as const

describeExchange(coinbase, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '{"message":"NotFound"}', code: 'UNKNOWN_INSTRUMENT' }],
  session: [
    { id: 'trades BTC-USD', channel: 'trades', ...BTC },
    { id: 'book BTC-USD', channel: 'book', ...BTC },
    { id: 'quotes BTC-USD', channel: 'quotes', ...BTC },
    { id: 'trades NONE-USD', channel: 'trades', symbol: 'NONE-USD', pair: 'NONE/USD' },
  ],
  recordings: ['coinbase'],
  // The file also holds Advanced Trade, which is another protocol.
  speaks: ({ api }) => api !== 'coinbase-advanced-ws',
})
