import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { okx } from './okx.js'

const BTC = { symbol: 'BTC-USDT-SWAP', pair: 'BTC/USDT:perp' } as const

describeExchange(okx, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '{"code":"51001","msg":"Instrument ID does not exist","data":[]}', code: 'UNKNOWN_INSTRUMENT' }],
  session: [
    { id: 'trades BTC-USDT-SWAP', channel: 'trades', ...BTC },
    { id: 'book:400 BTC-USDT-SWAP', channel: 'book', ...BTC, depth: 400 },
    { id: 'quotes BTC-USDT-SWAP', channel: 'quotes', ...BTC },
    { id: 'ohlc:1d BTC-USDT-SWAP', channel: 'ohlc', ...BTC, interval: '1d' },
    { id: 'funding BTC-USDT-SWAP', channel: 'funding', ...BTC },
    { id: 'mark_price BTC-USDT-SWAP', channel: 'mark_price', ...BTC },
    { id: 'index_price BTC-USDT-SWAP', channel: 'index_price', ...BTC },
    { id: 'open_interest BTC-USDT-SWAP', channel: 'open_interest', ...BTC },
    { id: 'liquidations BTC-USDT-SWAP', channel: 'liquidations', ...BTC },
    { id: 'trades NONE-USDT', channel: 'trades', symbol: 'NONE-USDT', pair: 'NONE/USDT' },
  ],
  // OKCoin runs on the same engine, and speaks the same protocol.
  recordings: ['okx', 'okcoin'],
  // v3 was another protocol, and is gone; options are not streamed here.
  speaks: ({ api, symbol, url }) =>
    /^(okx|okcoin)-(ws|rest-api)-v5$/.test(api) && !/-[CP]$/.test(symbol ?? '') && !/instType=OPTION/.test(url ?? ''),
})
