import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { bitfinex } from './bitfinex.js'

const BTC = { symbol: 'tBTCUSD', pair: 'BTC/USD' } as const
const PERP = { symbol: 'tBTCF0:USTF0', pair: 'BTC/USDT:perp' } as const

describeExchange(bitfinex, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '["error",11010,"ratelimit: error"]', code: 'RATE_LIMITED' }],
  session: [
    { id: 'trades tBTCUSD', channel: 'trades', ...BTC },
    { id: 'book:25 tBTCUSD', channel: 'book', ...BTC, depth: 25 },
    { id: 'quotes tBTCUSD', channel: 'quotes', ...BTC },
    { id: 'ohlc:1m tBTCUSD', channel: 'ohlc', ...BTC, interval: '1m' },
    { id: 'trades tNONE:USD', channel: 'trades', symbol: 'tNONE:USD', pair: 'NONE/USD' },
    { id: 'funding tBTCF0:USTF0', channel: 'funding', ...PERP },
    { id: 'mark_price tBTCF0:USTF0', channel: 'mark_price', ...PERP },
    { id: 'index_price tBTCF0:USTF0', channel: 'index_price', ...PERP },
    { id: 'open_interest tBTCF0:USTF0', channel: 'open_interest', ...PERP },
    { id: 'liquidations tBTCF0:USTF0', channel: 'liquidations', ...PERP },
  ],
  recordings: ['bitfinex'],
  // Other connections did not ask for the flag TIMESTAMP, as we do.
  timed: ({ capture }) => capture === 'session',
  skip: [
    { case: 'B4', reason: 'a lost change shows in the sequence of the connection: see sequence.test.ts' },
    { case: 'B5', reason: 'a change out of order shows in the sequence of the connection: see sequence.test.ts' },
  ],
})
