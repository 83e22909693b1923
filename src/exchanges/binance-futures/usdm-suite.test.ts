import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { subscriptionId } from '../exchange.js'
import { binanceUsdm } from './binance-futures.js'

const of = { symbol: 'BTCUSDT', pair: 'BTC/USDT:perp' }
const CHANNELS = ['mark_price', 'funding', 'index_price', 'liquidations'] as const

describeExchange(binanceUsdm, {
  frames: join(import.meta.dirname, 'frames/usdm'),
  refused: [{ body: '{"code":-1121,"msg":"Invalid symbol."}', code: 'UNKNOWN_INSTRUMENT' }],
  session: [
    { id: 'trades BTCUSDT', channel: 'trades', ...of },
    { id: 'book:100 BTCUSDT', channel: 'book', depth: 100, ...of },
    { id: 'quotes BTCUSDT', channel: 'quotes', ...of },
    { id: 'ohlc:1m BTCUSDT', channel: 'ohlc', interval: '1m', ...of },
    ...CHANNELS.map((channel) => ({ id: subscriptionId({ channel, symbol: of.symbol }), channel, ...of })),
  ],
  recordings: ['binance-usdm'],
  // Single trades are not what is asked for.
  speaks: ({ message }) => !message.includes('@trade"'),
  asks: ({ message }) => !message.includes('@depth@0ms"'),
})
