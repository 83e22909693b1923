/**
 * What ccxt is asked of each exchange that is emulated: our id, its id, one market by both names, and its options.
 * `levelByLevel`: the venue sends a change of several levels as several messages.
 * `aggregates`: its trades channel gathers the fills of one order at one price under the id of the last.
 * `opensAtClose`: a candle opens at the price at which the one before closed.
 * `inverse`: the client tells volumes of candles in coins, and a contract is of so many dollars.
 * `coins`: the client tells volumes of candles in coins, so many to a contract.
 */
export const VENUES = [
  {
    exchange: 'binance',
    ccxt: 'binance',
    symbol: 'BTC/USDT',
    pair: 'BTC/USDT',
    options: { fetchMarkets: { types: ['spot'] }, fetchTradesMethod: 'publicGetTrades' },
  },
  {
    exchange: 'binance_usdm',
    ccxt: 'binanceusdm',
    symbol: 'BTC/USDT:USDT',
    pair: 'BTC/USDT:perp',
    // Else it takes single trades from a stream that is not documented, under other ids.
    options: { watchTrades: { name: 'aggTrade' }, fetchTradesMethod: 'fapiPublicGetAggTrades' },
  },
  {
    exchange: 'binance_coinm',
    ccxt: 'binancecoinm',
    symbol: 'BTC/USD:BTC',
    pair: 'BTC/USD:perp',
    inverse: 100,
    options: { watchTrades: { name: 'aggTrade' }, fetchTradesMethod: 'dapiPublicGetAggTrades' },
  },
  { exchange: 'kraken', ccxt: 'kraken', symbol: 'BTC/USD', pair: 'BTC/USD' },
  { exchange: 'bitfinex', ccxt: 'bitfinex', symbol: 'BTC/USD', pair: 'BTC/USD', levelByLevel: true },
  {
    exchange: 'bybit',
    ccxt: 'bybit',
    symbol: 'BTC/USDT',
    pair: 'BTC/USDT',
    options: { fetchMarkets: { types: ['spot'] }, enableUnifiedMargin: false },
  },
  {
    exchange: 'bybit',
    ccxt: 'bybit',
    symbol: 'BTC/USDT:USDT',
    pair: 'BTC/USDT:perp',
    depth: 200,
    options: { fetchMarkets: { types: ['spot', 'linear', 'inverse'] }, enableUnifiedMargin: false },
  },
  {
    exchange: 'okx',
    ccxt: 'okx',
    symbol: 'BTC/USDT',
    pair: 'BTC/USDT',
    aggregates: true,
    options: { fetchMarkets: { types: ['spot'] } },
  },
  { exchange: 'okx', ccxt: 'okx', symbol: 'BTC/USDT:USDT', pair: 'BTC/USDT:perp', aggregates: true, coins: 0.01 },
  {
    exchange: 'coinbase',
    ccxt: 'coinbaseexchange',
    symbol: 'BTC/USD',
    pair: 'BTC/USD',
    // It signs also what is public; the exchange takes that as it takes no signature.
    keys: { apiKey: 'any', secret: 'YW55', password: 'any' },
  },
  {
    exchange: 'bitmex',
    ccxt: 'bitmex',
    symbol: 'BTC/USD:BTC',
    pair: 'BTC/USD:perp',
    levelByLevel: true,
    opensAtClose: true,
  },
]

/**
 * Where client and truth differ, and whose mistake it is. Nothing else may differ; an entry that no longer differs fails too.
 * `test` is the name of the test.
 */
export const DIFFERENCES = [
  {
    client: 'tardis',
    exchange: 'bitmex',
    test: 'books',
    whose: 'tardis-dev',
    why: 'it decides by the size whether a level goes; since March 2023 the exchange sends deletes with a size, and only `action` tells',
  },
]

/**
 * What tardis-dev is asked: its id of the exchange, the symbol, and the path of the socket. Its Kraken speaks an older protocol.
 * `left`: what cannot be asked: a test and the reason.
 */
export const TARDIS = [
  {
    exchange: 'binance',
    tardis: 'binance',
    symbol: 'BTCUSDT',
    pair: 'BTC/USDT',
    path: '/stream',
    left: { books: 'its REST snapshot comes from an address that cannot be set' },
  },
  { exchange: 'bitfinex', tardis: 'bitfinex', symbol: 'BTCUSD', pair: 'BTC/USD', path: '/ws/2', levelByLevel: true },
  { exchange: 'bitmex', tardis: 'bitmex', symbol: 'XBTUSD', pair: 'BTC/USD:perp', path: '/realtime' },
  { exchange: 'bybit', tardis: 'bybit', symbol: 'BTCUSDT', pair: 'BTC/USDT:perp', path: '/v5/public/linear' },
  { exchange: 'coinbase', tardis: 'coinbase', symbol: 'BTC-USD', pair: 'BTC/USD', path: '' },
  {
    exchange: 'okx',
    tardis: 'okex',
    symbol: 'BTC-USDT',
    pair: 'BTC/USDT',
    path: '/ws/v5/public',
    left: { trades: 'it asks another socket for them, and one variable sets both addresses' },
  },
]
