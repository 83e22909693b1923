/**
 * What ccxt is asked of each exchange that is emulated: our id, its id, one market by both names, and its options.
 * `levelByLevel`: the venue sends each changed level as a message of its own.
 */
export const VENUES = [
  {
    exchange: 'binance',
    ccxt: 'binance',
    symbol: 'BTC/USDT',
    pair: 'BTC/USDT',
    options: { fetchMarkets: { types: ['spot'] }, fetchTradesMethod: 'publicGetTrades' },
  },
  { exchange: 'kraken', ccxt: 'kraken', symbol: 'BTC/USD', pair: 'BTC/USD' },
  { exchange: 'bitfinex', ccxt: 'bitfinex', symbol: 'BTC/USD', pair: 'BTC/USD', levelByLevel: true },
]

/**
 * Where client and truth differ, and whose mistake it is. Nothing else may differ; an entry that no longer differs fails too.
 * `call` is the name of the test.
 */
export const DIFFERENCES = []

/**
 * What tardis-dev is asked: its id of the exchange, the symbol, and the path of the socket. Its Kraken speaks an older protocol.
 * `fixedRest`: it takes the book's REST snapshot from an address that cannot be set, so that only its trades are asked.
 */
export const TARDIS = [
  { exchange: 'binance', tardis: 'binance', symbol: 'BTCUSDT', pair: 'BTC/USDT', path: '/stream', fixedRest: true },
  { exchange: 'bitfinex', tardis: 'bitfinex', symbol: 'BTCUSD', pair: 'BTC/USD', path: '/ws/2', levelByLevel: true },
]
