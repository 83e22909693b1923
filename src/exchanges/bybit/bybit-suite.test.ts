import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { bybit } from './bybit.js'

const BTC = { symbol: 'linear/BTCUSDT', pair: 'BTC/USDT:perp' } as const

describeExchange(bybit, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [
    {
      body: '{"retCode":10006,"retMsg":"Too many visits!","result":{},"retExtInfo":{},"time":1780000000000}',
      code: 'RATE_LIMITED',
    },
  ],
  session: [
    { id: 'trades linear/BTCUSDT', channel: 'trades', ...BTC },
    { id: 'book:50 linear/BTCUSDT', channel: 'book', ...BTC, depth: 50 },
    { id: 'quotes linear/BTCUSDT', channel: 'quotes', ...BTC },
    { id: 'ohlc:5m linear/BTCUSDT', channel: 'ohlc', ...BTC, interval: '5m' },
    { id: 'funding linear/BTCUSDT', channel: 'funding', ...BTC },
    { id: 'mark_price linear/BTCUSDT', channel: 'mark_price', ...BTC },
    { id: 'index_price linear/BTCUSDT', channel: 'index_price', ...BTC },
    { id: 'open_interest linear/BTCUSDT', channel: 'open_interest', ...BTC },
    { id: 'liquidations linear/BTCUSDT', channel: 'liquidations', ...BTC },
    { id: 'trades linear/NONEUSDT', channel: 'trades', symbol: 'linear/NONEUSDT', pair: 'NONE/USDT:perp' },
  ],
  recordings: ['bybit'],
  // v2 and v3 are other protocols, and gone.
  speaks: ({ api }) => api === 'bybit-ws-v5',
})
