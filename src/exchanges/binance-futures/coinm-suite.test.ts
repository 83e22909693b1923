import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { subscriptionId } from '../exchange.js'
import { binanceCoinm } from './binance-futures.js'

const of = { symbol: 'BTCUSD_PERP', pair: 'BTC/USD:perp' }
const CHANNELS = ['mark_price', 'funding', 'index_price', 'liquidations'] as const

describeExchange(binanceCoinm, {
  frames: join(import.meta.dirname, 'frames/coinm'),
  refused: [{ body: '{"code":-1121,"msg":"Invalid symbol."}', code: 'UNKNOWN_INSTRUMENT' }],
  session: [
    { id: 'trades BTCUSD_PERP', channel: 'trades', ...of },
    { id: 'book:100 BTCUSD_PERP', channel: 'book', depth: 100, ...of },
    { id: 'quotes BTCUSD_PERP', channel: 'quotes', ...of },
    { id: 'ohlc:1m BTCUSD_PERP', channel: 'ohlc', interval: '1m', ...of },
    ...CHANNELS.map((channel) => ({ id: subscriptionId({ channel, symbol: of.symbol }), channel, ...of })),
  ],
  recordings: ['binance-coinm'],
  // Single trades are not what is asked for.
  speaks: ({ message }) => !message.includes('@trade"'),
  asks: ({ message }) => !message.includes('@depth@0ms"'),
})
