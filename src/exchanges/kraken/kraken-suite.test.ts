import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { kraken } from './kraken.js'

const BTC = { symbol: 'BTC/USD', pair: 'BTC/USD' } as const

describeExchange(kraken, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '{"error":["EGeneral:Too many requests"]}', code: 'RATE_LIMITED' }],
  session: [
    { id: 'trades BTC/USD', channel: 'trades', ...BTC },
    { id: 'trades XBT/USD', channel: 'trades', symbol: 'XBT/USD', pair: 'XBT/USD' },
    { id: 'book:10 BTC/USD', channel: 'book', ...BTC, depth: 10 },
    { id: 'quotes BTC/USD', channel: 'quotes', ...BTC },
    { id: 'ohlc:1m BTC/USD', channel: 'ohlc', ...BTC, interval: '1m' },
  ],
  recordings: ['kraken'],
  // Nothing is recorded of v2 at length; v1 is another protocol (its checksums are tested in checksum.test.ts).
  speaks: ({ api }) => api !== 'kraken-ws-v1',
})
