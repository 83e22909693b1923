import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { binance } from './binance.js'

describeExchange(binance, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '{"code":-1121,"msg":"Invalid symbol."}', code: 'UNKNOWN_INSTRUMENT' }],
  session: [
    { id: 'trades BNBBTC', channel: 'trades', symbol: 'BNBBTC', pair: 'BNB/BTC' },
    { id: 'book:100 BNBBTC', channel: 'book', symbol: 'BNBBTC', pair: 'BNB/BTC', depth: 100 },
    { id: 'quotes BNBBTC', channel: 'quotes', symbol: 'BNBBTC', pair: 'BNB/BTC' },
    { id: 'ohlc:1m BNBBTC', channel: 'ohlc', symbol: 'BNBBTC', pair: 'BNB/BTC', interval: '1m' },
  ],
  recordings: ['binance'],
})
